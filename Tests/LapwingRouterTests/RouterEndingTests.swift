import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

private let unsure = -3.0
private let first = [ScriptedProvider.Step.event(delta("a", -0.1)), .event(delta("b", -0.1))]
private let broken = RequestError.upstreamFailed(model: "small", status: nil, reason: "broken")

@Suite("Router, endings")
struct RouterEndingTests {
    @Test("A client that goes away cancels the work, and what it came to is entered once")
    func clientGone() async throws {
        let gate = Gate()
        let house = try RouterHouse(open: [.compute(72_000)] + first + [.wait(gate)])
        do {
            var iterator = try await house.ask().makeAsyncIterator()
            for _ in 0..<3 { _ = try await iterator.next() }
            house.clock.advance(by: .milliseconds(250))
        }
        #expect(await house.open.nextCancellation() == "r1")
        let entries = try await house.entries()
        #expect(entries.count == 1)
        let entry = try #require(entries.first)
        #expect(entry.status == .cancelled)
        #expect(entry.decision == .open)
        #expect(entry.errorCode == "cancelled")
        #expect(entry.calls.map(\.role) == [.kept])
        #expect(entry.calls[0].usage.completionTokens == 2)
        #expect(entry.calls[0].usage.isEstimated)
        #expect(entry.calls[0].usage.computeNanoseconds == 72_000)
        #expect(entry.calls[0].cost == NanoUSD(2))
        #expect(entry.latencyMilliseconds == 250)
        #expect(entry.counterfactual == nil, "half an answer is compared with nothing")
    }

    @Test("A stream that is never read leaves one cancelled entry")
    func neverRead() async throws {
        let house = try RouterHouse(open: first + [.wait(Gate())])
        _ = try await house.ask()
        #expect(try await house.entries().map(\.status) == [.cancelled])
    }

    @Test("A client that goes while the answer is held back leaves a discarded call")
    func goneWhileHeld() async throws {
        let gate = Gate()
        let reached = Gate()
        let house = try RouterHouse(open: [first[0], .reached(reached), .wait(gate)])
        var stream: GenerationStream? = try await house.ask()
        try await reached.wait()
        stream = nil
        _ = stream
        #expect(await house.open.nextCancellation() == "r1")
        let entry = try #require(try await house.entries().first)
        #expect(entry.status == .cancelled)
        #expect(entry.decision == nil)
        #expect(entry.calls.map(\.role) == [.discarded])
    }

    @Test("A client that goes during an escalation cancels both calls")
    func goneWhileEscalating() async throws {
        let gates = [Gate(), Gate()]
        let reached = Gate()
        let house = try RouterHouse(
            open: [.event(delta("a", unsure)), .event(delta("b", unsure)), .wait(gates[0])],
            closed: [.reached(reached), .wait(gates[1])])
        var stream: GenerationStream? = try await house.ask()
        try await reached.wait()
        stream = nil
        _ = stream
        #expect(await house.open.nextCancellation() == "r1")
        #expect(await house.closed.nextCancellation() == "r1")
        let entry = try #require(try await house.entries().first)
        #expect(entry.status == .cancelled)
        #expect(entry.calls.map(\.role) == [.discarded, .discarded])
    }

    @Test("A failure before anything was sent is a failed entry with its word, and the client gets the error itself")
    func failsAtOnce() async throws {
        let error = RequestError.contextOverflow(promptTokens: 9000, maxTokens: nil, contextLength: 8192)
        let house = try RouterHouse(open: [.fail(error)])
        let outcome = await Outcome(try house.ask("small"))
        #expect(outcome.error == error)
        #expect(outcome.words == ["commit open small"])
        let entries = try await house.entries()
        #expect(entries.map(\.status) == [.failed])
        #expect(entries.first?.errorCode == "context_length_exceeded")
        #expect(entries.first?.calls.map(\.role) == [.failed])
        #expect(entries.first?.calls.map(\.cost) == [.zero])
    }

    @Test("A failure in mid-stream is an aborted entry with the tokens so far, and never a clean end")
    func failsInMidStream() async throws {
        let house = try RouterHouse(open: first + [.fail(broken)])
        let outcome = await Outcome(try house.ask("small"))
        #expect(outcome.words == ["commit open small", "a", "b"])
        #expect(outcome.error == broken)
        let entries = try await house.entries()
        #expect(entries.map(\.status) == [.aborted])
        #expect(entries.first?.errorCode == "upstream_failed")
        #expect(entries.first?.calls.first?.usage.completionTokens == 2)
        #expect(entries.first?.calls.first?.usage.isEstimated == true)
        #expect(entries.first?.calls.first?.failure == "upstream_failed")
    }

