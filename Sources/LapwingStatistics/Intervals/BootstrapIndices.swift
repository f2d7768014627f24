/// Samples drawn with replacement from the rows 0 ..< `count`, as arrays of row numbers; the same for the same seed.
///
/// With `clusters`, which names the cluster of each row, whole clusters are drawn, as many as there are: rows of one
/// cluster, such as the questions about one text, are not independent of each other.
package struct BootstrapIndices: Sequence, Sendable {
    private let resamples: Int
    private let seed: UInt64
    /// The rows that are drawn together.
    private let groups: [[Int]]

    package init(count: Int, resamples: Int = 2000, seed: UInt64 = 1, clusters: [Int]? = nil) {
        precondition(count > 0 && resamples > 0, "a bootstrap needs rows and resamples")
        self.resamples = resamples
        self.seed = seed
        guard let clusters else {
            groups = (0..<count).map { [$0] }
            return
        }
        precondition(clusters.count == count, "every row has a cluster")
        let rows = Dictionary(grouping: 0..<count) { clusters[$0] }
        groups = rows.keys.sorted().compactMap { rows[$0] }
    }

    package struct Iterator: IteratorProtocol {
        fileprivate var left: Int
        fileprivate var random: SplitMix64
        fileprivate let groups: [[Int]]

        package mutating func next() -> [Int]? {
            guard left > 0 else { return nil }
            left -= 1
            var rows: [Int] = []
            for _ in groups.indices { rows += groups[random.below(groups.count)] }
            return rows
        }
    }

    package func makeIterator() -> Iterator {
        Iterator(left: resamples, random: SplitMix64(seed: seed), groups: groups)
    }

    package func forEach(_ body: ([Int]) -> Void) {
        for rows in self { body(rows) }
    }
}
