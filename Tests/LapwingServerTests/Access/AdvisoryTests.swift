import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

/// What other gateways had to mend, at this one's door. `Docs/Security.md` has the whole list.
@Suite("Advisories at the door", .timeLimit(.minutes(1)))
struct AdvisoryTests {
    private static let key = ["authorization": "Bearer lw-right"]
    static let works = AccessRule.all.filter { $0.access == .client && $0.method == "POST" }

    private static func body(_ path: String, _ more: String = "") -> String {
        switch path {
        case "/v1/chat/completions": chatBody(more)
        case "/v1/completions": completionBody(more)
        case "/v1/embeddings": #"{"model":"m","input":"a"\#(more.isEmpty ? "" : ",")\#(more)}"#
        case "/v1/feedback": #"{"request_id":"r1","score":1\#(more.isEmpty ? "" : ",")\#(more)}"#
        case "/tokenize": #"{"model":"m","prompt":"a"\#(more.isEmpty ? "" : ",")\#(more)}"#
        case "/detokenize": #"{"model":"m","tokens":[1]\#(more.isEmpty ? "" : ",")\#(more)}"#
        default: #"{"model":"m","query":"q","documents":["d"]\#(more.isEmpty ? "" : ",")\#(more)}"#
        }
    }

    @Test("CVE-2024-6587: nothing in a request says where it is sent, or with which key", arguments: works)
    func upstreams(rule: AccessRule) async throws {
        let names = [
            "api_base", "base_url", "api_key", "api_version", "custom_llm_provider", "endpoint", "extra_headers", "url",
        ]
        let more = names.map { "\"\($0)\":\"http://169.254.169.254/\"" }.joined(separator: ",")
        let headers = [
            "x-portkey-custom-host": "http://169.254.169.254", "x-base-url": "http://evil.example",
            "forwarded": "host=evil",
            "x-forwarded-host": "evil.example", "x-original-url": "/admin/v1/keys",
        ]
        let (plain, tried) = (ServerHarness(), ServerHarness())
        let expected = try await plain.post(rule.path, Self.body(rule.path))
        let reply = try await tried.send("POST", rule.path, body: Self.body(rule.path, more), headers: headers)
        #expect(reply.status == 200 && reply.text == expected.text)
        #expect("\(tried.provider.calls.map(\.request))" == "\(plain.provider.calls.map(\.request))")
        #expect(reply.header("x-lapwing-ignored") == names.sorted().joined(separator: ", "))
    }

    @Test(
        "CVE-2026-12797: whatever does work has passed the key's limits, on every path and streaming or not",
        arguments: works)
    func limits(rule: AccessRule) async throws {
        var harness = ServerHarness()
        let gate = ScriptedGate(["lw-right": .sample("key_1")])
        gate.refuse(.rateLimited(.requests, limit: 1, retryAfter: .seconds(1)))
        harness.gatekeeper = gate
        for more in ["", "\"stream\":true"] {
            let body = Self.body(rule.path, more)
            #expect(try await harness.send("POST", rule.path, body: body, headers: Self.key).status == 429)
            #expect(try await harness.send("POST", rule.path, body: body).status == 401)
        }
        #expect(harness.provider.calls.isEmpty && harness.provider.contexts.isEmpty)
    }

    @Test("CVE-2024-5710: a reload reads the server's own disk alone, whatever is sent with it")
    func configuration() async throws {
        var harness = ServerHarness()
        harness.gatekeeper = ScriptedGate(["admin": .sample("key_a") { $0.role = .admin }])
        harness.operations = ScriptedOperations()
        let bodies = ["", "{}", "models: { m: { provider: sh } }", String(repeating: "[", count: 1 << 20)]
        for body in bodies {
            let reply = try await harness.send(
                "POST", "/admin/v1/reload?config=/etc/passwd", body: body, headers: ["authorization": "Bearer admin"])
            #expect(reply.status == 200)
            #expect(try reply.json["changed"] == [])
        }
    }
}
