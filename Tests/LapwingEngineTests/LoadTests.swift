import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingTestSupport
import Synchronization
import Testing

@Suite("Loading an engine")
struct LoadTests {
    private final class Stages: Sendable {
        let seen = Mutex<[Engine.LoadStage]>([])
    }

    @Test("A weight file becomes an engine that answers, and the stages are told in order")
    func load() async throws {
        let written = try TinyModel(seed: 1, hasTiedHead: false).write()
        let stages = Stages()
        let engine = try await Engine.load(name: "tiny", path: written.path) { stage in
            stages.seen.withLock { $0.append(stage) }
        }
        #expect(stages.seen.withLock { $0 } == Engine.LoadStage.allCases)
        #expect(engine.contextLength == 512)
        let answer = try await engine.answer(.greedy(.text("the young run"), maxTokens: 4)).answer
        #expect(
            answer.ids == (try await Fixture.engine().answer(.greedy(.text("the young run"), maxTokens: 4))).answer.ids)
    }

    @Test("A file that is not there is an error before an engine exists")
    func missingFile() async throws {
        await #expect(throws: WeightsError.self) { try await Engine.load(name: "none", path: "/nowhere/none.gguf") }
    }

    @Test("A conversation is refused by name where the file has no template, and text is still completed")
    func noTemplate() async throws {
        var writer = TinyModel(seed: 1).writer()
        writer.metadata.removeAll { $0.key == "tokenizer.chat_template" }
        let folder = try TemporaryFolder()
        let path = try folder.write(writer.file().bytes, to: "bare.gguf")
        let engine = try await Engine.load(name: "bare", path: path)
        let refused = await LimitTests.error {
            try await engine.start(.greedy(.messages([.init(role: "user", content: "hi")]), maxTokens: 1))
        }
        guard case .unsupported(field: "messages", _) = refused else {
            Issue.record("found \(String(describing: refused))")
            return
        }
        #expect(try await engine.answer(.greedy(.text("hi"), maxTokens: 1)).answer.tokens.count == 1)
    }
}
