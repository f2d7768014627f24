import HTTPTypes
import LapwingAPI
import LapwingServer
import LapwingStatistics
import LapwingTestSupport
import Logging
import Testing

@Suite("Requests with a key", .timeLimit(.minutes(1)))
struct CallerTests {
    private static let bearer = ["authorization": "Bearer lw-right"]

    private func harness(
        standing: RateStanding? = nil, changing change: (inout KeyDraft) -> Void = { _ in }
    ) -> (ServerHarness, ScriptedGate) {
        var harness = ServerHarness()
        harness.provider.cards = ["m", "other"].map { ModelCard(name: $0, kind: .local, contextLength: 2048) }
        let gate = ScriptedGate(["lw-right": .sample("key_1", changing: change)], standing: standing)
        harness.gatekeeper = gate
        return (harness, gate)
    }

    @Test(
        "A key is read from either header, in every form that clients send",
        arguments: [
            ["authorization": "Bearer lw-right"], ["authorization": "bearer   lw-right"], ["x-api-key": "lw-right"],
            ["authorization": "Bearer lw-right", "x-api-key": "lw-right"],
        ])
    func forms(headers: [String: String]) async throws {
        let (harness, _) = harness()
        #expect(try await harness.send("GET", "/v1/models", headers: headers).status == 200)
    }

    @Test(
        "Anything else is 401 and is not repeated",
        arguments: [
            ["authorization": "lw-right"], ["authorization": "Basic lw-right"], ["authorization": "Bearer"],
            ["authorization": "Bearer lw-wrong"], ["authorization": "Bearer lw-right lw-right"], ["x-api-key": ""],
            ["authorization": "Bearer lw-right", "x-api-key": "lw-wrong"], ["cookie": "key=lw-right"],
            ["authorization": "Bearer ' OR '1'='1' --"], ["x-api-key": "Bearer lw-right"],
            ["authorization": "Bearer lw-" + String(repeating: "x", count: 400)],
        ])
    func otherForms(headers: [String: String]) async throws {
        let (harness, _) = harness()
        let reply = try await harness.send("GET", "/v1/models?key=lw-right", headers: headers)
        #expect(reply.status == 401)
        #expect(!reply.text.contains("lw-") && !reply.text.contains("OR"))
    }

    @Test(
        "A page of another site needs a key, and one of this machine does not",
        arguments: [
            (["origin": "https://evil.example"], 403), (["origin": "null"], 403),
            (["origin": "http://127.0.0.1.evil.example"], 403), (["origin": "http://localhost:3000"], 200),
            (["origin": "http://[::1]:3000"], 200), ([:], 200),
        ])
    func pages(headers: [String: String], status: Int) async throws {
        let harness = ServerHarness()
        harness.provider.cards = [ModelCard(name: "m", kind: .local, contextLength: 2048)]
        #expect(try await harness.send("GET", "/v1/models", headers: headers).status == status)
        let (keyed, _) = self.harness()
        let all = headers.merging(Self.bearer) { $1 }
        #expect(try await keyed.send("GET", "/v1/models", headers: all).status == 200)
    }

    @Test(
        "A name that leads here is not this machine",
        arguments: [
            ("evil.example:8080", false), ("localhost.evil.example", false), ("127.evil.example", false), ("", false),
            ("localhost:8080", true), ("127.0.0.1", true), ("[::1]:8080", true),
        ])
    func names(authority: String, isOwn: Bool) {
        let request = HTTPRequest(method: .get, scheme: "http", authority: authority, path: "/v1/models")
        let refusal = Result { try BrowserPages.check(request) }
        #expect(((try? refusal.get()) != nil) == isOwn)
    }

    @Test("No bytes in the header do more than be refused")
    func hostileHeaders() async throws {
        let (harness, gate) = harness()
        var random = SplitMix64(seed: 5)
        for _ in 0..<300 {
            let text = String(
                decoding: (0..<Int.random(in: 0...300, using: &random)).map { _ in
                    UInt8.random(in: 0x20...0x7E, using: &random)
                }, as: UTF8.self)
            for headers in [["authorization": text], ["authorization": "Bearer " + text], ["x-api-key": text]] {
                #expect(try await harness.send("POST", "/v1/completions", body: "{}", headers: headers).status == 401)
            }
        }
        #expect(gate.entered.isEmpty)
    }

