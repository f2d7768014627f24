import LapwingAPI
import LapwingEngine
import Testing

@Suite("Echo and scoring")
struct EchoAndScoreTests {
    static let tokens = (0..<75).map { TokenID(5 + $0 * 7 % 200) }

    static func echo(_ tokens: [TokenID], maxTokens: Int, top: Int? = 1) -> GenerationRequest {
        var request = GenerationRequest.greedy(.tokens(tokens), maxTokens: maxTokens)
        request.echo = true
        request.topLogProbabilities = top
        return request
    }

    @Test(
        "Echo gives exactly one entry for each prompt token, the first without a log-probability", arguments: [0, 1, 5])
    func entryCounts(maxTokens: Int) async throws {
        let engine = try Fixture.engine()
        for count in [1, 2, 32, 33, 75] {
            let tokens = Array(Self.tokens.prefix(count))
            let answer = try await engine.answer(Self.echo(tokens, maxTokens: maxTokens)).answer
            let prompt = try #require(answer.prompt)
            #expect(prompt.map(\.id) == tokens)
            #expect(prompt.map { $0.logProbability == nil } == (0..<count).map { $0 == 0 })
            #expect(prompt.dropFirst().allSatisfy { $0.top.count == 1 })
            #expect(answer.tokens.count == maxTokens)
            #expect(answer.reason == .length)
        }
    }

    @Test("The one generated entry is there even when it is an end token")
    func endTokenIsAnEntry() async throws {
        let engine = try Fixture.engine()
        let end = try #require(engine.endTokens.min())
        var request = Self.echo([5, 6, 7], maxTokens: 1)
        request.ignoreEOS = false
        request.sampling.logitBias = [end: 1000]
        let answer = try await engine.answer(request).answer
        #expect(answer.prompt?.count == 3)
        #expect(answer.ids == [end])
        #expect(answer.tokens.first?.logProbability != nil)
        #expect(answer.tokens.first?.bytes.isEmpty == false)
        #expect(answer.text.isEmpty)
    }

    @Test("Echo without log-probabilities gives the prompt's tokens alone")
    func plainEcho() async throws {
        let answer = try await Fixture.engine().answer(Self.echo([5, 6, 7], maxTokens: 1, top: nil)).answer
        #expect(answer.prompt?.map(\.id) == [5, 6, 7])
        #expect(answer.prompt?.allSatisfy { $0.logProbability == nil } == true)
        #expect(answer.tokens.count == 1)
    }

    @Test("The entries are the same with a warm prefix, in small chunks and beside others")
    func echoIsInvariant() async throws {
        let cold = try await Fixture.engine().answer(Self.echo(Self.tokens, maxTokens: 1))
        let engine = try Fixture.engine { $0.prefillChunk = 8 }
        _ = try await engine.answer(.greedy(.tokens(Self.tokens), maxTokens: 1))
        async let beside = engine.answer(.greedy(.tokens([4, 5, 6]), maxTokens: 40))
        let warm = try await engine.answer(Self.echo(Self.tokens, maxTokens: 1))
        _ = try await beside
        #expect(cold.answer.prompt == warm.answer.prompt)
        #expect(cold.answer.tokens == warm.answer.tokens)
    }

    @Test("A most probable token's figure is equal to the best alternative's, as evaluation harnesses compare them")
    func greedyIsExactEquality() async throws {
        let engine = try Fixture.engine()
        let answer = try await engine.answer(.greedy(.tokens([5, 6, 7]), maxTokens: 6)).answer
        let echoed = try await engine.answer(Self.echo([5, 6, 7] + answer.ids, maxTokens: 0)).answer
        let prompt = try #require(echoed.prompt)
        for token in prompt.dropFirst(3) { #expect(token.logProbability == token.top.first?.logProbability) }
        #expect(prompt.dropFirst(3).map(\.logProbability) == answer.tokens.map(\.logProbability))
    }

    @Test("Scoring gives the figures of echo, for each continuation, and says which are greedy")
    func scoringEqualsEcho() async throws {
        let engine = try Fixture.engine()
        let prompt = Array(Self.tokens.prefix(70))
        let greedy = try await engine.answer(.greedy(.tokens(prompt), maxTokens: 3)).answer.ids
        let continuations: [[TokenID]] = [greedy, [9], [10, 11, 12, 13, 14], [], [9, 10]]
        let result = try await engine.score(
            ScoringRequest(model: "tiny", prompt: prompt, continuations: continuations),
            context: RequestContext(requestID: "r"))
        for (continuation, scored) in zip(continuations, result.continuations) {
            let echoed = try await engine.answer(Self.echo(prompt + continuation, maxTokens: 0)).answer
            let entries = try #require(echoed.prompt).dropFirst(prompt.count)
            #expect(scored.logProbabilities == entries.map(\.logProbability))
            #expect(scored.isGreedy == entries.allSatisfy { $0.logProbability == $0.top.first?.logProbability })
        }
        #expect(result.continuations[0].isGreedy)
        #expect(result.usage.promptTokens == 70 + 11)
        #expect(result.usage.completionTokens == 0)
    }

    @Test("Continuations share the prompt: it is computed once")
    func scoringSharesThePrompt() async throws {
        let engine = try Fixture.engine()
        let continuations = (0..<8).map { [TokenID(20 + $0), 3] }
        _ = try await engine.score(
            ScoringRequest(model: "tiny", prompt: Self.tokens, continuations: continuations),
            context: RequestContext(requestID: "r"))
        // But for its last token, whose row scores each continuation's first.
        #expect(engine.statistics.computedTokens == 74 + 8 * 2)
    }

    @Test("No continuations, or empty ones, are scored without a step")
    func nothingToScore() async throws {
        let engine = try Fixture.engine()
        for continuations in [[], [[]], [[], []]] as [[[TokenID]]] {
            let result = try await engine.score(
                ScoringRequest(model: "tiny", prompt: [5], continuations: continuations),
                context: RequestContext(requestID: "r"))
            #expect(result.continuations.count == continuations.count)
            #expect(result.continuations.allSatisfy { $0.logProbabilities.isEmpty && $0.isGreedy })
        }
        #expect(engine.statistics.steps == 0)
    }
}
