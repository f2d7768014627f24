import Hummingbird
import HummingbirdTesting
import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

extension ServerHarness {
    func embed(_ body: String) async throws -> Reply { try await post("/v1/embeddings", body) }
}

@Suite("POST /v1/embeddings", .timeLimit(.minutes(1)))
struct EmbeddingsTests {
    static let metered = #"{"model":"m","input":["abc","d"],"user":"ada","metadata":{"feature":"search"}}"#

    @Test("The answer is a list with one vector an input, in order, and usage without a completion")
    func shape() async throws {
        let harness = ServerHarness()
        let reply = try await harness.embed(Self.metered)
        #expect(reply.status == 200)
        #expect(
            try reply.json == [
                "object": "list", "model": "m", "usage": ["prompt_tokens": 4, "total_tokens": 4],
                "data": [
                    ["object": "embedding", "index": 0, "embedding": [3, -0.5, 0.1]],
                    ["object": "embedding", "index": 1, "embedding": [1, -0.5, 0.1]],
                ],
            ])
        #expect(harness.provider.embeddingCalls == [EmbeddingRequest(model: "m", inputs: [.text("abc"), .text("d")])])
        let context = try #require(harness.provider.contexts.first)
        #expect(context.user == "ada" && context.metadata == ["feature": "search"])
        #expect(context.requestID == ServerHarness.requestID)
    }

    @Test("Base64 is that of little-endian 32-bit floats")
    func base64() async throws {
        let reply = try await ServerHarness().embed(#"{"model":"m","input":"abc","encoding_format":"base64"}"#)
        // 3 is 40400000, -0.5 is bf000000 and 0.1 is 3dcccccd.
        let bytes: [UInt8] = [0, 0, 0x40, 0x40, 0, 0, 0, 0xBF, 0xCD, 0xCC, 0xCC, 0x3D]
        let text = try #require(try reply.json["data"]?[0]?["embedding"]?.string)
        #expect(text == "AABAQAAAAL/NzMw9")
        #expect([Float](base64: text) == [3, -0.5, 0.1])
        #expect([Float]([3, -0.5, 0.1]).littleEndianBytes == .init(bytes))
    }

    @Test(
        "All four forms of input reach the provider as they are",
        arguments: [
            (#""a""#, [EmbeddingInput.text("a")]), (#"["a","b"]"#, [.text("a"), .text("b")]),
            ("[1,2]", [.tokens([1, 2])]), ("[[1],[2,3]]", [.tokens([1]), .tokens([2, 3])]),
        ])
    func inputs(json: String, inputs: [EmbeddingInput]) async throws {
        let harness = ServerHarness()
        let reply = try await harness.embed(#"{"model":"m","input":\#(json),"dimensions":2}"#)
        #expect(try reply.json["data"]?.array?.count == inputs.count)
        #expect(harness.provider.embeddingCalls == [EmbeddingRequest(model: "m", inputs: inputs, dimensions: 2)])
    }

    @Test("What nobody knows is passed over and named; what asks for nothing is let through")
    func ignored() async throws {
        let reply = try await ServerHarness().embed(
            #"{"model":"m","input":"a","encoding_format":null,"colour":"red","normalize":true}"#)
        #expect(reply.status == 200)
        #expect(reply.header("x-lapwing-ignored") == "colour")
    }

    static let refusals: [BadRequest] = [
        .invalid(#"{"input":"a"}"#, "model", "found nothing, expected a string"),
        .invalid(#"{"model":"m"}"#, "input", "found nothing, expected a string, an array of strings"),
        .invalid(#"{"model":"m","input":7}"#, "input", "found 7"),
        .invalid(#"{"model":"m","input":""}"#, "input", "found an empty string"),
        .invalid(#"{"model":"m","input":["a",""]}"#, "input[1]", "found an empty string"),
        .invalid(#"{"model":"m","input":[]}"#, "input", "found an empty array"),
        .invalid(#"{"model":"m","input":[[]]}"#, "input[0]", "found an empty array"),
        .invalid(#"{"model":"m","input":["a",7]}"#, "input[1]", "found 7, expected a string"),
        .invalid(#"{"model":"m","input":[1,"a"]}"#, "input[1]", "found a string, expected a token id"),
        .invalid(#"{"model":"m","input":[[1],2]}"#, "input[1]", "found 2, expected an array of token ids"),
        .invalid(#"{"model":"m","input":[-1]}"#, "input[0]", "found -1, expected a token id"),
        .invalid(#"{"model":"m","input":[{"text":"a"}]}"#, "input[0]", "found an object"),
        .invalid(
            #"{"model":"m","input":[\#(Array(repeating: #""a""#, count: 2049).joined(separator: ","))]}"#, "input",
            "found 2049 inputs, expected at most 2048"),
        .invalid(
            #"{"model":"m","input":"\#(String(repeating: "a", count: (4 << 20) + 1))"}"#, "input",
            "found 4194305 bytes of text, expected at most 4194304"),
        .invalid(
            #"{"model":"m","input":"a","dimensions":0}"#, "dimensions", "found 0, expected an integer of at least 1"),
        .invalid(#"{"model":"m","input":"a","dimensions":1.5}"#, "dimensions", "found 1.5"),
        .invalid(
            #"{"model":"m","input":"a","encoding_format":"hex"}"#, "encoding_format", "found 'hex', expected 'float'"),
        .invalid(#"{"model":"m","input":"a","encoding_format":1}"#, "encoding_format", "found 1"),
        .invalid(#"{"model":"m","input":"a","user":1}"#, "user", "found 1"),
        .unsupported(
            #"{"model":"m","input":"a","truncate_prompt_tokens":9}"#, "truncate_prompt_tokens", "never truncated"),
        .unsupported(#"{"model":"m","input":"a","messages":[]}"#, "messages", "use 'input'"),
        .unsupported(#"{"model":"m","input":"a","normalize":false}"#, "normalize", "as long as 1"),
        .malformed("", "it is empty"),
    ]

    @Test("A bad request is refused before the provider hears of it", arguments: refusals)
    func refused(request: BadRequest) async throws {
        let harness = ServerHarness()
        try request.check(try await harness.embed(request.body), harness.provider)
        #expect(harness.provider.embeddingCalls.isEmpty)
    }

    static let modelRefusals: [(RequestError, Int, String, String?, String)] = [
        (
            RequestError.tooLong(field: "input[1]", tokens: 600, limit: 512), 400, "context_length_exceeded",
            "input[1]", "'input[1]' has 600 tokens, more than the 512 that the model reads at once."
        ),
        (
            .incapable(model: "m", of: .embeddings, serves: [.chat]), 400, "unsupported_model", "model",
            "The model 'm' does not serve embeddings, only chat."
        ),
        (
            .overloaded(what: "The queue of 'm'", retryAfterSeconds: 1), 429, "rate_limit_exceeded", nil,
            "The queue of 'm' is full; try again in 1 s."
        ),
    ]

    @Test("What the model refuses has its status, its code and both numbers", arguments: modelRefusals)
    func providerRefusals(error: RequestError, status: Int, code: String, param: String?, says: String) async throws {
        let harness = ServerHarness()
        harness.provider.beforeEmbedding { throw error }
        let reply = try await harness.embed(#"{"model":"m","input":"a"}"#)
        #expect(reply.status == status)
        let body = try reply.error
        #expect(body.code == code && body.param == param && body.message == says, "\(body)")
        #expect(reply.header("retry-after") == (status == 429 ? "1" : nil))
    }

    @Test("A client that goes away cancels the work")
    func clientGone() async throws {
        let harness = ServerHarness()
        let (asked, released) = (Gate(), Gate())
        harness.provider.beforeEmbedding {
            asked.open()
            defer { released.open() }
            try await Gate().wait()
        }
        try await harness.application.test(.live) { client in
            try await RawConnection.open(port: try #require(client.port)) { connection in
                try await connection.post("/v1/embeddings", #"{"model":"m","input":"a"}"#)
                try await asked.wait()
                try await connection.close()
            }
            try await released.wait()
        }
    }
}
