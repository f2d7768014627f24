import GRDB
import LapwingAPI

extension LedgerReader {
    /// Adds up the entries of a period in one pass over one snapshot. Throws `StoreError.overflow` where a sum passes
    /// Int64, and `StoreError.damaged` where an entry cannot be read; it does not check the chain.
    package func report(_ query: ReportQuery) throws -> Report {
        try read { db in
            var total = Tally()
            var machine = MachineTally()
            var groups: [String?: Tally] = [:]
            var cursor = try EntryCursor(db, query.period)
            while let stored = try cursor.next() {
                try total.add(stored.entry)
                machine.add(stored.entry)
                guard let grouping = query.grouping else { continue }
                try groups[grouping.name(for: stored.entry), default: Tally()].add(stored.entry)
            }
            let figures = try groups.map { Report.Group(name: $0.key, figures: try $0.value.result()) }
            return Report(
                period: query.period, grouping: query.grouping, total: try total.result(),
                groups: figures.sorted(by: Self.precedes),
                machine: machine.result(served: try RunTime(db, query.period)))
        }
    }

    private static func precedes(_ a: Report.Group, _ b: Report.Group) -> Bool {
        if a.figures.requests != b.figures.requests { return a.figures.requests > b.figures.requests }
        guard let left = a.name, let right = b.name else { return b.name == nil && a.name != nil }
        return left < right
    }
}