    @Test("A client that reads one body has seen nothing of an answer that broke off: the entry says failed")
    func failsBeforeTheBody() async throws {
        let house = try RouterHouse(open: first + [.fail(broken)])
        _ = await Outcome(try house.ask("small", stream: false))
        #expect(try await house.entries().map(\.status) == [.failed])
    }

    @Test("A request that is lost is entered with the calls that were under way, and all that they may have written")
    func lost() async throws {
        let folder = try TemporaryFolder()
        let earlier = LedgerRequest(
            RequestContext(requestID: "r0"), startedAt: 1, endpoint: "chat.completions", route: "support",
            model: "small")
        let call = CallReceipt(
            model: "small", side: .open, role: .kept,
            usage: Usage(promptTokens: 12, cachedPromptTokens: 2, completionTokens: 10, computeNanoseconds: 2_000_000),
            cost: .zero, priceSource: "machine time", latencyMilliseconds: 2)
        try await Ledger(path: folder.path + "/ledger.sqlite").complete(
            LedgerEntry(earlier, status: .completed, endedAt: 2, decision: .open, calls: [call], latencyMilliseconds: 2)
        )
        let reached = Gate()
        let house = try RouterHouse(
            open: [.event(delta("a", unsure)), .event(delta("b", unsure)), .wait(Gate())],
            closed: [.reached(reached), .wait(Gate())], folder: folder)
        let stream = try await house.ask(maxTokens: 100)
        try await reached.wait()
        // As a process that is killed here leaves the file.
        let left = try house.copyOfLedger()
        #expect(try left.recover(at: 5) == 1)
        var entries: [LedgerEntry] = []
        try left.reader.forEachEntry { entries.append($0.entry) }
        let calls = try #require(entries.last).calls
        try #require(calls.map(\.model) == ["small", "big"])
        #expect(calls.map(\.role) == [.failed, .failed])
        #expect(calls.map(\.failure) == ["lost", "lost"])
        #expect(calls.map(\.usage.promptTokens) == [7, 7])
        #expect(calls.map(\.usage.completionTokens) == [100, 100])
        // The earlier call took 2 ms for 20 tokens: 10.7 ms for 107 tokens at 0.10 dollars an hour.
        #expect(calls[0].usage.computeNanoseconds == 10_700_000)
        #expect(calls[0].cost == NanoUSD(297))
        // 7 · 30 and 100 · 60 dollars a million.
        #expect(calls[1].cost == NanoUSD(6_210_000))
        withExtendedLifetime(stream) {}
        house.router.cancelAll()
        await house.router.drain()
    }

    @Test("A closed model is not called where the ledger does not take the call")
    func closedCallNotEntered() async throws {
        let reached = Gate()
        let gate = Gate()
        let house = try RouterHouse(
            open: [.event(delta("a", unsure)), .reached(reached), .wait(gate)]
                + steps(answer(["b"], logProbability: unsure)))
        let stream = try await house.ask()
        try await reached.wait()
        // Somebody else closes the request's intent.
        let request = LedgerRequest(
            RequestContext(requestID: "r1"), startedAt: 1, endpoint: "chat.completions", route: "support",
            model: "small")
        try await house.ledger.complete(
            LedgerEntry(request, status: .completed, endedAt: 2, decision: .open, calls: [], latencyMilliseconds: 1))
        gate.open()
        let outcome = await Outcome(stream)
        #expect(outcome.words.first == "commit unavailable small 0.2")
        #expect(house.closed.calls.isEmpty)
    }

