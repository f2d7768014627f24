import AsyncHTTPClient
import Foundation
import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

/// One client for all tests; it lives as long as the process.
private let client = HTTPClient.forUpstreams()

private func provider(_ upstream: ScriptedUpstream, clock: any Clock<Duration> = ManualClock()) throws
    -> OpenAICompatibleProvider
{
    OpenAICompatibleProvider(
        model: "m", endpoint: try UpstreamEndpoint(url: upstream.url, key: "sk-1", model: "m"), client: client,
        clock: clock)
}

private let context = RequestContext(requestID: "r1")
private let two = EmbeddingRequest(model: "vendor/m", inputs: [.text("a b"), .text("c")])

private func failed(_ reason: String) -> RequestError { .upstreamFailed(model: "m", status: nil, reason: reason) }

private func list(_ data: String, usage: String = #","usage":{"prompt_tokens":5,"total_tokens":5}"#) -> String {
    reply("200 OK", #"{"object":"list","model":"vendor/m","data":[\#(data)]\#(usage)}"#)
}

private func item(_ index: Int, _ embedding: String) -> String {
    #"{"object":"embedding","index":\#(index),"embedding":\#(embedding)}"#
}

@Suite("Embeddings behind HTTP", .timeLimit(.minutes(1)))
struct UpstreamEmbeddingTests {
    @Test("Inputs go as they are; vectors come in either encoding and any order")
    func embeds() async throws {
        let upstream = try await ScriptedUpstream([.send(list(item(1, "[1,-0.5]") + "," + item(0, #""AABAQAAAAL8=""#)))]
        )
        var request = two
        request.dimensions = 2
        let result = try await provider(upstream).embed(request, context: context)
        #expect(result.vectors == [[3, -0.5], [1, -0.5]])
        #expect(result.usage == Usage(promptTokens: 5, completionTokens: 0))
        let sent = try #require(upstream.all.first)
        #expect(sent.hasPrefix("POST /v1/embeddings HTTP/1.1\r\n"))
        #expect(sent.lowercased().contains("authorization: bearer sk-1\r\n"))
        let body = try #require(sent.components(separatedBy: "\r\n\r\n").last)
        #expect(
            try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8)) == [
                "model": "vendor/m", "input": ["a b", "c"], "dimensions": 2, "encoding_format": "base64",
            ])
    }

    @Test("Token ids go as token ids; without a reported usage there is our estimate")
    func tokens() async throws {
        let upstream = try await ScriptedUpstream([.send(list(item(0, "[1]") + "," + item(1, "[2]"), usage: ""))])
        let request = EmbeddingRequest(model: "vendor/m", inputs: [.tokens([1, 2]), .tokens([3])])
        let result = try await provider(upstream).embed(request, context: context)
        #expect(result.usage == Usage(promptTokens: 3, completionTokens: 0, isEstimated: true))
        #expect(upstream.all.first?.contains(#""input":[[1,2],[3]]"#) == true)
        let mixed = EmbeddingRequest(model: "vendor/m", inputs: [.tokens([1]), .text("a")])
        await #expect(throws: RequestError.self) { try await provider(upstream).embed(mixed, context: context) }
    }

    @Test(
        "An answer that is not one good vector an input is the upstream's failure",
        arguments: [
            (list(item(0, "[1]")), "it gave 1 embeddings, not one for each of 2 inputs"),
            (list(item(0, "[1]") + "," + item(0, "[1]")), "it gave 2 embeddings, not one for each of 2 inputs"),
            (list(item(0, "[1]") + "," + item(1, "[1,2]")), "it gave vectors of 1, 2 numbers, expected one length"),
            (list(item(0, "[]") + "," + item(1, "[]")), "it gave vectors of 0 numbers, expected one length"),
            (
                list(item(0, #""AADAfw==""#) + "," + item(1, #""AADAfw==""#)),
                "it gave a vector with a number that is not finite"
            ),
            (list(item(0, #""AAA=""#) + "," + item(1, "[1]")), "its answer is not a list of embeddings"),
            (reply("200 OK", "{}"), "its answer is not a list of embeddings"),
            (
                reply("200 OK", "<html>", headers: "content-type: text/html\r\n"),
                "its answer is not a list of embeddings"
            ),
        ])
    func badAnswers(answer: String, reason: String) async throws {
        let upstream = try await ScriptedUpstream([.send(answer)])
        await #expect(throws: failed(reason)) { try await provider(upstream).embed(two, context: context) }
    }

    @Test("An upstream's refusal, its overload and its hanging up are told as for answers")
    func refusals() async throws {
        let long = #"{"error":{"message":"This model's maximum context length is 512 tokens.","type":"x"}}"#
        let cases: [([ScriptedUpstream.Step], RequestError)] = [
            (
                [.send(reply("400 Bad Request", long))],
                .upstreamRefused(
                    model: "m", isTooLong: true, reason: "This model's maximum context length is 512 tokens")
            ),
            (
                [.send(reply("429 Too Many Requests", "{}", headers: "retry-after: 7\r\n"))],
                .overloaded(what: "The upstream of 'm'", retryAfterSeconds: 7)
            ),
            ([.close], .upstreamUnreachable(model: "m", reason: "it hung up before it answered")),
            ([.send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"), .close], failed("the connection broke")),
        ]
        for (steps, error) in cases {
            let upstream = try await ScriptedUpstream(steps)
            await #expect(throws: error) { try await provider(upstream).embed(two, context: context) }
        }
    }

    @Test("An upstream that says nothing times out, and a caller that goes away ends the connection")
    func silence() async throws {
        let clock = ManualClock()
        let upstream = try await ScriptedUpstream([.wait(Gate())])
        let provider = try provider(upstream, clock: clock)
        let slow = Task { try await provider.embed(two, context: context) }
        _ = await upstream.nextRequest()
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(601))
        await #expect(throws: RequestError.upstreamTimedOut(model: "m", stage: "before the first token")) {
            try await slow.value
        }
        await upstream.nextClosing()
        let gone = Task { try await provider.embed(two, context: context) }
        _ = await upstream.nextRequest()
        gone.cancel()
        await #expect(throws: RequestError.cancelled) { try await gone.value }
        await upstream.nextClosing()
    }

    @Test("Ranking goes in Cohere's shape and comes back in the documents' order")
    func reranks() async throws {
        let results = #"{"results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":-2.5}],"#
        let upstream = try await ScriptedUpstream(
            [.send(reply("200 OK", results + #""usage":{"total_tokens":9}}"#))],
            [.send(reply("200 OK", results + #""meta":{"tokens":{"input_tokens":8}}}"#))],
            [.send(reply("200 OK", #"{"results":[{"index":1,"relevance_score":0.9}]}"#))])
        let request = RerankRequest(model: "vendor/m", query: "q", documents: ["a", "b"], tokensPerDocument: 5)
        let provider = try provider(upstream)
        let result = try await provider.rerank(request, context: context)
        #expect(result.scores == [-2.5, 0.9] && result.method == .upstream && result.usage.promptTokens == 9)
        let sent = try #require(upstream.all.first)
        #expect(sent.hasPrefix("POST /v1/rerank HTTP/1.1\r\n") && sent.contains(#""max_tokens_per_doc":5"#))
        #expect(try await provider.rerank(request, context: context).usage.promptTokens == 8)
        await #expect(throws: failed("it ranked 1 documents, not each of 2 once")) {
            try await provider.rerank(request, context: context)
        }
    }
}
