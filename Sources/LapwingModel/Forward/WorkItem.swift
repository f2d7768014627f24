/// A part of one group's columns, in work that is done for several groups of rows at once, each with weights of its own.
package struct WorkItem: Equatable, Sendable {
    package let group: Int
    package let units: Range<Int>

    /// What a unit costs beside its rows: reading its weights takes about as long as multiplying some rows with them.
    private static let readingCost = 4

    /// `unitCount` units of columns for each group, cut so that items cost about the same however uneven the groups are:
    /// an average group makes four items a thread.
    package static func cut(rowCounts: [Int], unitCount: Int, threads: Int) -> [WorkItem] {
        let costs = rowCounts.map { $0 + readingCost }
        let share = costs.reduce(0, +) * unitCount / max(1, costs.count * threads * 4)
        return costs.enumerated().flatMap { group, cost in
            let length = max(1, share / cost)
            return stride(from: 0, to: unitCount, by: length).map {
                WorkItem(group: group, units: $0..<min($0 + length, unitCount))
            }
        }
    }
}
