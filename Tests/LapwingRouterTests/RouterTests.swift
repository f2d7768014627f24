import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Synchronization
import Testing

private let sure = -0.1
private let unsure = -3.0
private let localUsage = Usage(promptTokens: 10, completionTokens: 3, computeNanoseconds: 72_000)
private let remoteUsage = Usage(promptTokens: 100, completionTokens: 50)
private let openSure = steps(answer(["a", "b", "c"], logProbability: sure, usage: localUsage))
private let openUnsure = steps(answer(["a", "b", "c"], logProbability: unsure, usage: localUsage))
private let closedAnswer = steps(answer(["X", "Y"], logProbability: nil, usage: remoteUsage))
private let broken = RequestError.upstreamFailed(model: "big", status: 500, reason: "broken")

@Suite("Router")
struct RouterTests {
    @Test("A sure open answer is kept, priced by machine time, and compared with the closed model")
    func keepsOpen() async throws {
        let house = try RouterHouse(open: openSure)
        let outcome = await Outcome(try house.ask())
        #expect(outcome.words == ["commit open small 0.9", "a", "b", "c", "<stop>", "completed"])
        let receipt = try #require(outcome.receipt)
        #expect(receipt.decision == .open)
        #expect(receipt.model == "small")
        #expect(receipt.cost == NanoUSD(2))
        #expect(receipt.calls.map(\.priceSource) == ["machine time"])
        // (10 · 30 + 3 · 60) dollars a million tokens, times 0.97, 0.70 and 1.10.
        #expect(
            receipt.counterfactual
                == Counterfactual(
                    model: "big", cost: NanoUSD(465_600), low: NanoUSD(336_000), high: NanoUSD(528_000),
                    isEstimated: true))
        #expect(receipt.saved == NanoUSD(465_598))
        #expect(house.closed.calls.isEmpty)

