import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

@Suite struct AssemblyTests {
    private let model: WrittenModel
    private let folder: URL

    init() throws {
        model = try TinyModel().write()
        folder = URL(filePath: model.path).deletingLastPathComponent()
    }

    private func configuration(_ yaml: String, _ environment: [String: String] = [:]) throws -> Configuration {
        try Configuration(
            yaml: yaml, file: folder.appending(path: "lapwing.yaml").path, day: "2026-01-01", environment: environment)
    }

    private static let yaml = """
        models:
          tiny: { weights: tiny.gguf, context: 256 }
          big: { provider: openai, upstream: gpt-4-turbo, key: "${KEY}" }
        routes: { support: { open: tiny, closed: big, hold: all, escalate: { below: 1.0, tiers: [gold] } } }
        """

    private func ask(_ assembly: Assembly, _ name: String, tier: String = "default") async throws -> (
        text: String, receipt: Receipt?
    ) {
        var request = GenerationRequest(model: name, prompts: [.messages([ChatMessage(role: "user", content: "Hi")])])
        request.maxTokens = 4
        request.ignoreEOS = true
        request.sampling.temperature = 0
        var context = RequestContext(requestID: UUID().uuidString)
        context.tier = tier
        var text = ""
        var receipt: Receipt?
        for try await event in try await assembly.router.generate(request, context: context) {
            if case .delta(_, let part, _) = event { text += part }
            if case .completed(_, _, let found) = event { receipt = found }
        }
        return (text, receipt)
    }

    @Test("A model of OpenAI's is asked in OpenAI's dialect: a field that it refuses is refused here, by name")
    func openAIDialect() async throws {
        let yaml = """
            models:
              big: { provider: openai, endpoints: ["http://127.0.0.1:1/v1"], key: k }
              other: { provider: openai-compatible, endpoints: ["http://127.0.0.1:1/v1"], retries: { attempts: 1 } }
            """
        let assembly = try await Assembly.make(configuration(yaml))
        // Nobody listens there, so whatever is not refused here is not reached.
        let expected = [
            "big": RequestError.unsupported(field: "ignore_eos", reason: "the API of 'big' has no such field"),
            "other": .upstreamUnreachable(model: "other", reason: "connection refused"),
        ]
        for (name, error) in expected {
            await #expect(throws: error) { _ = try await ask(assembly, name) }
        }
        await assembly.shutDown()
    }

    @Test("What the file says is what answers: route, machine time, counterfactual, ledger")
    func wires() async throws {
        let assembly = try await Assembly.make(configuration(Self.yaml))
        let receipt = try #require(try await ask(assembly, "support").receipt)
        #expect(receipt.route == "support")
        #expect(receipt.model == "tiny")
        #expect(receipt.decision == .wouldEscalate)
        #expect(receipt.calls.map(\.priceSource) == ["machine time"])
        #expect(receipt.cost > .zero)
        #expect(receipt.counterfactual?.model == "big")
        #expect(try assembly.ledger.reader.entryCount() == 1)
        let cards = await assembly.router.models()
        #expect(cards.map(\.name).sorted() == ["big", "support", "tiny"])
        #expect(cards.first { $0.name == "big" }?.unavailable == "KEY is not set")
        #expect(cards.first { $0.name == "tiny" }?.contextLength == 256)
        await assembly.shutDown()
    }

    @Test("A model whose key is not set is refused by name, and the rest works")
    func unavailable() async throws {
        let assembly = try await Assembly.make(configuration(Self.yaml))
        await #expect {
            _ = try await ask(assembly, "big")
        } throws: { error in
            guard case RequestError.unavailable(_, let reason, _) = error else { return false }
            return reason.contains("KEY is not set")
        }
        #expect(try await ask(assembly, "tiny").receipt?.decision == .open)
        await assembly.shutDown()
    }

    @Test("A second instance on the same data folder is refused, and the first goes on")
    func secondInstance() async throws {
        let configuration = try configuration(Self.yaml)
        let assembly = try await Assembly.make(configuration)
        await #expect {
            _ = try await Assembly.make(configuration)
        } throws: { error in
            guard case StoreError.inUse = error else { return false }
            return "\(error)".contains("in use by process")
        }
        #expect(try await ask(assembly, "tiny").receipt != nil)
        await assembly.shutDown()
    }

    @Test("A weight file that is not there, or not one, is told with the model's name")
    func badWeights() async throws {
        for (file, words) in [("none.gguf", "there is no file"), ("lapwing.yaml", "model 'tiny', ")] {
            try Data("models:".utf8).write(to: folder.appending(path: "lapwing.yaml"))
            let configuration = try configuration("models: { tiny: { weights: \(file) } }")
            let failure = await #expect(throws: Failure.self) { _ = try await Assembly.make(configuration) }
            #expect(failure?.message?.contains("model 'tiny'") == true)
            #expect(failure?.message?.contains(words) == true)
        }
    }

    @Test("A context longer than the model was trained for is refused, before its weights are loaded")
    func contextTooLong() async throws {
        let configuration = try configuration(
            "models: { tiny: { weights: tiny.gguf, context: 4096, packed_cache: true } }")
        let failure = await #expect(throws: Failure.self) { _ = try await Assembly.make(configuration) }
        #expect(failure?.message == "A context of 4096 tokens was asked for, but 'tiny' was trained for 512.")
        // Loading would have written the packed weights beside the file.
        #expect(!FileManager.default.fileExists(atPath: model.path + ".lapwing-packed"))
    }

    @Test("A decoder with a pooling serves embeddings and rerank beside chat, and one without names what it serves")
    func embeddings() async throws {
        let yaml = """
            models:
              tiny: { weights: tiny.gguf, context: 64, pooling: last }
              plain: { weights: tiny.gguf, context: 64 }
            """
        let assembly = try await Assembly.make(configuration(yaml))
        let cards = await assembly.router.models()
        #expect(cards.map(\.capabilities) == [[.chat, .embeddings, .rerank], [.chat]])
        var request = EmbeddingRequest(model: "tiny", inputs: [.text("the nest"), .text("my card")])
        let result = try await assembly.router.embed(request, context: RequestContext(requestID: "e1"))
        #expect(result.vectors.count == 2 && result.vectors[0] != result.vectors[1])
        #expect(result.receipt?.calls.map(\.priceSource) == ["machine time"])
        let ranked = try await assembly.router.rerank(
            RerankRequest(model: "tiny", query: "the nest", documents: ["my card", "the nest"]),
            context: RequestContext(requestID: "e2"))
        #expect(ranked.method == .cosine && ranked.scores[1] > 0.9999)
        request.model = "plain"
        await #expect(throws: RequestError.incapable(model: "plain", of: .embeddings, serves: [.chat])) {
            try await assembly.router.embed(request, context: RequestContext(requestID: "e3"))
        }
        request.model = "tiny"
        request.inputs = [.tokens(Array(repeating: 5, count: 65))]
        await #expect(throws: RequestError.tooLong(field: "input", tokens: 65, limit: 64)) {
            try await assembly.router.embed(request, context: RequestContext(requestID: "e4"))
        }
        await assembly.shutDown()
        var entries: [LedgerEntry] = []
        try assembly.ledger.reader.forEachEntry { entries.append($0.entry) }
        #expect(entries.map(\.request.endpoint) == ["embeddings", "rerank", "embeddings"])
        #expect(entries.map(\.status) == [.completed, .completed, .failed])
    }
}
