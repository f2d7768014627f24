import LapwingAPI
import LapwingEngine
import Testing

@Suite("Log-probabilities of prompts, with a warm cache")
struct PromptScoreTests {
    /// What an evaluation harness sends for multiple choice: each subject has five worked examples that all its questions
    /// begin with, and each question comes four times, with another letter at its end.
    private static func load(subjects: Int, questions: Int) -> [[TokenID]] {
        var prompts: [[TokenID]] = []
        for subject in 0..<subjects {
            let examples = tokens(400, seed: subject)
            for question in 0..<questions {
                let context = examples + tokens(30 + 3 * question, seed: 100 * (subject + 1) + question)
                prompts += (0..<4).map { context + [TokenID(40 + $0)] }
            }
        }
        return prompts
    }

    private static func tokens(_ count: Int, seed: Int) -> [TokenID] {
        (0..<count).map { TokenID(5 + (($0 + 1) * (7 + seed) + $0 * $0 * (seed % 5 + 1)) % 190) }
    }

    private static func request(_ prompts: [[TokenID]], top: Int = 1, maxTokens: Int = 1) -> GenerationRequest {
        var request = EchoAndScoreTests.echo(prompts[0], maxTokens: maxTokens, top: top)
        request.prompts = prompts.map { .tokens($0) }
        // As the router asks, which judges the answer by its two best tokens.
        (request.promptTopLogProbabilities, request.topLogProbabilities) = (top, max(top, 2))
        return request
    }

    @Test("A harness's multiple choice computes at most a tenth of what it sends, and each answer is a cold engine's")
    func multipleChoice() async throws {
        let prompts = Self.load(subjects: 2, questions: 8)
        let sent = prompts.reduce(0) { $0 + $1.count }
        let inTurn = try Fixture.engine()
        let together = try Fixture.engine()
        for first in stride(from: 0, to: prompts.count, by: 4) {
            let question = Array(prompts[first..<first + 4])
            let crowd = try await together.answer(Self.request(question))
            for (index, prompt) in question.enumerated() {
                var cold = Self.request([prompt])
                cold.cachePrompt = false
                let expected = try await Fixture.engine().answer(cold).answer
                let found = try await inTurn.answer(Self.request([prompt])).answer
                #expect(found.prompt == expected.prompt && found.tokens == expected.tokens)
                #expect(crowd.choices[index]?.prompt == expected.prompt)
                #expect(crowd.choices[index]?.tokens == expected.tokens)
            }
        }
        #expect(inTurn.statistics.computedTokens <= UInt64(sent / 10), "of \(sent)")
        #expect(together.statistics.computedTokens <= UInt64(sent / 10), "of \(sent)")
        #expect(inTurn.statistics.usedPages == 0 && together.statistics.usedPages == 0)
    }

    @Test("Requests queued at once with a new common beginning compute it once, and answer as cold ones do")
    func queuedAtOnce() async throws {
        let common = Self.tokens(300, seed: 3)
        let prompts = (0..<4).map { common + [TokenID(40 + $0), 9] }
        let engine = try Fixture.engine()
        var streams: [GenerationStream] = []
        for prompt in prompts { streams.append(try await engine.start(Self.request([prompt]))) }
        for (prompt, stream) in zip(prompts, streams) {
            let expected = try await Fixture.engine().answer(Self.request([prompt])).answer
            let found = try await Collected(stream).answer
            #expect(found.prompt == expected.prompt && found.tokens == expected.tokens)
        }
        #expect(engine.statistics.computedTokens <= 302 + 3 * 6)
    }

    @Test("A prompt that was put back while it was scored reports each token once, as if alone", arguments: [1, 3])
    func putBack(top: Int) async throws {
        let prompts = [Self.tokens(40, seed: 1), Self.tokens(190, seed: 2)]
        let engine = try Fixture.engine {
            ($0.maxRunning, $0.pageCount, $0.speculates) = (2, 9, false)
            ($0.prefillChunk, $0.prefillChunkBesideGeneration) = (16, 2)
        }
        let request = Self.request(prompts, top: top, maxTokens: 60)
        let found = try await engine.answer(request)
        #expect(engine.statistics.putBackSequences > 0)
        for (index, prompt) in prompts.enumerated() {
            let alone = try await Fixture.engine().answer(Self.request([prompt], top: top, maxTokens: 60)).answer
            #expect(found.choices[index]?.prompt == alone.prompt)
            #expect(found.choices[index]?.tokens == alone.tokens)
        }
    }

    @Test("A prompt scored in one way is spared in another, and one read without logits is not")
    func mixedRequests() async throws {
        let prompt = Self.tokens(200, seed: 4)
        let cold = try await Fixture.engine().answer(Self.request([prompt])).answer
        let bare = try await Fixture.engine().answer(Self.request([prompt], top: 0)).answer
        let three = try await Fixture.engine().answer(Self.request([prompt], top: 3)).answer
        let engine = try Fixture.engine()
        var counted: UInt64 = 0
        func computed() -> UInt64 {
            defer { counted = engine.statistics.computedTokens }
            return engine.statistics.computedTokens - counted
        }
        _ = try await engine.answer(.greedy(.tokens(prompt), maxTokens: 1))
        #expect(computed() == 200)
        #expect(try await engine.answer(Self.request([prompt])).answer.prompt == cold.prompt)
        #expect(computed() == 200)
        #expect(try await engine.answer(Self.request([prompt], top: 0)).answer.prompt == bare.prompt)
        #expect(try await engine.answer(Self.request([prompt], maxTokens: 0)).answer.prompt == cold.prompt)
        #expect(computed() <= 4)
        #expect(try await engine.answer(Self.request([prompt], top: 3)).answer.prompt == three.prompt)
        #expect(computed() == 200)
        let result = try await engine.score(
            ScoringRequest(model: "tiny", prompt: Array(prompt.prefix(150)), continuations: [Array(prompt[150...])]),
            context: RequestContext(requestID: "r"))
        #expect(result.continuations[0].logProbabilities == cold.prompt?[150...].map { $0.logProbability ?? 1 })
        #expect(computed() <= 2)
    }
}
