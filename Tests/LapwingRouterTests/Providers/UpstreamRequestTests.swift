import Foundation
import LapwingAPI
import LapwingRouter
import Testing

private func body(
    _ request: GenerationRequest, dialect: UpstreamDialect = .extended
) throws -> (path: String, json: JSONValue) {
    let upstream = try UpstreamRequest(request, dialect: dialect)
    return (upstream.path, try JSONDecoder().decode(JSONValue.self, from: Data(upstream.body)))
}

private func chat() -> GenerationRequest {
    GenerationRequest(
        model: "vendor/m",
        prompts: [
            .messages([ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "user", content: "Hi")])
        ])
}

@Suite("UpstreamRequest")
struct UpstreamRequestTests {
    @Test("A plain chat sends its messages, the stream and nothing that the server may not know")
    func plainChat() throws {
        let (path, json) = try body(chat())
        #expect(path == "/chat/completions")
        #expect(
            json == [
                "model": "vendor/m", "stream": true, "stream_options": ["include_usage": true],
                "messages": [
                    ["role": "system", "content": "Be brief."], ["role": "user", "content": "Hi"],
                ],
            ])
    }

    @Test("An answer that is to be gone on with is said in vLLM's words, and OpenAI's API has none for it")
    func continuing() throws {
        var request = chat()
        request.prompts = [
            .messages([ChatMessage(role: "user", content: "Hi"), ChatMessage(role: "assistant", content: "Hel")])
        ]
        request.continuesLastMessage = true
        let (_, json) = try body(request)
        #expect(json["continue_final_message"] == true && json["add_generation_prompt"] == false)
        #expect(
            throws: RequestError.unsupported(
                field: "continue_final_message", reason: "the API of 'vendor/m' has no such field")
        ) { try body(request, dialect: .openAI) }
    }

    @Test("What differs from the defaults is sent")
    func fields() throws {
        var request = chat()
        request.sampling.temperature = 0
        request.sampling.topK = 5
        request.sampling.minP = 0.1
        request.sampling.seed = UInt64(1) << 63 | 7
        request.sampling.logitBias = [9: -100]
        request.maxTokens = 12
        request.stop = ["\n"]
        request.choiceCount = 2
        request.topLogProbabilities = 2
        request.cachePrompt = false
        let (_, json) = try body(request)
        #expect(json["temperature"]?.double == 0)
        #expect(json["top_k"] == 5)
        #expect(json["min_p"]?.double == 0.1)
        #expect(json["seed"] == 7)
        #expect(json["logit_bias"]?["9"]?.double == -100)
        #expect(json["max_tokens"] == 12)
        #expect(json["stop"] == ["\n"])
        #expect(json["n"] == 2)
        #expect(json["logprobs"] == true)
        #expect(json["top_logprobs"] == 2)
        #expect(json["cache_prompt"] == nil, "it is our own engine's matter")
        #expect(json["top_p"] == nil)
        (request.sampling.topK, request.sampling.minP) = (nil, 0)
        let newer = try body(request, dialect: .openAI).json
        #expect(newer["max_completion_tokens"] == 12)
        #expect(newer["max_tokens"] == nil)
    }

    @Test("OpenAI is not sent fields that it refuses: the request is refused by the field's name")
    func unknownToOpenAI() {
        let changes: [(String, (inout GenerationRequest) -> Void)] = [
            ("top_k", { $0.sampling.topK = 5 }), ("min_p", { $0.sampling.minP = 0.1 }),
            ("repetition_penalty", { $0.sampling.repetitionPenalty = 1.1 }), ("ignore_eos", { $0.ignoreEOS = true }),
        ]
        for (field, change) in changes {
            var request = chat()
            change(&request)
            #expect(throws: RequestError.unsupported(field: field, reason: "the API of 'vendor/m' has no such field")) {
                try UpstreamRequest(request, dialect: .openAI)
            }
        }
    }

    @Test("Texts and token ids go to the completions API in their own form")
    func completions() throws {
        func prompt(_ prompts: [Prompt]) throws -> JSONValue? {
            let (path, json) = try body(GenerationRequest(model: "m", prompts: prompts))
            #expect(path == "/completions")
            return json["prompt"]
        }
        #expect(try prompt([.text("a")]) == "a")
        #expect(try prompt([.text("a"), .text("b")]) == ["a", "b"])
        #expect(try prompt([.tokens([1, 2])]) == [1, 2])
        #expect(try prompt([.tokens([1]), .tokens([2])]) == [[1], [2]])
        var request = GenerationRequest(model: "m", prompts: [.text("a")])
        request.topLogProbabilities = 3
        #expect(try body(request).json["logprobs"] == 3)
    }

    @Test("What cannot be said without loss is refused by name")
    func refusals() {
        var echo = GenerationRequest(model: "m", prompts: [.text("a")])
        echo.echo = true
        #expect(throws: RequestError.self) { try UpstreamRequest(echo, dialect: .extended) }
        let mixed = GenerationRequest(model: "m", prompts: [.text("a"), .tokens([1])])
        #expect(throws: RequestError.self) { try UpstreamRequest(mixed, dialect: .extended) }
        let chats = GenerationRequest(model: "m", prompts: [.messages([]), .messages([])])
        #expect(throws: RequestError.self) { try UpstreamRequest(chats, dialect: .extended) }
    }
}

@Suite("UpstreamKey")
struct UpstreamKeyTests {
    @Test("A key goes to its own origin only")
    func origin() throws {
        let endpoint = try UpstreamEndpoint(url: "https://api.example.com/v1/", key: "sk-secret", model: "m")
        #expect(endpoint.base == "https://api.example.com/v1")
        let key = try #require(endpoint.key)
        #expect(key.header(for: "https://api.example.com/v1/chat/completions")?.value == "Bearer sk-secret")
        #expect(key.header(for: "https://API.example.com:443/v2")?.value == "Bearer sk-secret")
        for url in [
            "http://api.example.com/v1", "https://api.example.com:8443/v1", "https://example.com/v1",
            "https://api.example.com.evil.org/v1", "https://api.example.com@evil.org/v1", "not a url", "",
        ] {
            #expect(key.header(for: url) == nil, "\(url)")
        }
    }

    @Test("No way of printing an endpoint shows its key")
    func hidden() throws {
        let endpoint = try UpstreamEndpoint(url: "https://api.example.com/v1", key: "sk-secret", model: "m")
        var dumped = ""
        dump(endpoint, to: &dumped)
        for text in ["\(endpoint)", String(reflecting: endpoint), dumped, "\(endpoint.key as Any)"] {
            #expect(!text.contains("sk-secret"))
        }
        #expect(endpoint.key?.redacting("wrong key sk-secret!") == "wrong key [key]!")
    }

    @Test(
        "An address that is none, or that hides a password or a query, is refused",
        arguments: [
            "", "api.example.com/v1", "ftp://a/v1", "http://", "https://u:p@a/v1", "https://a/v1?x=1", "https://a/#f",
        ])
    func refused(url: String) {
        #expect(throws: RouterError.self) { try UpstreamEndpoint(url: url, model: "m") }
        do { _ = try UpstreamEndpoint(url: url, model: "m") } catch { #expect(!"\(error)".contains("u:p")) }
    }
}
