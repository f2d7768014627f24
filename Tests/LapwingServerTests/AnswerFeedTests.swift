import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Answer feed", .timeLimit(.minutes(1)))
struct AnswerFeedTests {
    func feed(_ provider: ScriptedProvider, clock: ManualClock = ManualClock(), keepAlive: Duration = .seconds(5))
        -> AnswerFeed
    {
        AnswerFeed(clock: clock, keepAlive: keepAlive) {
            try await provider.generate(
                GenerationRequest(model: "m", prompts: []), context: RequestContext(requestID: "r"))
        }
    }

    static let endless = Array(
        repeating: ScriptedProvider.Step.event(.delta(choice: 0, text: "x", tokens: [])), count: 10_000)

    @Test("A reader that stops reading stops the provider, one event later")
    func backpressure() async throws {
        let provider = ScriptedProvider(Self.endless)
        let feed = feed(provider)
        for read in 1...50 {
            guard case .event = await feed.next() else { return #expect(Bool(false)) }
            #expect(provider.pulledEventCount == read)
        }
    }

    @Test("Cancelling drops the provider's stream and ends the feed")
    func cancel() async throws {
        let provider = ScriptedProvider(Self.endless)
        let feed = feed(provider)
        _ = await feed.next()
        feed.cancel()
        #expect(await provider.nextCancellation() == "r")
        var last = await feed.next()
        if case .event = last { last = await feed.next() }
        guard case .ended(let error) = last else { return #expect(Bool(false)) }
        #expect(error as? RequestError == .cancelled)
    }

    @Test("Letting the feed go drops the provider's stream")
    func release() async throws {
        let working = Gate()
        let provider = ScriptedProvider([.reached(working), .wait(Gate())] + Self.endless)
        var feed: AnswerFeed? = feed(provider)
        try await working.wait()
        #expect(feed != nil)
        feed = nil
        #expect(await provider.nextCancellation() == "r")
    }

    @Test("Ticks come while nothing else does, and one at a time")
    func ticks() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let provider = ScriptedProvider([.wait(gate), Self.endless[0]])
        let feed = feed(provider, clock: clock)
        for _ in 1...3 {
            async let signal = feed.next()
            await clock.waitForSleepers(1)
            clock.advance(by: .seconds(5))
            guard case .tick = await signal else { return #expect(Bool(false)) }
            // While the reader is busy with a tick, no other is counted.
            clock.advance(by: .seconds(50))
        }
        gate.open()
        guard case .event = await feed.next() else { return #expect(Bool(false)) }
        guard case .ended(nil) = await feed.next() else { return #expect(Bool(false)) }
    }
}
