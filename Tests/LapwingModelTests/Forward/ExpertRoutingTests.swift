import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Expert routing")
struct ExpertRoutingTests {
    private func routing(_ rows: [[Float]], used: Int) -> ExpertRouting {
        rows.flatMap { $0 }.withUnsafeBufferPointer {
            ExpertRouting(logits: $0, expertCount: rows[0].count, usedCount: used)
        }
    }

    @Test("A row goes to its greatest logits, weighted by their softmax, and rows stand together by expert")
    func routes() {
        let found = routing([[0, 2, 1, -5], [3, 0, -1, 4], [0, 1, 1.5, 0]], used: 2)
        #expect(found.slots.map(\.row) == [1, 0, 2, 0, 2, 1])
        let expected = [1 / (1 + exp(1)), 1 / (1 + exp(-1)), 1 / (1 + exp(0.5)), 1 / (1 + exp(1))]
        for (slot, weight) in zip(found.slots, expected) { #expect(abs(Double(slot.weight) - weight) < 1e-6) }
        let groups = found.groups(in: 0..<6)
        #expect(groups.map(\.expert) == [0, 1, 2, 3])
        #expect(groups.map(\.slots) == [0..<1, 1..<3, 3..<5, 5..<6])
    }

    @Test("A tile has the groups that reach into it, counted from its first slot")
    func tiles() {
        let found = routing([[0, 2, 1, -5], [3, 0, -1, 4], [0, 1, 1.5, 0]], used: 2)
        let groups = found.groups(in: 2..<4)
        #expect(groups.map(\.expert) == [1, 2])
        #expect(groups.map(\.slots) == [0..<1, 1..<2])
    }

    @Test("Of equal logits the lower expert goes first, and logits that are no numbers still choose different experts")
    func ties() {
        #expect(routing([[1, 1, 1]], used: 2).groups(in: 0..<2).map(\.expert) == [0, 1])
        #expect(routing([[.nan, .nan, .nan]], used: 2).groups(in: 0..<2).map(\.expert) == [0, 1])
        #expect(routing([[.nan, 1, .infinity]], used: 3).slots.count == 3)
    }

    @Test("A row's slots are the same bits in any company")
    func company() {
        var random = SplitMix64(seed: 5)
        let rows = (0..<50).map { _ in (0..<8).map { _ in 4 * random.symmetric() } }
        let all = routing(rows, used: 3)
        for (index, row) in rows.enumerated() {
            let own = routing([row], used: 3).slots.map(\.weight)
            #expect(all.slots.filter { $0.row == index }.map(\.weight) == own)
        }
    }

    @Test("Work is cut into items that cover every unit of every group once and cost about the same")
    func work() {
        for (rowCounts, units) in [([1, 400, 3, 90], 448), ([1, 1], 128), ([512], 48), ([7, 2], 1), ([3], 0)] {
            let items = WorkItem.cut(rowCounts: rowCounts, unitCount: units, threads: 2)
            for group in rowCounts.indices {
                #expect(items.filter { $0.group == group }.flatMap(\.units) == Array(0..<units))
            }
            let costs = items.map { $0.units.count * rowCounts[$0.group] }
            if units == 448 { #expect(costs.max() ?? 0 <= 494 * 448 / 28) }
        }
    }
}
