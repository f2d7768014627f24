import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("What keys spent")
struct SpendingTests {
    private let folder: TemporaryFolder
    private let ledger: Ledger

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.ledger)
    }

    private static let day: Int64 = 86_400_000

    private func enter(
        _ id: String, key: String?, at startedAt: Int64, costs: [Int64?], reserved: Int64? = nil
    ) async throws {
        var context = RequestContext(requestID: id)
        context.keyID = key
        let request = LedgerRequest(context, startedAt: startedAt, endpoint: "e", route: "r", model: "m")
        let calls = costs.map { cost in
            CallReceipt(
                model: "m", side: .open, role: .kept, usage: Usage(promptTokens: 1, completionTokens: 1),
                cost: cost.map(NanoUSD.init), priceSource: nil, latencyMilliseconds: 1)
        }
        var entry = LedgerEntry(
            request, status: .completed, endedAt: startedAt, decision: .open, calls: calls, latencyMilliseconds: 1)
        entry.reserved = reserved.map(NanoUSD.init)
        try await ledger.complete(entry)
    }

    @Test("Every call counts, by key and by the day on which its request began, apart from what passed the reservation")
    func spending() async throws {
        let start = 20_000 * Self.day
        try await enter("1", key: "a", at: start - 1, costs: [1000])
        try await enter("2", key: "a", at: start, costs: [3, 4], reserved: 10)
        try await enter("3", key: "a", at: start + Self.day - 1, costs: [8, nil, 9], reserved: 10)
        try await enter("4", key: "a", at: start + Self.day, costs: [5])
        try await enter("5", key: "b", at: start, costs: [])
        try await enter("6", key: nil, at: start, costs: [100])
        let found = try ledger.reader.spending(since: start).sorted { ($0.key, $0.startedAt) < ($1.key, $1.startedAt) }
        #expect(
            found == [
                KeySpending(key: "a", startedAt: start, spent: NanoUSD(17), overrun: NanoUSD(7)),
                KeySpending(key: "a", startedAt: start + Self.day, spent: NanoUSD(5), overrun: .zero),
                KeySpending(key: "b", startedAt: start, spent: .zero, overrun: .zero),
            ])
    }

    @Test("Costs that no sum can hold stay at the end of what a sum can, and the rest is exact")
    func absurdCosts() async throws {
        try await enter("1", key: "a", at: 0, costs: [.max, .max, 5], reserved: 7)
        try await enter("2", key: "a", at: 0, costs: [3], reserved: 7)
        try await enter("3", key: "b", at: 0, costs: [.max, 1])
        try await enter("4", key: "b", at: 0, costs: [.max])
        try await enter("5", key: "c", at: 0, costs: [1 << 40, (1 << 33) + 1, 0xFFFF_FFFF], reserved: 1 << 39)
        let found = try ledger.reader.spending(since: 0).sorted { $0.key < $1.key }
        #expect(found.map(\.spent) == [NanoUSD(10), NanoUSD(.max), NanoUSD(1 << 39)])
        let rest = (1 << 40) + (1 << 33) + 1 + 0xFFFF_FFFF - (1 << 39) as Int64
        #expect(found.map(\.overrun) == [NanoUSD(.max - 7), .zero, NanoUSD(rest)])
    }

    @Test("Later work that was lost is entered as what it was, and on nobody's account")
    func lostWork() async throws {
        try await ledger.complete(.sample(2))
        var intent = LedgerIntent(.sample(4), calls: LedgerEntry.sample(4).calls)
        intent.work = LaterWork(kind: "shadow", parent: "req-2")
        try await ledger.admit(intent)
        let spent = try ledger.reader.spending(since: 0)
        let path = folder.file("copy.sqlite")
        try ledger.reader.backup(to: path)
        let copy = try Ledger(path: path)
        #expect(try copy.recover(at: 7) == 1)
        let entry = try #require(try copy.reader.entries().last?.entry)
        #expect(entry.kind == "shadow" && entry.parent == "req-2" && entry.status == .lost)
        #expect(entry.calls.map(\.cost) == intent.calls.map(\.cost))
        #expect(try copy.reader.spending(since: 0) == spent)
        #expect(try copy.reader.verify().failure == nil)
    }

    @Test("An intent keeps its reservation, and so does the entry that recovery makes of it")
    func lost() async throws {
        var context = RequestContext(requestID: "r")
        context.keyID = "a"
        let call = CallReceipt(
            model: "m", side: .open, role: .failed, usage: Usage(promptTokens: 1, completionTokens: 1),
            cost: NanoUSD(6), priceSource: nil, latencyMilliseconds: 0)
        let request = LedgerRequest(context, startedAt: 5, endpoint: "e", route: "r", model: "m")
        try await ledger.admit(LedgerIntent(request, calls: [call], reserved: NanoUSD(9)))
        let path = folder.file("copy.sqlite")
        try ledger.reader.backup(to: path)
        let copy = try Ledger(path: path)
        #expect(try copy.recover(at: 7) == 1)
        #expect(try copy.reader.entries().map(\.entry.reserved) == [NanoUSD(9)])
        #expect(try copy.reader.verify().failure == nil)
        let expected = KeySpending(key: "a", startedAt: 5, spent: NanoUSD(6), overrun: .zero)
        #expect(try copy.reader.spending(since: 0) == [expected])
    }
}