        let entry = try #require(try await house.entries().first)
        #expect(entry.status == .completed)
        #expect(entry.calls == receipt.calls)
        #expect(entry.confidence == Confidence(probability: 0.9, calibrator: "mean", isCalibrated: false))
        #expect(entry.threshold == 0.5)
        #expect(entry.request.user == "ada")
        #expect(entry.request.endpoint == "chat.completions")
        #expect(entry.request.startedAt == 1_717_200_000_000)
        #expect(entry.request.stream)
    }

    @Test("The model is asked under its own name and for log-probabilities, which the client does not see")
    func asksForEvidence() async throws {
        let house = try RouterHouse(open: openSure)
        var sent = 0
        for try await event in try await house.ask() {
            if case .delta(_, _, let tokens) = event { sent += tokens.count }
        }
        let request = try #require(house.open.calls.first?.request)
        #expect(request.model == "m")
        #expect(request.topLogProbabilities == 2 && request.promptTopLogProbabilities == nil)
        #expect(sent == 0)
    }

    @Test("The entry is in the ledger, once, before the last event is given")
    func entryComesFirst() async throws {
        let house = try RouterHouse(open: openSure)
        for try await event in try await house.ask() {
            let count = try house.entriesNow().count
            if case .completed = event { #expect(count == 1) }
        }
        #expect(try await house.entries().count == 1)
    }

    @Test("An unsure answer escalates: both calls are on the bill, and the closed model's own cost is the alternative")
    func escalates() async throws {
        let gates = (open: Gate(), closed: Gate())
        let house = try RouterHouse(
            open: [.compute(72_000)] + openUnsure.prefix(2) + [.wait(gates.open)],
            closed: closedAnswer.prefix(1) + [.wait(gates.closed)] + closedAnswer.dropFirst())
        let stream = try await house.ask()
        async let answer = Outcome(stream)
        // The open call's own end comes to the router before the closed answer goes on.
        #expect(await house.open.nextCancellation() == "r1")
        for _ in 0..<100 { await Task.yield() }
        house.clock.advance(by: .milliseconds(40))
        gates.closed.open()
        let outcome = await answer
        #expect(outcome.words == ["commit escalated big 0.2", "X", "Y", "<stop>", "completed"])
        #expect(outcome.usage == remoteUsage)
        let entry = try #require(try await house.entries().first)
        #expect(entry.decision == .escalated)
        #expect(entry.calls.map(\.model) == ["small", "big"])
        #expect(entry.calls.map(\.side) == [.open, .closed])
        #expect(entry.calls.map(\.role) == [.discarded, .kept])
        // "Hello there" is 11 bytes: three tokens, and four for the message.
        #expect(entry.calls[0].usage.promptTokens == 7)
        #expect(entry.calls[0].usage.completionTokens == 2)
        #expect(entry.calls[0].usage.isEstimated)
        #expect(entry.calls[0].usage.computeNanoseconds == 72_000)
        #expect(entry.calls[0].cost == NanoUSD(2))
        #expect(entry.calls.map(\.latencyMilliseconds) == [0, 40])
        #expect(entry.calls[1].cost == NanoUSD(6_000_000))
        #expect(
            entry.counterfactual
                == Counterfactual(
                    model: "big", cost: NanoUSD(6_000_000), low: NanoUSD(6_000_000), high: NanoUSD(6_000_000),
                    isEstimated: false))
        let asked = try #require(house.closed.calls.first?.request)
        #expect(asked.model == "vendor/big")
        #expect(asked.prompts == house.open.calls.first?.request.prompts)
        #expect(asked.topLogProbabilities == nil)
        #expect(outcome.receipt?.saved == NanoUSD(-2))
    }

    @Test("A closed model that gives no answer is named in the log, with why, and never what was said")
    func warns() async throws {
        let log = CapturedLog()
        let house = try RouterHouse(open: openUnsure, closed: [.fail(broken)]) { $0.logger = log.logger }
        _ = await Outcome(try house.ask())
        #expect(
            log.lines == [
                "warning: the closed model gave no answer, the open one was kept "
                    + "code=upstream_500 model=big request=r1 route=support"
            ])
        let kept = CapturedLog()
        let sureHouse = try RouterHouse(open: openSure) { $0.logger = kept.logger }
        _ = await Outcome(try sureHouse.ask())
        #expect(kept.lines.isEmpty)
    }

    @Test("A closed model that fails first leaves the judged answer as it is", arguments: [true, false])
    func unavailable(stream: Bool) async throws {
        let house = try RouterHouse(open: openUnsure, closed: [.fail(broken)])
        let outcome = await Outcome(try house.ask(stream: stream))
        #expect(outcome.words == ["commit unavailable small 0.2", "a", "b", "c", "<stop>", "completed"])
        let entry = try #require(try await house.entries().first)
        #expect(entry.status == .completed)
        #expect(entry.decision == .unavailable)
        #expect(entry.escalation == "unavailable" && outcome.receipt?.escalation == "unavailable")
        #expect(entry.calls.map(\.role) == [.kept, .failed])
        #expect(entry.calls.map(\.cost) == [NanoUSD(2), .zero])
        #expect(entry.calls[1].failure == "upstream_500")
        #expect(house.open.calls.count == 1)
    }

    @Test("A call that gave nothing was not billed, with a price or without")
    func failedCallIsFree() async throws {
        let house = try RouterHouse(open: openUnsure, closed: [.fail(broken)], isPriced: false)
        let receipt = try #require(await Outcome(try house.ask()).receipt)
        #expect(receipt.calls.map(\.cost) == [NanoUSD(2), .zero])
        #expect(receipt.unpricedCalls == 0)
    }

    @Test("A kept call is read to the end of its stream, so that its connection can be used again")
    func readsToTheEnd() async throws {
        final class Lingering: ChatProvider {
            let events = answer(["a"], usage: localUsage)
            let position = Mutex(0)
            let gate = Gate()
            let hasEnded = Mutex(false)

            func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
                GenerationStream { [self] in
                    let index = position.withLock { position in
                        defer { position += 1 }
                        return position
                    }
                    if index < events.count { return events[index] }
                    try await gate.wait()
                    hasEnded.withLock { $0 = true }
                    return nil
                }
            }
        }
        let provider = Lingering()
        let house = try RouterHouse(open: []) { $0.models[0].provider = provider }
        #expect(await Outcome(try house.ask("small")).words.last == "completed")
        provider.gate.open()
        await house.router.drain()
        #expect(provider.hasEnded.withLock { $0 })
    }

    @Test("Without a closed model that can be called the answer is sent at once and marked")
    func lacksClosedModel() async throws {
        let house = try RouterHouse(open: openUnsure) { $0.models[1].unavailable = "BIG_KEY is not set" }
        let outcome = await Outcome(try house.ask())
        #expect(outcome.words.first == "commit - small", "the answer is sent before it is judged")
        #expect(outcome.receipt?.decision == .wouldEscalate)
        #expect(outcome.receipt?.escalation == "unavailable")
        #expect(outcome.receipt?.confidence?.probability == 0.2)
        let entry = try #require(try await house.entries().first)
        #expect(entry.decision == .wouldEscalate)
        #expect(entry.escalation == "unavailable")
    }

    @Test("A tier that does not escalate is told what would have happened, and lacks nothing")
    func otherTier() async throws {
        let route = Route(
            name: "support", open: "small", closed: "big", hold: .tokens(2), escalateBelow: 0.5, tiers: ["gold"])
        let house = try RouterHouse(open: openUnsure, closed: closedAnswer, route: route)
        #expect(await Outcome(try house.ask()).receipt?.decision == .wouldEscalate)
        #expect(try await house.entries().map(\.escalation) == [nil])
    }

    @Test("The client names the closed model")
    func closedByClient() async throws {
        let house = try RouterHouse(open: [], closed: closedAnswer)
        let outcome = await Outcome(try house.ask("big"))
        #expect(outcome.words == ["commit closed big", "X", "Y", "<stop>", "completed"])
        #expect(outcome.receipt?.confidence == nil)
        #expect(outcome.receipt?.counterfactual?.cost == NanoUSD(6_000_000))
        #expect(outcome.receipt?.calls.map(\.side) == [.closed])
    }

    @Test("A closed model's fallback that gave the unsure answer is not asked for it again")
    func ownFallback() async throws {
        let house = try RouterHouse(open: openUnsure, closed: [.fail(broken)]) { $0.models[1].fallback = ["small"] }
        let outcome = await Outcome(try await house.ask())
        #expect(outcome.words == ["commit unavailable small 0.2", "a", "b", "c", "<stop>", "completed"])
        #expect(house.open.calls.count == 1 && house.closed.calls.count == 1)
    }

    private struct AlwaysClosed: PromptGate {
        func finding(
            for request: GenerationRequest, route: Route, context: RequestContext
        ) async -> GateFinding? {
            let found = Confidence(probability: 0.7, calibrator: "gate-v1", isCalibrated: true)
            return GateFinding(side: .closed, confidence: found, threshold: 0.9)
        }
    }

    @Test(
        "Where the closed model fails that the gate chose, the open one answers, and the receipt says so",
        arguments: [true, false],
        [
            broken, .upstreamRefused(model: "big", isTooLong: false, reason: "content"),
            .overloaded(what: "big", retryAfterSeconds: 60),
        ])
    func gateWithoutClosed(stream: Bool, failure: RequestError) async throws {
        let log = CapturedLog()
        var route = Route(name: "support", open: "small", closed: "big", escalateBelow: 0.5)
        route.fallback = ["big", "small"]
        let house = try RouterHouse(open: openUnsure, closed: [.fail(failure)], route: route) {
            ($0.gate, $0.logger) = (AlwaysClosed(), log.logger)
        }
        let outcome = await Outcome(try await house.ask(stream: stream))
        #expect(outcome.words == ["commit unavailable small 0.7", "a", "b", "c", "<stop>", "completed"])
        let receipt = try #require(outcome.receipt)
        #expect(receipt.decision == .unavailable && receipt.escalation == "unavailable" && receipt.model == "small")
        #expect(receipt.calls.map(\.model) == ["big", "small"] && receipt.calls.map(\.side) == [.closed, .open])
        #expect(receipt.calls.map(\.role) == [.failed, .kept] && receipt.confidence?.calibrator == "gate-v1")
        let entry = try #require(try await house.entries().first)
        #expect(entry.decision == .unavailable && entry.calls.map(\.cost) == receipt.calls.map(\.cost))
        #expect(log.lines.count == 1 && log.lines[0].contains("model=big request=r1 route=support"))
        #expect(log.lines[0].contains("code=\(try #require(receipt.calls[0].failure)) "))
        // Where both fail, neither is asked a second time, though each is the other's fallback.
        let quiet = CapturedLog()
        let down = try RouterHouse(open: [.fail(broken)], closed: [.fail(failure)], route: route) {
            ($0.gate, $0.logger) = (AlwaysClosed(), quiet.logger)
        }
        #expect(await Outcome(try await down.ask(stream: stream)).error == failure)
        #expect(down.closed.calls.count == 1 && down.open.calls.count == 1 && quiet.lines.isEmpty)
    }

    @Test("The prompt gate sends a request to the closed model, and is asked only where that may be")
    func gate() async throws {
        let route = Route(
            name: "support", open: "small", closed: "big", hold: .tokens(2), escalateBelow: 0.5, tiers: ["gold"])
        let gold = try RouterHouse(open: openSure, closed: closedAnswer, route: route) { $0.gate = AlwaysClosed() }
        let sent = await Outcome(try gold.ask(tier: "gold"))
        #expect(sent.receipt?.decision == .closed)
        #expect(sent.receipt?.confidence?.calibrator == "gate-v1")
        #expect(gold.open.calls.isEmpty)
        let basic = try RouterHouse(open: openSure, closed: closedAnswer, route: route) { $0.gate = AlwaysClosed() }
        #expect(await Outcome(try basic.ask()).receipt?.decision == .open)
    }

    @Test("A model without a price is unpriced, not free, and nothing is said to be saved")
    func unpriced() async throws {
        let house = try RouterHouse(open: [], closed: closedAnswer, isPriced: false)
        let outcome = await Outcome(try house.ask("big"))
        #expect(outcome.receipt?.calls.map(\.cost) == [nil])
        #expect(outcome.receipt?.unpricedCalls == 1)
        #expect(outcome.receipt?.saved == nil)
    }

    @Test("A route with a limit of spending does not escalate to a model whose price nobody knows")
    func unpricedLimit() async throws {
        var route = Route(name: "support", open: "small", closed: "big", hold: .tokens(1), escalateBelow: 1.0.nextUp)
        route.dailySpendLimit = NanoUSD(1_000_000_000)
        let house = try RouterHouse(open: openSure, closed: closedAnswer, route: route, isPriced: false)
        let outcome = await Outcome(try house.ask())
        #expect(outcome.receipt?.decision == .wouldEscalate && outcome.receipt?.escalation == "spend_limit")
        #expect(house.closed.calls.isEmpty)
    }

    @Test("The counterfactual leaves out what our own template adds, where there is a tokenizer")
    func counterfactualPrompt() async throws {
        let house = try RouterHouse(open: openSure) {
            $0.models[0].tokenizing = $0.models[0].provider as? ScriptedProvider
        }
        // A token a byte: 11, four for the message and three for the answer; times 30, and 3 times 60, times 0.97.
        #expect(await Outcome(try house.ask()).receipt?.counterfactual?.cost == NanoUSD(698_400))
    }

    @Test("Unknown models are refused before anything is entered")
    func unknownModel() async throws {
        let house = try RouterHouse(open: openSure)
        await #expect(throws: RequestError.unknownModel(name: "tiny", known: ["support", "small", "big"])) {
            try await house.ask("tiny")
        }
        #expect(try await house.entries().isEmpty)
    }

    @Test("A ledger that takes nothing refuses the request before any call")
    func ledgerRefuses() async throws {
        var options = LedgerOptions()
        options.queueLimit = 0
        let house = try RouterHouse(open: openSure, ledgerOptions: options)
        let outcome = await Outcome(try house.ask())
        #expect(outcome.error == .overloaded(what: "The ledger's queue", retryAfterSeconds: 1))
        #expect(outcome.words.isEmpty)
        #expect(house.open.calls.isEmpty)
    }
}
