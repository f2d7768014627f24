import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Logging
import Testing

@Suite("Fitted gates of routes")
struct RouteGatesTests {
    static let prompts = (0..<120).map {
        $0 % 2 == 0 ? "Solve the integral \($0 % 9) of it" : "Name the capital \($0 % 7) of it"
    }
    static let gains = (0..<120).map { $0 % 2 == 0 ? 1 : 0 }

    private func file(embedded: Bool = false) -> GateFile {
        let vectors: [[Float]] = (0..<120).map { $0 % 2 == 0 ? [1, 0] : [0, 1] }
        let samples = GainSamples(prompts: Self.prompts, embeddings: embedded ? vectors : nil)
        let recipe = GainRecipe([.words: 1], .ridge(alpha: 1), neighbourShare: embedded ? 0.5 : 0)
        let rows = Array(0..<120)
        let model = GainModel.fit(samples, gains: Self.gains, on: rows, recipe: recipe)
        return GateFile(
            name: "support", version: 3, embedding: embedded ? "minilm" : nil, model: model,
            outOfFold: model.scores(samples, rows), threshold: 0.5, fingerprint: "")
    }

    private func finding(
        _ text: String, _ gate: RouteGates.Gate, route: String = "support", prompt: Prompt? = nil
    ) async -> GateFinding? {
        let gates = RouteGates(["support": gate], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let chat = Prompt.messages([
            ChatMessage(role: "system", content: "Solve the integral."), ChatMessage(role: "user", content: text),
        ])
        var request = GenerationRequest(model: route, prompts: [prompt ?? chat])
        request.maxTokens = 8
        return await gates.finding(
            for: request, route: Route(name: route, open: "small", closed: "big"),
            context: RequestContext(requestID: "r"))
    }

    @Test("What the user says decides the side, and the finding carries version, confidence and threshold")
    func sides() async throws {
        let gate = RouteGates.Gate(file: file(), threshold: 0.5)
        let hard = try #require(await finding("Solve the integral 4 of it", gate))
        #expect(hard.side == .closed)
        #expect(hard.confidence?.calibrator == "support-v3")
        // A gain of 0.5 as what the closed model would not add: (1 - 0.5) / 2.
        #expect(hard.threshold == 0.25 && hard.confidence?.isCalibrated == false)
        #expect(try #require(hard.confidence).probability < 0.25)
        let easy = try #require(await finding("Name the capital 3 of it", gate))
        #expect(easy.side == .open)
        #expect(try #require(easy.confidence).probability > 0.25)
    }

    @Test("A route without a gate and token ids are nothing to it")
    func silence() async {
        let gate = RouteGates.Gate(file: file(), threshold: 0.5)
        #expect(await finding("Solve the integral 4 of it", gate, route: "other") == nil)
        #expect(await finding("", gate, prompt: .tokens([1, 2])) == nil)
    }

    @Test("Embeddings come from the provider, from less of a prompt that is too long, and without them it says nothing")
    func embeddings() async throws {
        let file = file(embedded: true)
        let short = Vectors(longest: 2000)
        let text = "Solve the integral " + String(repeating: "again ", count: 300)
        let found = try #require(await finding(text, .init(file: file, threshold: 0.5, embedding: short)))
        #expect(found.side == .closed)
        let long = try #require(
            await finding(text, .init(file: file, threshold: 0.5, embedding: Vectors(longest: 500))))
        #expect(long.side == .closed)
        #expect(await finding(text, .init(file: file, threshold: 0.5, embedding: Vectors(longest: 10))) == nil)
    }

    @Test("A share of the prompts it was fitted on lies over the threshold of that share")
    func shares() {
        let file = file()
        #expect(file.scores.count == 101)
        let scores = Self.prompts.map { file.model.score(prompt: $0) }
        for share in [0.1, 0.25, 0.5] {
            let over = Double(scores.count { $0 > file.threshold(forShare: share) }) / 120
            #expect(abs(over - share) < 0.05)
        }
    }

    /// Vectors that say whether an integral is asked for.
    private struct Vectors: EmbeddingProvider {
        var longest: Int

        func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
            let vectors: [[Float]] = try request.inputs.map { input in
                guard case .text(let text) = input else { return [0, 0] }
                guard text.count <= longest else {
                    throw RequestError.tooLong(field: "input", tokens: text.count, limit: longest)
                }
                return text.contains("integral") ? [1, 0] : [0, 1]
            }
            return EmbeddingResult(
                model: request.model, vectors: vectors, usage: Usage(promptTokens: 1, completionTokens: 0))
        }
    }
}
