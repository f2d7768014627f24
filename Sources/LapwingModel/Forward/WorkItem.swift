/// A part of one group's columns, in work that is done for several groups of rows at once, each with weights of its own.
package struct WorkItem: Equatable, Sendable {
    package let group: Int
    package let units: Range<Int>

    /// What a unit costs beside its rows: reading its weights takes about as long as multiplying some rows with them.
    private static let readingCost = 4

    /// `unitCount` units of columns for each group, cut so that items cost about the same however uneven the groups are:
    /// an average group makes four items a thread.
    package static func cut(rowCounts: [Int], unitCount: Int, threads: Int) -> [WorkItem] {
        let total = rowCounts.reduce(0) { $0 + $1 + readingCost }
        let share = total * unitCount / max(1, rowCounts.count * threads * 4)
        var items: [WorkItem] = []
        items.reserveCapacity(rowCounts.count * (threads * 4 + 1))
        for (group, rowCount) in rowCounts.enumerated() {
            let length = max(1, share / (rowCount + readingCost))
            for start in stride(from: 0, to: unitCount, by: length) {
                items.append(WorkItem(group: group, units: start..<min(start + length, unitCount)))
            }
        }
        return items
    }
}
