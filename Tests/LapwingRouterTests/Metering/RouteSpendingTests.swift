import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

private let localUsage = Usage(promptTokens: 10, completionTokens: 3, computeNanoseconds: 72_000)
private let remoteUsage = Usage(promptTokens: 100, completionTokens: 50)
private let openUnsure = steps(answer(["a", "b", "c"], logProbability: -3, usage: localUsage))
private let closedAnswer = steps(answer(["X", "Y"], logProbability: nil, usage: remoteUsage))

@Suite("A route's daily spending")
struct RouteSpendingTests {
    private static let day: Int64 = 86_400_000

    /// One escalated answer costs 6,000,000.
    private var route: Route {
        var route = Route(name: "support", open: "small", closed: "big", hold: .tokens(1), escalateBelow: 0.5)
        route.dailySpendLimit = NanoUSD(10_000_000)
        return route
    }

    @Test("Once the day's limit is reached nothing more escalates, and the entry says why")
    func hardStop() async throws {
        let house = try RouterHouse(open: openUnsure, closed: closedAnswer, route: route)
        for id in ["r1", "r2"] { #expect(await Outcome(try house.ask(id: id)).receipt?.decision == .escalated) }
        let outcome = await Outcome(try house.ask(id: "r3"))
        #expect(outcome.receipt?.decision == .wouldEscalate)
        #expect(outcome.receipt?.escalation == "spend_limit")
        #expect(house.closed.calls.count == 2)
        #expect(try await house.entries().map(\.escalation) == [nil, nil, "spend_limit"])
    }

    @Test("A gate that would send a request to the closed model is not asked then")
    func gate() async throws {
        struct AlwaysClosed: PromptGate {
            func finding(
                for request: GenerationRequest, route: Route, context: RequestContext
            ) async -> GateFinding? { GateFinding(side: .closed) }
        }
        let house = try RouterHouse(open: openUnsure, closed: closedAnswer, route: route) { $0.gate = AlwaysClosed() }
        for id in ["r1", "r2"] { #expect(await Outcome(try house.ask(id: id)).receipt?.decision == .closed) }
        #expect(await Outcome(try house.ask(id: "r3")).receipt?.decision == .wouldEscalate)
    }

    @Test("After a restart the ledger says what was spent today")
    func restart() async throws {
        var kept: RouterConfiguration?
        let house = try RouterHouse(open: openUnsure, closed: closedAnswer, route: route) { kept = $0 }
        for id in ["r1", "r2"] { _ = await Outcome(try house.ask(id: id)) }
        await house.router.drain()
        let time = RouterTime(clock: house.clock) { 1_717_200_000_000 }
        let next = try Router(
            configuration: try #require(kept), ledger: try house.copyOfLedger(), prices: PriceBook(), time: time)
        var request = GenerationRequest(
            model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello")])])
        request.stream = true
        let stream = try await next.generate(request, context: RequestContext(requestID: "r3"))
        #expect(await Outcome(stream).receipt?.escalation == "spend_limit")
        await next.drain()
    }

    @Test("It begins anew with each day of UTC, and what ends late counts to its own day")
    func days() {
        let spending = RouteSpending(["a": NanoUSD(5)], at: 10 * Self.day)
        spending.add(NanoUSD(3), to: "a", at: 10 * Self.day + 1)
        #expect(spending.spent(by: "a", at: 10 * Self.day + 2) == NanoUSD(8))
        #expect(spending.spent(by: "a", at: 11 * Self.day) == .zero)
        spending.add(NanoUSD(7), to: "b", at: 11 * Self.day)
        spending.add(NanoUSD(9), to: "a", at: 10 * Self.day + 3)
        #expect(spending.spent(by: "a", at: 11 * Self.day + 1) == .zero)
        #expect(spending.spent(by: "b", at: 11 * Self.day + 1) == NanoUSD(7))
    }
}
