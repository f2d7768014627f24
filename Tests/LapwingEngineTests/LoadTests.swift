import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingStatistics
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

    @Test("A template that fails while it runs is at fault itself; only its own refusal is about the conversation")
    func failingTemplate() async throws {
        func refused(_ template: String) async throws -> RequestError? {
            let engine = try engine { file in
                file.metadata.removeAll { $0.key == "tokenizer.chat_template" }
                file.add("tokenizer.chat_template", .string(template))
            }
            return await LimitTests.error { try await engine.start(conversation) }
        }
        guard case .unsupported(field: "messages", _) = try await refused("{{ messages[0].no.such }}") else {
            Issue.record("the conversation is blamed")
            return
        }
        guard case .invalid(field: "messages", let found, _) = try await refused("{{ raise_exception('no system') }}")
        else {
            Issue.record("the conversation is not named")
            return
        }
        #expect(found.contains("no system"))
    }

    @Test("A file without tokens is refused by the key that it lacks")
    func noTokens() throws {
        #expect(throws: WeightsError.missingKey("tokenizer.ggml.tokens")) {
            try engine { file in file.metadata.removeAll { $0.key == "tokenizer.ggml.tokens" } }
        }
    }

    @Test("A tokenizer that cannot be run is refused by its name, also where the file has no merges")
    func otherTokenizer() throws {
        #expect(
            throws: TextError.unsupportedTokenizer(model: "rwkv", supported: ["gpt2", "llama", "gemma4", "t5", "bert"])
        ) {
            try engine { file in
                file.metadata.removeAll { ["tokenizer.ggml.model", "tokenizer.ggml.merges"].contains($0.key) }
                file.add("tokenizer.ggml.model", .string("rwkv"))
            }
        }
    }

    @Test("Weights that are not numbers make answers of finite log-probabilities, and no crash")
    func notANumber() async throws {
        // Not numbers at all, and so large that the logits are infinite.
        for damage in [[0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0x7F, 0x7F]] as [[UInt8]] {
            let engine = try engine { file in
                for index in file.tensors.indices where file.tensors[index].name == "output_norm.weight" {
                    let count = file.tensors[index].data.count
                    file.tensors[index].data = (0..<count).map { damage[$0 % 4] }
                }
            }
            try await answersAreFinite(engine)
        }
    }

    private func answersAreFinite(_ engine: Engine) async throws {
        for (temperature, minP, topK) in [(0, 0, nil), (1, 0, nil), (1, 0.05, nil), (1, 0.05, 5)]
            as [(Double, Double, Int?)]
        {
            var request = GenerationRequest.greedy(.text("hi"), maxTokens: 3)
            request.sampling.temperature = temperature
            request.sampling.topP = 0.9
            request.sampling.minP = minP
            request.sampling.topK = topK
            let answer = try await engine.answer(request).answer
            #expect(answer.tokens.count == 3)
            #expect(answer.logProbabilities.allSatisfy { $0.isFinite })
        }
    }

    @Test("A mutated model file makes an engine that answers, or is refused")
    func mutations() async throws {
        var tiny = TinyModel(seed: 1)
        (tiny.layerCount, tiny.vocabularySize, tiny.contextLength) = (1, 300, 64)
        var mixture = tiny
        mixture.experts = .init(count: 2, usedCount: 1)
        let sources = [tiny.writer().file(), mixture.writer().file()]
        let rounds = ProcessInfo.processInfo.environment["LAPWING_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 5_000
        let workers = Workers(count: 1)
        var random = SplitMix64(seed: 20_261_126)
        var (answered, refused) = ([0, 0], [0, 0])
        for round in 0..<rounds / 5 {
            let source = round % sources.count
            var mutation = HeaderMutation(sources[source], seed: random.next())
            let bytes = mutation.apply()
            do {
                let model = try LanguageModel(file: GGUFFile(bytes: bytes), options: LoadOptions(workers: workers))
                var options = EngineOptions()
                options.pageCount = 2
                let engine = try Engine(name: "mutated", model: model, options: options)
                let answer = try await engine.answer(.greedy(.text("the inn"), maxTokens: 2)).answer
                #expect(answer.tokens.count == 2)
                answered[source] += 1
            } catch {
                refused[source] += 1
            }
        }
        // Mutations that never open, or always, would prove nothing.
        let least = rounds / 200
        #expect((answered + refused).allSatisfy { $0 > least }, "\(answered) answered, \(refused) refused")
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
