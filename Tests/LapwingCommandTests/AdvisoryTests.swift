import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

/// What other gateways had to mend, with keys, budgets and ledger as they are served.
@Suite("Advisories behind the door")
struct BehindTheDoorTests {
    private let model: WrittenModel
    private let folder: URL

    init() throws {
        model = try TinyModel().write()
        folder = URL(filePath: model.path).deletingLastPathComponent()
    }

    private func assembly() async throws -> Assembly {
        try await Assembly.make(
            Configuration(
                yaml: "models: { tiny: { weights: tiny.gguf, context: 64, pooling: last } }",
                file: folder.appending(path: "lapwing.yaml").path, day: "2026-01-01", environment: [:]))
    }

    private func administrator(_ assembly: Assembly) throws -> Caller {
        var draft = KeyDraft(name: "ops")
        draft.role = .admin
        return Caller(key: try assembly.keys.create(draft, at: 0).key)
    }

    @Test("CVE-2026-42208: no text in the place of a key is SQL: none lets in, and the keys are what they were")
    func injection() async throws {
        let assembly = try await assembly()
        let admin = try administrator(assembly)
        let made = try await assembly.operations.createKey(KeyDraft(name: "bot"), by: admin)
        var random = SplitMix64(seed: 8)
        let pieces = [
            "'", "\"", "--", ";", " OR 1=1", " UNION SELECT ", "/*", "*/", "%", "_", "\0", "\\", "lw-", "key_", "(",
            ")",
            "DROP TABLE keys", "x'00'", "?", ":id", "𝄞", "\n", "DELETE FROM keys", made.key.id, made.key.hint,
        ]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                pieces[Int.random(in: pieces.indices, using: &random)]
            }.joined()
            for access in [Access.client, .admin] {
                #expect(throws: RequestError.self) {
                    try assembly.accounts.identify(.key(Secret(text)), for: access)
                }
            }
        }
        #expect(try assembly.accounts.identify(.key(made.secret), for: .client).key == made.key)
        #expect(try assembly.keys.keys() == [admin.key, made.key])
        await assembly.shutDown()
    }

    @Test("CVE-2026-12797: every way to a model holds the key's budget first and leaves its entry")
    func budgets() async throws {
        let assembly = try await assembly()
        let admin = try administrator(assembly)
        func caller(_ budget: NanoUSD) async throws -> Caller {
            var draft = KeyDraft(name: "bot")
            draft.limits.dailyBudget = budget
            return Caller(key: try await assembly.operations.createKey(draft, by: admin).key)
        }
        let (poor, rich) = (try await caller(NanoUSD(1)), try await caller(NanoUSD(1_000_000_000)))
        let router = assembly.router
        var chat = GenerationRequest(model: "tiny", prompts: [.messages([ChatMessage(role: "user", content: "Hi")])])
        (chat.maxTokens, chat.ignoreEOS) = (2, true)
        var stream = chat
        stream.stream = true
        var completion = chat
        completion.prompts = [.tokens([5, 6])]
        let generations = [chat, stream, completion].map { request in
            { @Sendable (context: RequestContext) async throws -> Void in
                for try await _ in try await router.generate(request, context: context) {}
            }
        }
        let ways: [@Sendable (RequestContext) async throws -> Void] =
            generations + [
                { _ = try await router.embed(EmbeddingRequest(model: "tiny", inputs: [.text("a")]), context: $0) },
                {
                    _ = try await router.rerank(RerankRequest(model: "tiny", query: "q", documents: ["d"]), context: $0)
                },
                {
                    _ = try await router.score(
                        ScoringRequest(model: "tiny", prompt: [5], continuations: [[6]]), context: $0)
                },
            ]
        func context(_ caller: Caller, _ id: String) -> RequestContext {
            var context = RequestContext(requestID: id)
            caller.sign(&context)
            return context
        }
        for (index, way) in ways.enumerated() {
            let refused = context(poor, "poor\(index)")
            await #expect {
                try await way(refused)
            } throws: { error in
                if case .budgetExceeded? = error as? RequestError { true } else { false }
            }
            try await way(context(rich, "rich\(index)"))
        }
        await assembly.shutDown()
        var entries: [LedgerEntry] = []
        try assembly.ledger.reader.forEachEntry { entries.append($0.entry) }
        #expect(entries.map(\.request.requestID) == ways.indices.map { "rich\($0)" })
        #expect(entries.allSatisfy { $0.request.keyID == rich.key?.id && $0.reserved != nil })
    }
}