    @Test("A stream that simply ends in the middle is a failure too")
    func endsEarly() async throws {
        let house = try RouterHouse(open: first)
        let outcome = await Outcome(try house.ask("small"))
        #expect(
            outcome.error
                == .upstreamFailed(model: "small", status: nil, reason: "its answer ended before it was complete"))
        #expect(try await house.entries().map(\.status) == [.aborted])
    }

    @Test("An answer whose entry cannot be written does not end as if it were whole")
    func entryRefused() async throws {
        let gate = Gate()
        let reached = Gate()
        let house = try RouterHouse(open: first + [.reached(reached), .wait(gate)] + steps(answer(["c"])))
        let stream = try await house.ask()
        try await reached.wait()
        // Somebody else enters the same request first.
        let request = LedgerRequest(
            RequestContext(requestID: "r1"), startedAt: 1, endpoint: "chat.completions", route: "support",
            model: "small")
        try await house.ledger.complete(
            LedgerEntry(request, status: .completed, endedAt: 2, decision: .open, calls: [], latencyMilliseconds: 1))
        gate.open()
        let outcome = await Outcome(stream)
        #expect(outcome.error == .internal(reason: "the request id is in the ledger already"))
        #expect(!outcome.words.contains("completed"))
        #expect(try await house.entries().count == 1)
    }

    @Test("An error of a foreign kind becomes an internal one, without its words")
    func foreignError() async throws {
        struct Leaky: Error { let secret = "prompt text" }
        let house = try RouterHouse(open: [.fail(Leaky())])
        #expect(await Outcome(try house.ask("small")).error == .internal(reason: "a provider threw Leaky"))
    }

    @Test("Draining waits for what is in progress and refuses what comes after")
    func drains() async throws {
        let gate = Gate()
        let house = try RouterHouse(open: first + [.wait(gate)] + steps(answer(["c"])))
        let stream = try await house.ask()
        async let outcome = Outcome(stream)
        async let entries = house.entries()
        while await house.router.readiness() == .ready { await Task.yield() }
        await #expect(throws: RequestError.self) { try await house.ask() }
        gate.open()
        #expect(try await entries.map(\.status) == [.completed])
        #expect(await outcome.words.last == "completed")
        #expect(await house.router.readiness() == .notReady(reason: "shutting down"))
    }

    @Test("What is cut off at the end is told so, and entered as aborted and not as its client's doing")
    func cancelsAll() async throws {
        let gate = Gate()
        let reached = Gate()
        let house = try RouterHouse(open: first + [.reached(reached), .wait(gate)])
        let stream = try await house.ask()
        try await reached.wait()
        house.router.cancelAll()
        let entry = try #require(try await house.entries().first)
        #expect([.aborted, .failed].contains(entry.status) && entry.errorCode == "unavailable")
        guard case .unavailable(_, "it is shutting down", _)? = await Outcome(stream).error else {
            return #expect(Bool(false))
        }
    }

    @Test("Scoring is entered and priced as any call, without a saving")
    func scores() async throws {
        let house = try RouterHouse(open: [])
        let request = ScoringRequest(model: "support", prompt: [1, 2], continuations: [[3], [4, 5]])
        let result = try await house.router.score(request, context: RequestContext(requestID: "s1"))
        #expect(result.continuations.map(\.logProbabilities) == [[-3], [-4, -5]])
        let receipt = try #require(result.receipt)
        #expect(receipt.model == "small")
        #expect(receipt.counterfactual == nil)
        let entry = try #require(try await house.entries().first)
        #expect(entry.request.endpoint == "score")
        #expect(entry.status == .completed)
        #expect(entry.calls == receipt.calls)
        await #expect(throws: RequestError.unsupported(field: "model", reason: "'big' does not score given text")) {
            try await house.router.score(
                ScoringRequest(model: "big", prompt: [], continuations: []), context: RequestContext(requestID: "s2"))
        }
    }

    @Test("Tokens are those of a route's open model; models are listed with why they cannot be used")
    func delegates() async throws {
        let house = try RouterHouse(open: []) {
            $0.models[0].tokenizing = $0.models[0].provider as? ScriptedProvider
            $0.models[1].unavailable = "BIG_KEY is not set"
        }
        #expect(try await house.router.tokenize("AB", model: "support", addSpecialTokens: true) == [256, 65, 66])
        #expect(try await house.router.detokenize([65, 66], model: "small") == "AB")
        #expect(try await house.router.tokenizerDescription(model: "support").vocabularySize == 257)
        await #expect(throws: RequestError.self) { try await house.router.detokenize([65], model: "big") }
        #expect(
            await house.router.models() == [
                ModelCard(name: "support", kind: .route, capabilities: [.chat]),
                ModelCard(name: "small", kind: .local, capabilities: [.chat]),
                ModelCard(name: "big", kind: .remote, unavailable: "BIG_KEY is not set"),
            ])
        #expect(await house.router.readiness() == .ready)
    }
}
