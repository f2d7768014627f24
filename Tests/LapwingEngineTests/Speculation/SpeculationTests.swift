import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Answers with and without speculation")
struct SpeculationTests {
    /// Repeats itself much, and not always: its head is tied.
    private static let model = Result { () throws -> LanguageModel in
        let written = try TinyModel(seed: 3).write()
        return try withExtendedLifetime(written) { try LanguageModel.load(path: written.path) }
    }

    private static func engine(speculates: Bool, _ change: (inout EngineOptions) -> Void = { _ in }) throws -> Engine {
        var options = EngineOptions()
        options.speculates = speculates
        change(&options)
        return try Engine(name: "tiny", model: model.get(), options: options)
    }

    /// Draws from four tokens, so that what was guessed is drawn often, and often not.
    private static func request(_ first: TokenID, seed: UInt64 = 5, maxTokens: Int = 90) -> GenerationRequest {
        var request = GenerationRequest.greedy(.tokens([first, 6, 7, first, 6, 7, 8]), maxTokens: maxTokens)
        request.sampling.temperature = 1
        request.sampling.seed = seed
        for (token, bias) in [10: 40.0, 11: 39.5, 12: 38, 13: 37.5] as [TokenID: Double] {
            request.sampling.logitBias[token] = bias
        }
        return request
    }

    /// Runs the requests at once in an engine with and in one without speculation; gives the former's statistics.
    @discardableResult
    private func compare(
        _ requests: [GenerationRequest], _ change: (inout EngineOptions) -> Void = { _ in }
    ) async throws -> EngineStatistics {
        let (plain, guessing) = (try Self.engine(speculates: false, change), try Self.engine(speculates: true, change))
        let (expected, found) = (try await answers(plain, requests), try await answers(guessing, requests))
        for (expected, found) in zip(expected, found) {
            #expect(expected.usage.completionTokens == found.usage.completionTokens)
            for (index, choice) in expected.choices {
                #expect(choice.tokens == found.choices[index]?.tokens)
                #expect(choice.deltas == found.choices[index]?.deltas)
                #expect(choice.prompt == found.choices[index]?.prompt)
                #expect(choice.reason == found.choices[index]?.reason)
            }
        }
        let statistics = guessing.statistics
        #expect(plain.statistics.draftedTokens == 0)
        #expect(statistics.acceptedTokens > 0 && statistics.acceptedTokens <= statistics.draftedTokens)
        #expect(statistics.generatedTokens == plain.statistics.generatedTokens)
        #expect(statistics.usedPages == 0)
        return statistics
    }

    private func answers(_ engine: Engine, _ requests: [GenerationRequest]) async throws -> [Collected] {
        var streams: [GenerationStream] = []
        for request in requests { streams.append(try await engine.start(request)) }
        var answers: [Collected] = []
        for stream in streams { answers.append(try await Collected(stream)) }
        return answers
    }

    @Test("are equal where the most probable token is taken, in fewer steps")
    func greedy() async throws {
        let request = GenerationRequest.greedy(.tokens([5, 6, 7, 8, 5, 6, 7]), maxTokens: 200)
        let statistics = try await compare([request])
        #expect(statistics.steps < 100)
    }

    @Test("are equal where tokens are drawn, alone and in company, from one request or several")
    func sampled() async throws {
        let alone = try await compare([Self.request(5)])
        #expect(alone.acceptedTokens < alone.draftedTokens)
        var choices = Self.request(6)
        choices.choiceCount = 3
        try await compare([choices, Self.request(5, seed: 8), Self.request(7, seed: 9)])
        try await compare((0..<10).map { Self.request(5 + $0 % 3, seed: UInt64($0)) })
    }

    @Test("are equal with penalties, filters and alternatives reported")
    func penalties() async throws {
        let changes: [(inout GenerationRequest) -> Void] = [
            { $0.sampling.repetitionPenalty = 1.05 }, { $0.sampling.frequencyPenalty = 0.02 },
            { $0.sampling.presencePenalty = 0.5 }, { $0.sampling.topK = 3 },
            {
                $0.sampling.topP = 0.9
                $0.sampling.minP = 0.05
            }, { $0.topLogProbabilities = 5 }, { $0.topLogProbabilities = nil },
            {
                $0.topLogProbabilities = 1
                $0.echo = true
            },
        ]
        for change in changes {
            var request = Self.request(5)
            change(&request)
            try await compare([request])
        }
    }

    @Test("end at the same token, wherever in a draft the limit, a stop string or an end token comes")
    func ends() async throws {
        try await compare((60..<76).map { Self.request(5, maxTokens: $0) })
        let free = try await Self.engine(speculates: false).answer(Self.request(5)).answer
        let end = try #require(try Self.engine(speculates: false).endTokens.min())
        var stopped: [GenerationRequest] = []
        for place in stride(from: 30, to: 80, by: 7) {
            var request = Self.request(5)
            request.stop = [free.deltas[place...].prefix(5).joined()]
            stopped.append(request)
        }
        for seed in 0..<8 as Range<UInt64> {
            var request = Self.request(5, seed: seed)
            request.ignoreEOS = false
            request.sampling.logitBias[end] = 35.5
            stopped.append(request)
        }
        try await compare(stopped)
        let reasons = try await answers(Self.engine(speculates: true), stopped).map(\.answer.reason)
        #expect(reasons.filter { $0 == .stop }.count > 8)
    }

    @Test("are equal where sequences are put back for want of pages")
    func putBack() async throws {
        let requests = (0..<6).map { Self.request(5 + $0, seed: UInt64($0), maxTokens: 100) }
        let statistics = try await compare(requests) { $0.pageCount = 8 }
        #expect(statistics.putBackSequences > 0)
    }

    @Test("are equal beside one that is cancelled in the middle")
    func cancelled() async throws {
        let expected = try await Self.engine(speculates: false).answer(Self.request(5)).answer
        let engine = try Self.engine(speculates: true)
        let kept = try await engine.start(Self.request(5))
        do {
            var dropped = try await engine.start(Self.request(6, maxTokens: 400)).makeAsyncIterator()
            for _ in 0..<20 { _ = try await dropped.next() }
        }
        #expect(try await Collected(kept).answer.tokens == expected.tokens)
        await engine.drain()
        #expect(engine.statistics.usedPages == 0)
    }
}
