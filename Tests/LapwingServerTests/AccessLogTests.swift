import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Logging
import Synchronization
import Testing

@Suite("Access log", .timeLimit(.minutes(1)))
struct AccessLogTests {
    /// All lines, each with all of its metadata, as an operator would read them.
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }

    struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        init(lines: Lines) { self.lines = lines }

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let data = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            lines.append("\(event.level) \(event.message) \(data)")
        }
    }

    func harness(_ provider: ScriptedProvider = ScriptedProvider(ScriptedProvider.Step.answer(["s3cret answer"])))
        -> (ServerHarness, Lines)
    {
        let lines = Lines()
        var harness = ServerHarness(provider: provider)
        harness.logger = Logger(label: "test") { _ in Handler(lines: lines) }
        return (harness, lines)
    }

    @Test("A request is one line at info with method, path, status, duration and id", arguments: [true, false])
    func line(streaming: Bool) async throws {
        let (harness, lines) = harness()
        _ = try await harness.chat(chatBody(streaming ? #""stream":true"# : ""))
        #expect(
            lines.all.filter { $0.hasPrefix("info") } == [
                "info Request answered duration_ms=0.0 method=POST path=/v1/chat/completions "
                    + "request_id=\(ServerHarness.requestID) status=200"
            ])
    }

    @Test("An internal error's reason is logged once under the request's id, and the client is not told")
    func internalError() async throws {
        let (harness, lines) = harness(ScriptedProvider { _, _ in throw RequestError.internal(reason: "disk on fire") })
        let reply = try await harness.chat(chatBody())
        #expect(!reply.text.contains("disk"))
        #expect(lines.all.contains("error Request failed reason=disk on fire request_id=\(ServerHarness.requestID)"))
        #expect(lines.all.count { $0.contains("disk on fire") } == 1)
    }

    @Test(
        "What stands in a path in the place of a name is not logged, nor is a path that nothing is served under",
        arguments: [
            ("GET", "/v1/models/s3cret", "/v1/models/*"), ("DELETE", "/admin/v1/keys/s3cret", "/admin/v1/keys/*"),
            ("GET", "/s3cret", "(none)"), ("POST", "/v1/chat/completions/s3cret", "(none)"),
        ])
    func paths(method: String, path: String, logged: String) async throws {
        let (harness, lines) = harness()
        _ = try await harness.send(method, path)
        #expect(lines.all.count { $0.contains("path=\(logged) ") } == 1)
        #expect(lines.all.filter { $0.contains("s3cret") } == [])
    }

    @Test("No prompt, answer, key or query reaches a line, whatever happens")
    func nothingSecret() async throws {
        let bodies = [
            chatBody(#""user":"s3cret""#), chatBody(#""stream":true,"stop":"s3cret""#),
            #"{"model":"m","messages":[{"role":"s3cret","content":"s3cret"}]}"#, #"{"s3cret":"#, "s3cret",
        ]
        let failing = ScriptedProvider { _, _ in throw ForeignError() }
        for (harness, lines) in [harness(), harness(failing)] {
            for body in bodies {
                _ = try await harness.send(
                    "POST", "/v1/chat/completions?key=s3cret", body: body,
                    headers: ["authorization": "Bearer s3cret", "x-request-id": "s3cret/"])
            }
            #expect(lines.all.count >= bodies.count)
            #expect(lines.all.filter { $0.contains("s3cret") || $0.contains("secret prompt") } == [])
        }
    }
}
