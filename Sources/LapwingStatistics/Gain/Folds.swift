/// Parts of a sample that are held out in turn; the same seed gives the same parts.
package enum Folds {
    /// Every index from 0 to `count` - 1 in one fold. With `groups`, one number a sample, a group is never divided:
    /// in random order, each comes to the fold that is smallest so far.
    package static func make(count: Int, folds: Int, seed: UInt64, groups: [Int]? = nil) -> [[Int]] {
        precondition(
            folds >= 2 && count >= folds, "found \(count) samples, expected one for each of at least two folds")
        guard let groups else {
            let order = shuffled(count, seed: seed)
            return (0..<folds).map { fold in
                order[(fold * count / folds)..<((fold + 1) * count / folds)].sorted()
            }
        }
        precondition(groups.count == count, "a group for each sample")
        let members = Dictionary(grouping: 0..<count) { groups[$0] }
        var made = [[Int]](repeating: [], count: folds)
        let names = members.keys.sorted()
        for group in shuffled(names.count, seed: seed).compactMap({ members[names[$0]] }) {
            let smallest = made.indices.min { (made[$0].count, $0) < (made[$1].count, $1) } ?? 0
            made[smallest] += group
        }
        return made.filter { !$0.isEmpty }.map { $0.sorted() }
    }

    package static func shuffled(_ count: Int, seed: UInt64) -> [Int] {
        var random = SplitMix64(seed: seed)
        return (0..<count).shuffled(using: &random)
    }

    /// Scores of each sample by a model that was fitted without its fold; `fit` is given the rows to learn from and those to
    /// score, and must look at the labels of the first only.
    package static func outOfFold(
        _ folds: [[Int]], count: Int, fit: @escaping @Sendable (_ training: [Int], _ held: [Int]) -> [Double]
    ) async -> [Double] {
        var scores = [Double](repeating: 0, count: count)
        await withTaskGroup(of: (Int, [Double]).self) { group in
            for (index, fold) in folds.enumerated() {
                group.addTask {
                    let held = Set(fold)
                    return (index, fit((0..<count).filter { !held.contains($0) }, fold))
                }
            }
            for await (index, values) in group {
                for (row, value) in zip(folds[index], values) { scores[row] = value }
            }
        }
        return scores
    }
}
