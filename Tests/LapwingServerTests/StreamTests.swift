import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    @Test("A chat stream is the role, the deltas, the finish reason with the receipt, and [DONE]")
    func chat() async throws {
        let harness = ServerHarness()
        let reply = try await harness.chat(chatBody(#""stream":true"#))
        #expect(reply.status == 200)
        #expect(reply.header("content-type") == "text/event-stream; charset=utf-8")
        #expect(reply.header("cache-control") == "no-cache")
        #expect(reply.events.last == "[DONE]" && reply.text.hasSuffix("\n\n"))
        let chunks = try reply.chunks
        let deltas = chunks.map { $0["choices"]?[0]?["delta"] }
        #expect(
            deltas == [
                ["role": "assistant", "content": ""], ["content": "Hello"], ["content": " world"], [:],
            ])
        #expect(chunks.map { $0["choices"]?[0]?["finish_reason"] } == [.null, .null, .null, "stop"])
        for chunk in chunks {
            #expect(chunk["id"]?.string == "chatcmpl-" + ServerHarness.requestID.dropFirst(4))
            #expect(chunk["object"]?.string == "chat.completion.chunk")
            #expect(chunk["created"]?.integer == 1_000_000_000 && chunk["model"]?.string == "m")
            #expect(chunk.object?.keys.contains("usage") == false)
        }
        #expect(chunks.map { $0["lapwing"] != nil } == [false, false, false, true])
        #expect(harness.provider.calls[0].request.stream)
    }

    @Test("With include_usage, usage is null until a last chunk without choices, which carries the receipt")
    func usage() async throws {
        let reply = try await ServerHarness().chat(
            chatBody(#""stream":true,"stream_options":{"include_usage":true}"#))
        let chunks = try reply.chunks
        #expect(chunks.count == 5)
        #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null && $0["lapwing"] == nil })
        let last = try #require(chunks.last)
        #expect(last["choices"] == [])
        #expect(last["usage"]?["total_tokens"]?.integer == 7)
        let receipt = try #require(last["lapwing"])
        #expect(receipt["request_id"]?.string == "req_scripted" && receipt["route"]?.string == "support")
        #expect(receipt["decision"]?.string == "open" && receipt["confidence"]?.double == 0.9312)
        #expect(reply.text.contains(#""cost_usd":0.00000004,"#))
        #expect(reply.text.contains(#""saved_usd":0.00000096"#))
        #expect(receipt["counterfactual"]?["estimated"]?.bool == true)
        #expect(receipt["calls"]?.array?.count == 1)
    }

    @Test("A stream carries the headers that are settled when it begins, and no cost")
    func headers() async throws {
        let reply = try await ServerHarness().chat(chatBody(#""stream":true,"zzz":1"#))
        #expect(reply.header("x-lapwing-request-id") == ServerHarness.requestID)
        #expect(reply.header("x-lapwing-route") == "support")
        #expect(reply.header("x-lapwing-decision") == "open")
        #expect(reply.header("x-lapwing-confidence") == "0.9312")
        #expect(reply.header("x-lapwing-cost-usd") == nil && reply.header("x-lapwing-saved-usd") == nil)
        #expect(reply.header("x-lapwing-ignored") == "zzz")
    }

    @Test("An answer that is sent before it is judged has no decision in its headers, and has it in its last chunk")
    func undecided() async throws {
        let commitment = Commitment(route: "support", model: "m", decision: nil, confidence: nil)
        var steps = ScriptedProvider.Step.answer(["x"])
        steps[0] = .event(.committed(commitment))
        let reply = try await ServerHarness(steps).chat(chatBody(#""stream":true"#))
        #expect(reply.header("x-lapwing-route") == "support")
        #expect(reply.header("x-lapwing-decision") == nil)
        #expect(try reply.chunks.last?["lapwing"]?["decision"]?.string == "open")
    }

    @Test("Chunks name the model that the answer was committed to")
    func model() async throws {
        let commitment = Commitment(route: "m", model: "big", decision: .escalated, confidence: nil)
        var steps = ScriptedProvider.Step.answer(["x"])
        steps[0] = .event(.committed(commitment))
        let chunks = try await ServerHarness(steps).chat(chatBody(#""stream":true"#)).chunks
        #expect(chunks.allSatisfy { $0["model"]?.string == "big" })
    }

    @Test("Tokens whose text waits for its other half come with their log-probabilities and empty text")
    func waitingText() async throws {
        func token(_ bytes: [UInt8]) -> ScoredToken { ScoredToken(id: 1, bytes: bytes, logProbability: -1) }
        let steps: [ScriptedProvider.Step] = [
            .event(.delta(choice: 0, text: "", tokens: [token([0xE2, 0x82])])),
            .event(.delta(choice: 0, text: "€", tokens: [token([0xAC])])), .event(.finished(choice: 0, reason: .stop)),
            .event(.completed(model: "m", usage: Usage(promptTokens: 1, completionTokens: 2), receipt: nil)),
        ]
        let plain = try await ServerHarness(steps).chat(chatBody(#""stream":true"#)).chunks
        #expect(plain.count == 3, "without log-probabilities there is nothing to say about half a character")
        let scored = try await ServerHarness(steps).chat(chatBody(#""stream":true,"logprobs":true"#)).chunks
        #expect(scored.map { $0["choices"]?[0]?["delta"]?["content"]?.string } == ["", "", "€", nil])
        #expect(scored[1]["choices"]?[0]?["logprobs"]?["content"]?[0]?["logprob"]?.double == -1)
    }

    @Test("Several choices have a role and a finish reason each")
    func choices() async throws {
        var steps = ScriptedProvider.Step.answer(["b"], choice: 1)
        steps.insert(.event(.finished(choice: 0, reason: .length)), at: 1)
        let chunks = try await ServerHarness(steps).chat(chatBody(#""stream":true,"n":2"#)).chunks
        let choices = chunks.compactMap { $0["choices"]?[0] }
        #expect(choices.map { $0["index"]?.integer } == [0, 1, 1, 0, 1])
        #expect(choices.map { $0["finish_reason"] } == [.null, .null, .null, "length", "stop"])
        #expect(chunks.map { $0["lapwing"] != nil } == [false, false, false, false, true])
    }

    @Test("A completion stream has text chunks in the completion's own shape")
    func completion() async throws {
        let reply = try await ServerHarness().complete(completionBody(#""stream":true,"logprobs":0"#))
        #expect(reply.events.last == "[DONE]")
        let chunks = try reply.chunks
        #expect(chunks.map { $0["choices"]?[0]?["text"]?.string } == ["Hello", " world", ""])
        #expect(chunks.allSatisfy { $0["object"]?.string == "text_completion" })
        #expect(chunks[1]["choices"]?[0]?["logprobs"]?["text_offset"] == [5])
        #expect(chunks[2]["choices"]?[0]?["finish_reason"]?.string == "stop" && chunks[2]["lapwing"] != nil)
    }
}
