import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import LapwingText
import Testing

@Suite("Making an engine from a file")
struct LoadTests {
    @Test("A conversation is refused by name where the file has no template, and text is still completed")
    func noTemplate() async throws {
        let engine = try engine { file in file.metadata.removeAll { $0.key == "tokenizer.chat_template" } }
        let refused = await LimitTests.error { try await engine.start(conversation) }
        guard case .unsupported(field: "messages", _) = refused else {
            Issue.record("found \(String(describing: refused))")
            return
        }
        #expect(try await engine.answer(.greedy(.text("hi"), maxTokens: 1)).answer.tokens.count == 1)
    }

    @Test("A template that cannot be run is refused with the construct, and a named one takes its place")
    func brokenTemplate() async throws {
        let damage: (inout GGUFWriter) -> Void = { file in
            file.metadata.removeAll { $0.key == "tokenizer.chat_template" }
            file.add("tokenizer.chat_template", .string("{% import 'os' as os %}"))
        }
        let refused = await LimitTests.error { try await engine(damage).start(conversation) }
        guard case .unsupported(field: "messages", let reason) = refused else {
            Issue.record("found \(String(describing: refused))")
            return
        }
        #expect(reason.contains("import"))
        let overridden = try engine(damage) { $0.chatTemplate = .chatml }
        let found = try await overridden.answer(conversation).answer.ids
        #expect(found == (try await engine { _ in }.answer(conversation)).answer.ids)
    }

    @Test("A file without tokens is refused by the key that it lacks")
    func noTokens() throws {
        #expect(throws: WeightsError.missingKey("tokenizer.ggml.tokens")) {
            try engine { file in file.metadata.removeAll { $0.key == "tokenizer.ggml.tokens" } }
        }
    }

    @Test("Weights that are not numbers make answers of finite log-probabilities, and no crash")
    func notANumber() async throws {
        let engine = try engine { file in
            for index in file.tensors.indices where file.tensors[index].name == "output_norm.weight" {
                file.tensors[index].data = Array(repeating: 0xFF, count: file.tensors[index].data.count)
            }
        }
        for temperature in [0, 1.0] {
            var request = GenerationRequest.greedy(.text("hi"), maxTokens: 3)
            request.sampling.temperature = temperature
            request.sampling.topP = 0.9
            let answer = try await engine.answer(request).answer
            #expect(answer.tokens.count == 3)
            #expect(answer.logProbabilities.allSatisfy { $0.isFinite })
        }
    }

    private let conversation = GenerationRequest.greedy(.messages([.init(role: "user", content: "hi")]), maxTokens: 3)

    private func engine(
        _ change: (inout GGUFWriter) -> Void, options: (inout EngineOptions) -> Void = { _ in }
    ) throws -> Engine {
        var writer = TinyModel(seed: 1).writer()
        change(&writer)
        var chosen = EngineOptions()
        options(&chosen)
        let folder = try TemporaryFolder()
        let path = try folder.write(writer.file().bytes, to: "changed.gguf")
        return try Engine(name: "changed", model: LanguageModel.load(path: path), options: chosen)
    }
}