    @Test("The key's names go with the request on every surface, over what the request says of itself")
    func signed() async throws {
        let (harness, _) = harness { $0.project = "birds" }
        let more = #""metadata":{"project":"mine","tenant":"evil","feature":"f"},"user":"u""#
        for (path, body) in [
            ("/v1/chat/completions", chatBody(more)), ("/v1/completions", completionBody(more)),
            ("/v1/chat/completions", chatBody(more + #","stream":true"#)),
            ("/v1/embeddings", #"{"model":"m","input":"a",\#(more)}"#),
            ("/v1/rerank", #"{"model":"m","query":"q","documents":["d"],\#(more)}"#),
        ] {
            #expect(try await harness.send("POST", path, body: body, headers: Self.bearer).status == 200, "\(path)")
        }
        let contexts = harness.provider.calls.map(\.context) + harness.provider.contexts
        #expect(contexts.count == 5)
        for context in contexts {
            #expect(context.keyID == "key_1" && context.tenant == "acme" && context.tier == "gold")
            #expect(context.user == "u")
            #expect(context.metadata == ["project": "birds", "tenant": "evil", "feature": "f"])
        }
    }

    @Test("A key with routes sees those alone, on every surface, and learns nothing of others")
    func routes() async throws {
        let (harness, _) = harness { $0.routes = ["m"] }
        let list = try await harness.send("GET", "/v1/models", headers: Self.bearer).decode(OpenAI.ModelList.self)
        #expect(list.data.map(\.id) == ["m"])
        #expect(try await harness.send("GET", "/v1/models/m", headers: Self.bearer).status == 200)
        #expect(try await harness.send("GET", "/v1/models/other", headers: Self.bearer).status == 404)
        for model in ["other", "nobody's"] {
            for (method, path, body) in [
                ("POST", "/v1/chat/completions", chatBody(model: model)),
                ("POST", "/v1/chat/completions", chatBody(#""stream":true"#, model: model)),
                ("POST", "/v1/completions", #"{"model":"\#(model)","prompt":"hi"}"#),
                ("POST", "/v1/embeddings", #"{"model":"\#(model)","input":"hi"}"#),
                ("POST", "/v2/rerank", #"{"model":"\#(model)","query":"q","documents":["d"]}"#),
                ("POST", "/tokenize", #"{"model":"\#(model)","prompt":"hi"}"#),
                ("POST", "/detokenize", #"{"model":"\#(model)","tokens":[1]}"#),
                ("GET", "/tokenizer_info?model=\(model == "other" ? "other" : "nobody%27s")", ""),
            ] {
                let reply = try await harness.send(method, path, body: body, headers: Self.bearer)
                #expect(reply.status == 403, "\(path)")
                #expect(try reply.error.message == "Permission denied: the key is for m, not for '\(model)'.")
            }
        }
        #expect(harness.provider.calls.isEmpty && harness.provider.contexts.isEmpty)
    }

    @Test("A request holds its key's place until its last byte, streaming or not, and lets go of it on an error")
    func places() async throws {
        let (harness, gate) = harness()
        for body in [chatBody(), chatBody(#""stream":true"#), "{}", "nonsense", chatBody(model: "none")] {
            _ = try await harness.send("POST", "/v1/chat/completions", body: body, headers: Self.bearer)
            #expect(gate.inside.isEmpty)
        }
        #expect(gate.entered.count == 5)
        _ = try await harness.send("GET", "/v1/models", headers: Self.bearer)
        #expect(gate.entered.count == 5)
    }

    @Test("The place is held while the answer is made")
    func placeIsHeld() async throws {
        let (here, go) = (Gate(), Gate())
        var harness = ServerHarness([.reached(here), .wait(go)] + ScriptedProvider.Step.answer(["a"]))
        let gate = ScriptedGate(["lw-right": .sample("key_1")])
        harness.gatekeeper = gate
        let running = Task { [harness] in
            try await harness.send("POST", "/v1/chat/completions", body: chatBody(), headers: Self.bearer).status
        }
        try await here.wait()
        #expect(gate.inside == ["key_1"])
        go.open()
        #expect(try await running.value == 200)
        #expect(gate.inside.isEmpty)
    }

    @Test("The limits stand in OpenAI's headers, in answers and in refusals")
    func headers() async throws {
        let standing = RateStanding(
            requests: .init(limit: 60, remaining: 59, reset: .seconds(1)),
            tokens: .init(limit: 1000, remaining: 40, reset: .milliseconds(57_600)))
        let (harness, gate) = harness(standing: standing)
        gate.refuse(.rateLimited(.requests, limit: 60, retryAfter: .milliseconds(1001)))
        let refused = try await harness.send("POST", "/v1/chat/completions", body: chatBody(), headers: Self.bearer)
        #expect(refused.status == 429 && refused.header("retry-after") == "2")
        #expect(try refused.error.code == "rate_limit_exceeded" && refused.error.type == "requests")
        gate.refuse(nil)
        let answered = try await harness.send("POST", "/v1/chat/completions", body: chatBody(), headers: Self.bearer)
        for reply in [refused, answered] {
            #expect(reply.header("x-ratelimit-limit-requests") == "60")
            #expect(reply.header("x-ratelimit-remaining-requests") == "59")
            #expect(reply.header("x-ratelimit-reset-requests") == "1s")
            #expect(reply.header("x-ratelimit-limit-tokens") == "1000")
            #expect(reply.header("x-ratelimit-remaining-tokens") == "40")
            #expect(reply.header("x-ratelimit-reset-tokens") == "57.6s")
        }
        #expect(answered.status == 200)
    }

    @Test("A key that is sent reaches no log line and no answer, whatever becomes of the request")
    func silence() async throws {
        let lines = AccessLogTests.Lines()
        var (harness, _) = harness()
        harness.logger = Logger(label: "test") { _ in AccessLogTests.Handler(lines: lines) }
        for key in ["lw-right", "lw-wrong"] {
            for headers in [["authorization": "Bearer \(key)"], ["x-api-key": key], ["authorization": key]] {
                for body in [chatBody(), chatBody(#""stream":true"#), "nonsense"] {
                    let reply = try await harness.send("POST", "/v1/chat/completions", body: body, headers: headers)
                    #expect(!reply.text.contains("lw-"))
                    for field in reply.headers { #expect(!field.value.contains("lw-")) }
                }
            }
        }
        #expect(lines.all.count >= 18)
        for line in lines.all { #expect(!line.contains("lw-"), "\(line)") }
    }
}
