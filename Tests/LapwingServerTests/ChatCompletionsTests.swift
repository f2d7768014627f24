import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("POST /v1/chat/completions, whole", .timeLimit(.minutes(1)))
struct ChatCompletionsTests {
    @Test("The answer has the shape of the OpenAI API, with the receipt beside it")
    func shape() async throws {
        let reply = try await ServerHarness().chat(chatBody())
        #expect(reply.status == 200)
        #expect(reply.header("content-type") == "application/json")
        let json = try reply.json
        #expect(json["id"]?.string == "chatcmpl-" + ServerHarness.requestID.dropFirst(4))
        #expect(json["object"]?.string == "chat.completion")
        #expect(json["created"]?.integer == 1_000_000_000)
        #expect(json["model"]?.string == "m")
        #expect(
            json["choices"] == [
                [
                    "index": 0, "finish_reason": "stop", "logprobs": nil,
                    "message": ["role": "assistant", "content": "Hello world", "refusal": nil],
                ]
            ])
        #expect(
            json["usage"] == [
                "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7,
                "prompt_tokens_details": ["cached_tokens": 2],
            ])
        #expect(json["lapwing"]?["calibrator"]?.string == "default-1")
        #expect(json["lapwing"]?["calibrated"]?.bool == false)
    }

    @Test("All six headers carry what the receipt says, as plain decimals")
    func headers() async throws {
        let reply = try await ServerHarness().chat(chatBody())
        #expect(reply.header("x-lapwing-request-id") == ServerHarness.requestID)
        #expect(reply.header("x-lapwing-route") == "support")
        #expect(reply.header("x-lapwing-decision") == "open")
        #expect(reply.header("x-lapwing-confidence") == "0.9312")
        #expect(reply.header("x-lapwing-cost-usd") == "0.00000004")
        #expect(reply.header("x-lapwing-saved-usd") == "0.00000096")
        #expect(reply.header("x-lapwing-ignored") == nil)
    }

    @Test("What nobody knows is said with a word, never with zero")
    func unknownFigures() async throws {
        var receipt = Receipt.scripted
        var call = receipt.calls[0]
        call.cost = nil
        receipt = Receipt(
            requestID: "r", route: "support", model: "m", decision: .wouldEscalate, confidence: nil, calls: [call],
            counterfactual: nil)
        let reply = try await ServerHarness(ScriptedProvider.Step.answer(["x"], receipt: receipt)).chat(chatBody())
        #expect(reply.header("x-lapwing-decision") == "would-escalate")
        #expect(reply.header("x-lapwing-confidence") == "none")
        #expect(reply.header("x-lapwing-cost-usd") == "unpriced")
        #expect(reply.header("x-lapwing-saved-usd") == "unknown")
        #expect(try reply.json["lapwing"]?["cost_usd"] == .null)
    }

    @Test("Log-probabilities come with bytes and alternatives; part of a character is spelt out; no infinity")
    func logprobs() async throws {
        let token = ScoredToken(
            id: 1, bytes: [0xE2, 0x82], logProbability: -0.5,
            top: [
                TokenAlternative(id: 1, bytes: [0xE2, 0x82], logProbability: -0.5),
                TokenAlternative(id: 2, bytes: [0x41], logProbability: -.infinity),
            ])
        let steps: [ScriptedProvider.Step] = [
            .event(.delta(choice: 0, text: "", tokens: [token])), .event(.finished(choice: 0, reason: .length)),
            .event(.completed(model: "m", usage: Usage(promptTokens: 1, completionTokens: 1), receipt: nil)),
        ]
        let reply = try await ServerHarness(steps).chat(chatBody(#""logprobs":true,"top_logprobs":2"#))
        #expect(
            try reply.json["choices"]?[0]?["logprobs"] == [
                "refusal": nil,
                "content": [
                    [
                        "token": "bytes:\\xe2\\x82", "logprob": -0.5, "bytes": [0xE2, 0x82],
                        "top_logprobs": [
                            ["token": "bytes:\\xe2\\x82", "logprob": -0.5, "bytes": [0xE2, 0x82]],
                            ["token": "A", "logprob": -9999, "bytes": [0x41]],
                        ],
                    ]
                ],
            ])
        #expect(try reply.json["lapwing"] == nil)
    }

    @Test("Each field reaches the provider")
    func mapping() async throws {
        let harness = ServerHarness()
        let reply = try await harness.chat(
            #"""
            {"model":"support","messages":[{"role":"system","content":"s","name":"x"},
             {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
             "temperature":0.5,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":-1,"repeat_penalty":1.1,
             "presence_penalty":1,"frequency_penalty":-1,"logit_bias":{"7":-100},"stop":["\n","END"],"n":1,
             "max_completion_tokens":9,"logprobs":true,"top_logprobs":3,"user":"u","metadata":{"feature":"search"},
             "ignore_eos":true,"cache_prompt":false,"tools":[],"tool_choice":"none","response_format":{"type":"text"},
             "parallel_tool_calls":true,"modalities":["text"],"audio":null,"typical_p":1.0}
            """#)
        #expect(reply.status == 200)
        #expect(reply.header("x-lapwing-ignored") == nil)
        let call = try #require(harness.provider.calls.first)
        #expect(call.context.requestID == ServerHarness.requestID)
        #expect(call.context.user == "u" && call.context.metadata == ["feature": "search"])
        #expect(call.context.tier == "default" && call.context.keyID == nil)
        let request = call.request
        #expect(request.model == "support")
        #expect(
            request.prompts == [
                .messages([
                    ChatMessage(role: "system", content: "s", name: "x"), ChatMessage(role: "user", content: "a\nb"),
                ])
            ])
        var sampling = Sampling()
        sampling.temperature = 0.5
        sampling.topP = 0.9
        sampling.topK = 40
        sampling.minP = 0.05
        sampling.seed = .max
        sampling.repetitionPenalty = 1.1
        sampling.presencePenalty = 1
        sampling.frequencyPenalty = -1
        sampling.logitBias = [7: -100]
        #expect(request.sampling == sampling)
        #expect(request.stop == ["\n", "END"])
        #expect(request.maxTokens == 9 && request.topLogProbabilities == 3)
        #expect(request.ignoreEOS && !request.cachePrompt && !request.echo)
    }

    @Test("Defaults are the API's, and what nobody knows is passed over and named")
    func defaults() async throws {
        let harness = ServerHarness()
        let reply = try await harness.chat(chatBody(#""zzz":1,"prompt_cache_key":"k","bad\nname":2"#))
        #expect(reply.status == 200)
        #expect(reply.header("x-lapwing-ignored") == "prompt_cache_key, zzz")
        let request = try #require(harness.provider.calls.first?.request)
        #expect(request.sampling == Sampling())
        #expect(request.maxTokens == nil && request.topLogProbabilities == nil)
        #expect(request.cachePrompt && !request.ignoreEOS && !request.stream)
    }

    @Test("Where no ignored name fits in a header, there is no such header")
    func noPlainName() async throws {
        let reply = try await ServerHarness().chat(chatBody(#""bad\nname":2"#))
        #expect(reply.status == 200)
        #expect(reply.header("x-lapwing-ignored") == nil)
    }

    @Test("A token whose probability nobody knows is left out, never certain")
    func unknownProbability() async throws {
        let tokens = [nil, -0.5].map { ScoredToken(id: 1, bytes: [0x41], logProbability: $0) }
        let steps: [ScriptedProvider.Step] = [
            .event(.delta(choice: 0, text: "AA", tokens: tokens)), .event(.finished(choice: 0, reason: .length)),
            .event(.completed(model: "m", usage: Usage(promptTokens: 1, completionTokens: 2), receipt: nil)),
        ]
        let content = try await ServerHarness(steps).chat(chatBody(#""logprobs":true"#))
            .json["choices"]?[0]?["logprobs"]?["content"]
        #expect(content?.array?.map { $0["logprob"] } == [-0.5])
    }

    @Test("Unknown fields within messages and options are named once, by their path")
    func nestedUnknown() async throws {
        let reply = try await ServerHarness().chat(
            #"""
            {"model":"m","stream":true,"stream_options":{"include_obfuscation":false},"messages":[
             {"role":"system","content":"a","cache_control":1},{"role":"user","cache_control":2,
              "content":[{"type":"text","text":"b","cache_control":3}]}]}
            """#)
        #expect(
            reply.header("x-lapwing-ignored")
                == "messages[].cache_control, messages[].content[].cache_control, stream_options.include_obfuscation")
    }

    @Test("A sane x-request-id is repeated, another is replaced by ours")
    func requestID() async throws {
        let harness = ServerHarness()
        let sane = try await harness.send("GET", "/healthz", headers: ["x-request-id": "abc-1.2_3"])
        #expect(sane.header("x-request-id") == "abc-1.2_3")
        #expect(sane.header("x-lapwing-request-id") == ServerHarness.requestID)
        let other = try await harness.send("GET", "/healthz", headers: ["x-request-id": "a b<c>"])
        #expect(other.header("x-request-id") == ServerHarness.requestID)
    }

    @Test("n answers come as n choices, judged as a whole")
    func severalChoices() async throws {
        var steps = ScriptedProvider.Step.answer(["b"], choice: 1)
        steps.insert(.event(.delta(choice: 0, text: "a", tokens: [])), at: 1)
        steps.insert(.event(.finished(choice: 0, reason: .length)), at: 2)
        let harness = ServerHarness(steps)
        let json = try await harness.chat(chatBody(#""n":2"#)).json
        #expect(json["choices"]?[0]?["message"]?["content"]?.string == "a")
        #expect(json["choices"]?[0]?["finish_reason"]?.string == "length")
        #expect(json["choices"]?[1]?["message"]?["content"]?.string == "b")
    }
}
