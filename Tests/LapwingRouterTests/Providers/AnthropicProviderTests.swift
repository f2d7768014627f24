import AsyncHTTPClient
import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

/// One client for all tests; it lives as long as the process.
private let client = HTTPClient.forUpstreams()

private let stream = anthropicEvents.map { "event: x\ndata: \($0)\n\n" }.joined()

private func outcome(_ steps: [ScriptedUpstream.Step]) async throws -> (Outcome, sent: String) {
    let upstream = try await ScriptedUpstream(steps)
    let endpoint = try UpstreamEndpoint(url: upstream.url, key: "sk-ant-1", form: AnthropicProvider.keyForm, model: "m")
    let provider = AnthropicProvider(model: "m", endpoint: endpoint, client: client, clock: ManualClock())
    let request = GenerationRequest(
        model: "claude-x", prompts: [.messages([ChatMessage(role: "user", content: "Hi")])])
    let found = await Outcome(try await provider.generate(request, context: RequestContext(requestID: "r")))
    return (found, try #require(upstream.all.first))
}

@Suite("AnthropicProvider")
struct AnthropicProviderTests {
    @Test("It is asked by its own path, with its own headers, and its stream is an answer")
    func answers() async throws {
        let (found, sent) = try await outcome([.send(streamHead + stream), .close])
        #expect(found.error == nil && found.words.count == 10 && found.usage?.completionTokens == 89)
        #expect(sent.hasPrefix("POST /v1/messages HTTP/1.1\r\n"))
        let head = sent.lowercased()
        #expect(head.contains("x-api-key: sk-ant-1\r\n") && head.contains("anthropic-version: 2023-06-01\r\n"))
        #expect(!head.contains("authorization:"))
        #expect(sent.hasSuffix(#""messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}"#))
    }

    @Test("A stream that ends without its last event is broken, also where the connection ends in order")
    func broken() async throws {
        let cut = stream.replacing(#"data: {"type":"message_stop"}"# + "\n\n", with: "")
        let (found, _) = try await outcome([.send(streamHead + cut), .close])
        #expect(
            found.error
                == .upstreamFailed(model: "m", status: nil, reason: "its answer ended before it was complete"))
        #expect(!found.words.contains("<tool_calls>"))
    }

    @Test("What it refuses with has the meaning that the same has elsewhere")
    func refusals() async throws {
        func body(_ type: String, _ message: String) -> String {
            #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_id":"req_1"}"#
        }
        let json = "content-type: application/json\r\n"
        let dated = json + "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:49 GMT\r\n"
        for (reply, expected) in [
            (
                reply("529 Overloaded", body("overloaded_error", "Overloaded")),
                .unavailable(what: "m", reason: "Overloaded", retryAfterSeconds: 1)
            ),
            (
                reply("429 Too Many Requests", body("rate_limit_error", "Slow down"), headers: dated),
                .overloaded(what: "The upstream of 'm'", retryAfterSeconds: 12)
            ),
            (
                reply(
                    "400 Bad Request",
                    body("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
                .upstreamRefused(
                    model: "m", isTooLong: true, reason: "prompt is too long: 210000 tokens > 200000 maximum")
            ),
            (
                reply("413 Payload Too Large", body("request_too_large", "Request exceeds the maximum size")),
                .upstreamRefused(model: "m", isTooLong: true, reason: "Request exceeds the maximum size")
            ),
            (
                reply("400 Bad Request", body("invalid_request_error", "messages: at least one message is required")),
                .upstreamRefused(
                    model: "m", isTooLong: false, reason: "messages: at least one message is required")
            ),
            (
                reply("401 Unauthorized", body("authentication_error", "invalid x-api-key")),
                .upstreamFailed(model: "m", status: 401, reason: "it refused the key or the access")
            ),
        ] as [(String, RequestError)] {
            #expect(try await outcome([.send(reply), .close]).0.error == expected)
        }
        let passing = FailureClass(.unavailable(what: "m", reason: "Overloaded", retryAfterSeconds: 1))
        #expect(passing.remedy == .retry)
    }
}

@Suite("Azure's addresses")
struct AzureEndpointTests {
    @Test("A version names the deployment in the path, and none leaves it to the body; the key has its own header")
    func addresses() throws {
        func endpoint(_ version: String?) throws -> UpstreamEndpoint {
            try UpstreamEndpoint(
                azure: "https://me.openai.azure.com/", deployment: "gpt 4/o", version: version, key: "k", model: "m")
        }
        let older = try endpoint("2024-10-21").url(of: "/chat/completions")
        #expect(
            older
                == "https://me.openai.azure.com/openai/deployments/gpt%204%2Fo/chat/completions?api-version=2024-10-21")
        #expect(
            try endpoint(nil).url(of: "/chat/completions") == "https://me.openai.azure.com/openai/v1/chat/completions")
        let header = try #require(try endpoint(nil).key?.header(for: older))
        #expect(header.name == "api-key" && header.value == "k")
    }
}
