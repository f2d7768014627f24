import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("A prompt alone, in a batch, in chunks, with a warm prefix and after being put back")
struct InvarianceTests {
    @Test("gives the same tokens and log-probabilities with a tiny model")
    func tinyModel() async throws {
        let texts = (0..<8).map { "the \($0) inn in the weather " + String(repeating: "her \($0) in ", count: 3 * $0) }
        try await check(Fixture.model(), texts: texts, maxTokens: 80)
    }

    @Test(
        "gives the same tokens and log-probabilities with the default model",
        .enabled(if: DefaultModel.isPresent, "\(DefaultModel.absence)"))
    func realModel() async throws {
        let questions = [
            "My card was charged twice for the same order. What should I do?", "How do I reset my password?",
            "Where is my parcel? It should have been here on Monday, and the tracking page says nothing new.",
            "Can I change the delivery address?", "I want a refund.", "Wie ändere ich meine Adresse? 🙂",
            "Do you ship to Norway, and what does it cost for a parcel of 12 kg?", "cancel my subscription",
        ]
        let system =
            "<|im_start|>system\nYou answer questions about orders, parcels and invoices of a shop, in two sentences at "
            + "most, and you say so when you do not know.<|im_end|>\n"
        let texts = questions.map { system + "<|im_start|>user\n\($0)<|im_end|>\n<|im_start|>assistant\n" }
        try await check(DefaultModel.load(), texts: texts, maxTokens: 16)
    }

    private func check(_ model: LanguageModel, texts: [String], maxTokens: Int) async throws {
        var requests = texts.map { GenerationRequest.greedy(.text($0), maxTokens: maxTokens) }
        for index in requests.indices { requests[index].echo = true }
        let plain = texts.map { GenerationRequest.greedy(.text($0), maxTokens: maxTokens) }
        let alone = try await answersInTurn(engine(model), requests)

        try await compare("in a batch of 8", alone, answersTogether(engine(model), requests))
        try await compare("in a batch of 8, without echo", alone, answersTogether(engine(model), plain))
        let chunks = try engine(model) {
            $0.prefillChunk = 7
            $0.prefillChunkBesideGeneration = 5
            $0.maxRunning = 3
        }
        try await compare("in chunks", alone, answersTogether(chunks, requests))
        let warm = try engine(model)
        _ = try await answersInTurn(warm, plain)
        let again = try await answersInTurn(warm, plain)
        #expect(again.reduce(0) { $0 + $1.usage.cachedPromptTokens } > 0)
        compare("with a warm prefix", alone, again)

        // So few pages that the youngest must make room more than once, where answers outgrow the page each has in hand.
        let longest = try #require(alone.map { $0.usage.promptTokens + maxTokens }.max())
        let scarce = try engine(model) { $0.pageCount = (longest + 31) / 32 + 1 }
        // One request, so that all of them are there before the first has ended.
        var crowd = GenerationRequest.greedy(.text(texts[0]), maxTokens: maxTokens)
        crowd.prompts = texts.map(Prompt.text)
        crowd.echo = true
        let crowded = try await scarce.answer(crowd)
        for (index, expected) in alone.enumerated() {
            compare("with few pages", expected.answer, try #require(crowded.choices[index]))
        }
        #expect(scarce.statistics.putBackSequences > 1 || maxTokens < 64)
    }

    private func engine(_ model: LanguageModel, _ change: (inout EngineOptions) -> Void = { _ in }) throws -> Engine {
        var options = EngineOptions()
        change(&options)
        return try Engine(name: "tiny", model: model, options: options)
    }

    private func answersInTurn(_ engine: Engine, _ requests: [GenerationRequest]) async throws -> [Collected] {
        var answers: [Collected] = []
        for request in requests { answers.append(try await engine.answer(request)) }
        return answers
    }

    private func answersTogether(_ engine: Engine, _ requests: [GenerationRequest]) async throws -> [Collected] {
        var streams: [GenerationStream] = []
        for request in requests { streams.append(try await engine.start(request)) }
        var answers: [Collected] = []
        for stream in streams { answers.append(try await Collected(stream)) }
        return answers
    }

    private func compare(_ how: Comment, _ expected: [Collected], _ found: [Collected]) {
        for (expected, found) in zip(expected, found) { compare(how, expected.answer, found.answer) }
    }

    private func compare(_ how: Comment, _ expected: Collected.Choice, _ found: Collected.Choice) {
        #expect(expected.ids == found.ids, how)
        #expect(expected.text == found.text, how)
        #expect(distance(expected.tokens, found.tokens) < 1e-4, how)
        if let prompt = found.prompt { #expect(distance(expected.prompt ?? [], prompt) < 1e-4, how) }
    }

    private func distance(_ a: [ScoredToken], _ b: [ScoredToken]) -> Double {
        guard a.count == b.count else { return .infinity }
        func figures(_ token: ScoredToken) -> [Double] {
            [token.logProbability ?? 0] + token.top.map(\.logProbability)
        }
        return zip(a, b).flatMap { zip(figures($0), figures($1)).map { abs($0 - $1) } }.max() ?? 0
    }
}
