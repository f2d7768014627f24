import LapwingAPI
import LapwingEngine
import Testing

@Suite("Refusals, cancellation and shutdown")
struct LimitTests {
    static func long(_ first: TokenID) -> GenerationRequest { .greedy(.tokens([first, 6, 7]), maxTokens: 500) }

    /// An answer of many seconds, for tests in which it must not end by itself.
    static func endless(_ first: TokenID) -> GenerationRequest { .greedy(.tokens([first, 6, 7]), maxTokens: 60_000) }

    static func endlessEngine(_ change: (inout EngineOptions) -> Void = { _ in }) throws -> Engine {
        try Fixture.engine {
            $0.contextLength = Fixture.trainedContextLength
            change(&$0)
        }
    }

    static func error(of work: () async throws -> some Any) async -> RequestError? {
        do {
            _ = try await work()
            return nil
        } catch { return error as? RequestError }
    }

    @Test("A prompt that does not fit the context, alone or with its answer, is refused with the figures")
    func contextOverflow() async throws {
        let engine = try Fixture.engine { $0.contextLength = 64 }
        let tokens = [TokenID](repeating: 5, count: 64)
        for (count, maxTokens) in [(64, 1), (64, nil), (60, 5)] as [(Int, Int?)] {
            let found = await Self.error {
                try await engine.start(.greedy(.tokens(Array(tokens.prefix(count))), maxTokens: maxTokens))
            }
            #expect(found == .contextOverflow(promptTokens: count, maxTokens: maxTokens, contextLength: 64))
        }
        #expect(
            await Self.error { try await engine.start(.greedy(.tokens(Array(tokens.prefix(60))), maxTokens: 4)) } == nil
        )
        #expect(await Self.error { try await engine.start(.greedy(.tokens(tokens), maxTokens: 0)) } == nil)
        let scored = await Self.error {
            try await engine.score(
                ScoringRequest(model: "tiny", prompt: tokens, continuations: [[5]]),
                context: RequestContext(requestID: "r"))
        }
        #expect(scored == .contextOverflow(promptTokens: 65, maxTokens: nil, contextLength: 64))
    }

    @Test("Values out of range are refused by name")
    func invalidValues() async throws {
        let engine = try Fixture.engine()
        func field(_ change: (inout GenerationRequest) -> Void) async -> String? {
            var request = GenerationRequest.greedy(.tokens([5]), maxTokens: 1)
            change(&request)
            let refused = request
            guard case .invalid(let field, _, _) = await Self.error(of: { try await engine.start(refused) }) else {
                return nil
            }
            return field
        }
        #expect(await field { _ in } == nil)
        #expect(await field { $0.prompts = [] } == "prompt")
        #expect(await field { $0.prompts = [.tokens([])] } == "prompt")
        #expect(await field { $0.prompts = [.tokens([5]), .tokens([5, -1])] } == "prompt[1][1]")
        #expect(await field { $0.prompts = [.tokens([1 << 20])] } == "prompt[0]")
        #expect(await field { $0.choiceCount = 0 } == "n")
        #expect(await field { $0.choiceCount = .max } == "n")
        #expect(await field { $0.prompts = Array(repeating: .tokens([5]), count: 300) } == "prompt")
        #expect(
            await field {
                $0.prompts = Array(repeating: .tokens([5]), count: 200)
                $0.choiceCount = 2
            } == "n")
        #expect(await field { $0.maxTokens = -1 } == "max_tokens")
        #expect(await field { $0.topLogProbabilities = -1 } == "top_logprobs")
        #expect(await field { $0.sampling.temperature = -0.1 } == "temperature")
        #expect(await field { $0.sampling.temperature = .nan } == "temperature")
        #expect(await field { $0.sampling.topP = 1.1 } == "top_p")
        #expect(await field { $0.sampling.topK = 0 } == "top_k")
        #expect(await field { $0.sampling.minP = -1 } == "min_p")
        #expect(await field { $0.sampling.repetitionPenalty = 0 } == "repetition_penalty")
        // Finite and not zero as a double, but not as a logit's float.
        #expect(await field { $0.sampling.repetitionPenalty = 1e-300 } == "repetition_penalty")
        #expect(await field { $0.sampling.logitBias = [5: 1e39] } == "logit_bias.5")
        #expect(await field { $0.sampling.presencePenalty = .infinity } == "presence_penalty")
        #expect(await field { $0.sampling.logitBias = [-1: 1] } == "logit_bias")
        #expect(await field { $0.sampling.logitBias = [1 << 20: 1] } == "logit_bias")
    }

    @Test("An empty text is the beginning-of-sequence token alone")
    func emptyText() async throws {
        let engine = try Fixture.engine()
        let empty = try await engine.answer(.greedy(.text(""), maxTokens: 3))
        let bos = try #require(engine.bosToken)
        #expect(empty.answer.ids == (try await engine.answer(.greedy(.tokens([bos]), maxTokens: 3))).answer.ids)
        #expect(empty.usage.promptTokens == 1)
    }

    @Test("A full queue refuses with `overloaded`, and takes again once somebody has gone")
    func boundedQueue() async throws {
        let engine = try Self.endlessEngine {
            $0.maxRunning = 1
            $0.queueLimit = 1
        }
        do {
            let streams = [try await engine.start(Self.endless(5)), try await engine.start(Self.endless(6))]
            let refused = await Self.error { try await engine.start(Self.endless(7)) }
            // Without this the optimiser lets go of both streams, and so of their places, before the third one comes.
            withExtendedLifetime(streams) {}
            guard case .overloaded(_, let seconds) = refused else {
                Issue.record("found \(String(describing: refused))")
                return
            }
            #expect(seconds > 0)
        }
        // The answer to this one proves that both places are free again.
        while let error = await Self.error(of: { try await engine.answer(.greedy(.tokens([8]), maxTokens: 1)) }) {
            guard case .overloaded = error else { throw error }
        }
    }

    @Test("Dropping a stream ends its work at the next step and gives its pages back")
    func droppedStream() async throws {
        let engine = try Self.endlessEngine()
        do {
            var events = try await engine.start(Self.endless(5)).makeAsyncIterator()
            _ = try await events.next()
            #expect(engine.statistics.runningSequences == 1)
        }
        let next = try await engine.answer(.greedy(.tokens([8, 9]), maxTokens: 2))
        #expect(next.answer.tokens.count == 2)
        #expect(engine.statistics.runningSequences == 0)
        #expect(engine.statistics.usedPages == 0)
        #expect(engine.statistics.generatedTokens < 60_000)
    }

    @Test("A cancelled scoring task ends with `cancelled` and gives its pages back")
    func cancelledScore() async throws {
        let engine = try Self.endlessEngine {
            $0.prefillChunk = 8
            $0.prefillChunkBesideGeneration = 8
        }
        // Thousands of steps long: it cannot end before it is cancelled.
        let prompt = (0..<20_000).map { TokenID(5 + $0 % 90) }
        let company = try await engine.start(Self.long(5))
        let task = Task {
            try await engine.score(
                ScoringRequest(model: "tiny", prompt: prompt, continuations: [[5], [6]]),
                context: RequestContext(requestID: "r"))
        }
        while engine.statistics.computedTokens < 1_000 { await Task.yield() }
        #expect(engine.statistics.usedPages > 16)
        task.cancel()
        #expect(await Self.error { try await task.value } == .cancelled)
        _ = try await Collected(company)
        #expect(engine.statistics.usedPages == 0)
    }

    @Test("A reader that stops reading holds up nobody, and finds its whole answer later")
    func idleReader() async throws {
        let engine = try Fixture.engine()
        let unread = try await engine.start(Self.long(5))
        for _ in 0..<3 { _ = try await engine.answer(Self.long(6)) }
        #expect(try await Collected(unread).answer.tokens.count == 500)
    }

    @Test("Draining refuses what comes and finishes what is there")
    func drain() async throws {
        let engine = try Fixture.engine()
        let stream = try await engine.start(Self.long(5))
        #expect(engine.readiness == .ready)
        await engine.drain()
        #expect(engine.readiness != .ready)
        guard case .unavailable = await Self.error(of: { try await engine.start(Self.long(6)) }) else {
            Issue.record("a draining engine took a request")
            return
        }
        #expect(try await Collected(stream).answer.tokens.count == 500)
    }

    @Test("Shutting down ends what is there with an error, never with a clean end")
    func shutDown() async throws {
        let engine = try Self.endlessEngine { $0.maxRunning = 1 }
        let streams = [try await engine.start(Self.endless(5)), try await engine.start(Self.endless(6))]
        await engine.shutDown()
        for stream in streams {
            guard case .unavailable = await Self.error(of: { for try await _ in stream {} }) else {
                Issue.record("a stream ended without saying why")
                return
            }
        }
        #expect(engine.statistics.usedPages == 0)
    }

    @Test("A template or context that cannot be is refused when the engine is made")
    func badOptions() throws {
        let trained = Fixture.trainedContextLength
        #expect(throws: EngineError.contextTooLong(model: "tiny", requested: 1 << 20, trained: trained)) {
            try Fixture.engine { $0.contextLength = 1 << 20 }
        }
        #expect(throws: EngineError.contextEmpty) { try Fixture.engine { $0.contextLength = 0 } }
    }

    @Test("With fewer pages than a context, the context is what the pages hold")
    func fewPages() async throws {
        let engine = try Fixture.engine { $0.pageCount = 2 }
        #expect(engine.contextLength == 64)
        #expect(try await engine.answer(.greedy(.tokens([5]), maxTokens: nil)).answer.tokens.count == 63)
    }

    @Test("The tokenizer is described with the texts of its special tokens")
    func tokenizerDescription() async throws {
        let engine = try Fixture.engine()
        let description = try await engine.tokenizerDescription(model: "tiny")
        let eos = try #require(description.eosToken)
        let ids = try await engine.tokenize(eos, model: "tiny", addSpecialTokens: false)
        #expect(ids.count == 1 && engine.endTokens.contains(ids[0]))
        #expect(try await engine.detokenize(ids, model: "tiny") == eos)
        #expect(description.contextLength == engine.contextLength)
        #expect(await Self.error { try await engine.detokenize([-1], model: "tiny") } != nil)
    }
}
