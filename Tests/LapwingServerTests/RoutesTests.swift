import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Models, tokenizer and health", .timeLimit(.minutes(1)))
struct RoutesTests {
    func harness() -> ServerHarness {
        let harness = ServerHarness()
        harness.provider.cards = [
            ModelCard(name: "support", kind: .route),
            ModelCard(name: "gone", kind: .local, unavailable: "its file is missing"),
            ModelCard(name: "org/m é", kind: .local, contextLength: 2048),
        ]
        harness.provider.cards[0].notice = "all is told"
        return harness
    }

    @Test("The list names routes and models, and why one is not available")
    func list() async throws {
        let reply = try await harness().send("GET", "/v1/models")
        let list = try reply.decode(OpenAI.ModelList.self)
        #expect(list.object == "list")
        #expect(list.data.map(\.id) == ["support", "gone", "org/m é"])
        #expect(list.data.map(\.kind) == ["route", "local", "local"])
        #expect(list.data[1].unavailable == "its file is missing")
        #expect(list.data[2].maxModelLength == 2048)
        #expect(list.data.map(\.notice) == ["all is told", nil, nil])
        #expect(list.data.allSatisfy { $0.object == "model" && $0.created == 1_000_000_000 && $0.ownedBy == "lapwing" })
    }

    @Test("A model's id may hold slashes and percent escapes", arguments: ["org/m%20%C3%A9", "org%2Fm%20%c3%a9"])
    func model(path: String) async throws {
        let reply = try await harness().send("GET", "/v1/models/" + path)
        #expect(reply.status == 200)
        #expect(try reply.decode(OpenAI.Model.self).id == "org/m é")
    }

    @Test("An unknown or broken id is 404 with the known ones", arguments: ["nothing", "org/m%2", "org/%FF", "%zz"])
    func unknownModel(path: String) async throws {
        let reply = try await harness().send("GET", "/v1/models/" + path)
        #expect(reply.status == 404)
        #expect(try reply.error.code == "model_not_found")
        #expect(try reply.error.message.contains("support, gone, org/m é"))
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        let get = try await harness().send("GET", "/v1/models")
        let head = try await harness().send("HEAD", "/v1/models")
        #expect(head.status == 200 && head.text.isEmpty)
        #expect(head.header("content-length") == get.header("content-length"))
    }

    @Test("Tokenize takes vLLM's request, by default with the first local model that is available")
    func tokenize() async throws {
        let plain = try await harness().post("/tokenize", #"{"prompt":"ab","add_special_tokens":false}"#)
        #expect(try plain.json == ["tokens": [97, 98], "count": 2, "max_model_len": 2048])
        let special = try await harness().post("/tokenize", #"{"prompt":"ab","model":"org/m é"}"#)
        #expect(try special.json["tokens"] == [256, 97, 98])
    }

    @Test("Detokenize gives the text back")
    func detokenize() async throws {
        #expect(try await harness().post("/detokenize", #"{"tokens":[104,105]}"#).json == ["prompt": "hi"])
        #expect(try await harness().post("/detokenize", #"{"tokens":[]}"#).json == ["prompt": ""])
    }

    @Test("Unknown fields are named here, too", arguments: ["/tokenize", "/detokenize"])
    func ignored(path: String) async throws {
        let reply = try await harness().post(path, #"{"prompt":"a","tokens":[1],"zzz":1}"#)
        #expect(reply.status == 200)
        #expect(reply.header("x-lapwing-ignored") == (path == "/tokenize" ? "tokens, zzz" : "prompt, zzz"))
    }

    @Test("Texts and names over the caps are refused")
    func tokenizerCaps() async throws {
        var harness = harness()
        harness.options.maxPromptBytes = 3
        harness.options.maxPromptTokens = 2
        harness.options.maxModelBytes = 10
        for (path, body, param) in [
            ("/tokenize", #"{"prompt":"abcd"}"#, "prompt"), ("/detokenize", #"{"tokens":[1,2,3]}"#, "tokens"),
            ("/tokenize", #"{"prompt":"a","model":"12345678901"}"#, "model"),
        ] {
            let reply = try await harness.post(path, body)
            #expect(reply.status == 400)
            #expect(try reply.error.param == param)
        }
    }

    @Test("The tokenizer's description has the keys that lm-eval looks for, null where there is no such token")
    func tokenizerInfo() async throws {
        let json = try await harness().send("GET", "/tokenizer_info").json
        #expect(json["eos_token"]?.string == "<eos>")
        #expect(json["bos_token"] == .null && json["pad_token"] == .null)
        #expect(json["chat_template"]?.string == "{{ messages }}")
        #expect(try await harness().send("GET", "/tokenizer_info?model=nope").status == 404)
        #expect(try await harness().send("GET", "/tokenizer_info?model=org%2Fm%20%C3%A9").status == 200)
    }

    @Test("The configured default model comes before the first local one")
    func defaultModel() async throws {
        var harness = harness()
        harness.options.defaultModel = "nope"
        #expect(try await harness.send("GET", "/tokenizer_info").status == 404)
    }

    @Test(
        "Bad tokenizer requests say what is wrong",
        arguments: [
            ("/tokenize", "{}", "prompt"), ("/tokenize", #"{"prompt":1}"#, "prompt"),
            ("/tokenize", #"{"prompt":"a","add_special_tokens":1}"#, "add_special_tokens"),
            ("/detokenize", "{}", "tokens"), ("/detokenize", #"{"tokens":["a"]}"#, "tokens[0]"),
        ])
    func badTokenizerRequests(path: String, body: String, param: String) async throws {
        let reply = try await harness().post(path, body)
        #expect(reply.status == 400)
        #expect(try reply.error.param == param)
    }

    @Test("Without a local model the tokenizer endpoints ask for a name")
    func noLocalModel() async throws {
        let harness = harness()
        harness.provider.cards = [ModelCard(name: "far", kind: .remote)]
        let reply = try await harness.post("/tokenize", #"{"prompt":"a"}"#)
        #expect(reply.status == 400)
        #expect(try reply.error.param == "model")
    }

    @Test("Healthz says that the process answers, readyz whether it takes requests")
    func health() async throws {
        let harness = harness()
        #expect(try await harness.send("GET", "/healthz").json == ["status": "ok"])
        #expect(try await harness.send("GET", "/readyz").json == ["status": "ready"])
        harness.provider.readinessToReport = .notReady(reason: "the model is loading")
        let reply = try await harness.send("GET", "/readyz")
        #expect(reply.status == 503)
        #expect(try reply.json["reason"]?.string == "the model is loading")
        #expect(try await harness.send("GET", "/healthz").status == 200)
    }

    @Test(
        "Only loopback addresses count as such",
        arguments: [
            ("127.0.0.1", true), ("127.1.2.3", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
            ("::", false), ("10.0.0.1", false), ("127.evil.example", false),
        ])
    func loopback(host: String, isLoopback: Bool) {
        var options = ServerOptions()
        options.host = host
        #expect(options.isLoopback == isLoopback)
    }
}
