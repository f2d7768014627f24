import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("What the ledger says of a route")
struct RouteTrafficTests {
    private static let day: Int64 = 86_400_000
    private let folder: TemporaryFolder
    private let ledger: Ledger

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.ledger)
    }

    private func enter(
        _ id: String, _ route: String, at startedAt: Int64, closed: Int64? = nil, counterfactual: Int64? = nil
    ) async throws {
        let request = LedgerRequest(
            RequestContext(requestID: id), startedAt: startedAt, endpoint: "e", route: route, model: "m")
        var calls = [call(.open, 4)]
        if let closed { calls.append(call(.closed, closed)) }
        let entry = LedgerEntry(
            request, status: .completed, endedAt: startedAt, decision: .open, calls: calls,
            counterfactual: counterfactual.map {
                Counterfactual(
                    model: "big", cost: NanoUSD($0), low: NanoUSD($0), high: NanoUSD($0), isEstimated: true)
            }, latencyMilliseconds: 1)
        try await ledger.complete(entry)
    }

    private func call(_ side: CallReceipt.Side, _ cost: Int64) -> CallReceipt {
        CallReceipt(
            model: "m", side: side, role: .kept, usage: Usage(promptTokens: 1, completionTokens: 1),
            cost: NanoUSD(cost), priceSource: nil, latencyMilliseconds: 1)
    }

    @Test("Spending is of closed calls, by route, from a moment on")
    func spending() async throws {
        try await enter("1", "a", at: 99, closed: 1000)
        try await enter("2", "a", at: 100, closed: 7)
        try await enter("3", "a", at: 101, closed: 1 << 40)
        try await enter("4", "b", at: 100, closed: 5)
        try await enter("5", "c", at: 100)
        #expect(try ledger.reader.closedSpending(since: 100) == ["a": NanoUSD(1 << 40 + 7), "b": NanoUSD(5)])
    }

    @Test("Traffic is the busiest day's, and a closed answer's mean cost of all of them")
    func traffic() async throws {
        for (id, hour) in [("1", 0), ("2", 1), ("3", 23), ("4", 24), ("5", 48)] {
            try await enter(
                id, "a", at: Self.day * 10 + Int64(hour) * 3_600_000, counterfactual: id == "5" ? nil : 1_000_000)
        }
        try await enter("6", "b", at: Self.day * 10, counterfactual: 9)
        let found = try ledger.reader.traffic(of: "a", since: Self.day * 10)
        #expect(found == RouteTraffic(busiestDay: 3, meanClosedCost: NanoUSD(1_000_000)))
        #expect(
            try ledger.reader.traffic(of: "a", since: Self.day * 12) == RouteTraffic(busiestDay: 1, meanClosedCost: nil)
        )
        #expect(try ledger.reader.traffic(of: "x", since: 0) == RouteTraffic(busiestDay: 0, meanClosedCost: nil))
    }
}
