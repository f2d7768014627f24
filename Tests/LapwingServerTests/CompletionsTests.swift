import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

@Suite("POST /v1/completions", .timeLimit(.minutes(1)))
struct CompletionsTests {
    func token(_ text: String, _ logProbability: Double?, top: [(String, Double)] = []) -> ScoredToken {
        ScoredToken(
            id: Int32(text.utf8.first ?? 0), bytes: Array(text.utf8), logProbability: logProbability,
            top: top.map {
                TokenAlternative(id: Int32($0.0.utf8.first ?? 0), bytes: Array($0.0.utf8), logProbability: $0.1)
            })
    }

    func completed(_ usage: Usage = Usage(promptTokens: 3, completionTokens: 1)) -> ScriptedProvider.Step {
        .event(.completed(model: "m", usage: usage, receipt: .scripted))
    }

    @Test("Echo with log-probabilities has n_prompt + 1 entries, null first, also where the last is an end of sequence")
    func contract() async throws {
        let third = -0.1 - 0.2
        let harness = ServerHarness([
            .event(
                .prompt(
                    choice: 0,
                    tokens: [
                        token("é", nil), token(" b", -2.5, top: [("c", -0.5)]), token("d", third, top: [("d", third)]),
                    ])),
            .event(.delta(choice: 0, text: "", tokens: [token("<eos>", -.infinity, top: [("x", -0.75)])])),
            .event(.finished(choice: 0, reason: .stop)), completed(),
        ])
        let reply = try await harness.complete(
            #"{"model":"m","prompt":[[1,2,3]],"temperature":0,"max_tokens":1,"logprobs":1,"seed":1234,"echo":true}"#)
        #expect(reply.status == 200)
        let choice = try #require(try reply.json["choices"]?[0])
        #expect(choice["text"]?.string == "é bd")
        #expect(choice["finish_reason"]?.string == "stop")
        let logprobs = try #require(choice["logprobs"])
        #expect(logprobs["tokens"] == ["é", " b", "d", "<eos>"])
        #expect(logprobs["token_logprobs"] == [nil, -2.5, .number(third), -9999])
        #expect(
            logprobs["top_logprobs"] == [
                nil, [" b": -2.5, "c": -0.5], ["d": .number(third)], ["<eos>": -9999, "x": -0.75],
            ])
        #expect(logprobs["text_offset"] == [0, 1, 3, 4])
        #expect(reply.text.contains("-0.30000000000000004,"), "the very Double, in both places")
        let request = harness.provider.calls[0].request
        #expect(request.prompts == [.tokens([1, 2, 3])])
        #expect(request.echo && request.maxTokens == 1 && request.topLogProbabilities == 1)
        #expect(request.sampling.temperature == 0 && request.sampling.seed == 1234)
    }

    @Test("Of alternatives that spell the same, the most probable counts; the chosen one keeps its own Double")
    func collisions() async throws {
        let same = ScoredToken(
            id: 1, bytes: [0x41], logProbability: -3,
            top: [
                TokenAlternative(id: 2, bytes: [0x41], logProbability: -1),
                TokenAlternative(id: 1, bytes: [0x41], logProbability: -3.0000001),
            ])
        let harness = ServerHarness([
            .event(.delta(choice: 0, text: "A", tokens: [same])), .event(.finished(choice: 0, reason: .length)),
            completed(),
        ])
        let logprobs = try await harness.complete(completionBody(#""logprobs":2"#)).json["choices"]?[0]?["logprobs"]
        #expect(logprobs?["token_logprobs"] == [-3])
        #expect(logprobs?["top_logprobs"] == [["A": -1]])
    }

    @Test("A character in several tokens counts once in the offsets")
    func offsets() async throws {
        let parts: [[UInt8]] = [[0xF0, 0x9F], [0x98, 0x80], [0x21], [0x21]]
        let tokens = parts.map { ScoredToken(id: 1, bytes: $0, logProbability: -1) }
        let harness = ServerHarness([
            .event(.delta(choice: 0, text: "😀!!", tokens: tokens)), .event(.finished(choice: 0, reason: .length)),
            completed(),
        ])
        let logprobs = try await harness.complete(completionBody(#""logprobs":0"#)).json["choices"]?[0]?["logprobs"]
        #expect(logprobs?["text_offset"] == [0, 1, 1, 2])
        #expect(logprobs?["tokens"] == ["bytes:\\xf0\\x9f", "bytes:\\x98\\x80", "!", "!"])
        #expect(logprobs?["top_logprobs"]?.array?.allSatisfy { $0.object?.count == 1 } == true)
    }

    @Test("Offsets are those of the text where tokens stand for none of it", arguments: [true, false])
    func offsetsOfSilentTokens(streaming: Bool) async throws {
        let control = ScoredToken(id: 2, bytes: Array("<|call|>".utf8), logProbability: -1, isText: false)
        let harness = ServerHarness([
            .event(.prompt(choice: 0, tokens: [token("<s>", nil), token("ab", -1), token(" c", -1)])),
            .event(.delta(choice: 0, text: "d", tokens: [token("d", -1)])),
            .event(.delta(choice: 0, text: "", tokens: [control])),
            .event(.delta(choice: 0, text: "ef", tokens: [token("ef", -1)])),
            .event(.finished(choice: 0, reason: .length)), completed(),
        ])
        let body = #"{"model":"m","prompt":"ab c","logprobs":0,"echo":true,"stream":\#(streaming)}"#
        let reply = try await harness.complete(body)
        let choices = try (streaming ? reply.chunks : [reply.json]).compactMap { $0["choices"]?[0] }
        #expect(choices.compactMap { $0["text"]?.string }.joined() == "ab cdef")
        let offsets = choices.flatMap { $0["logprobs"]?["text_offset"]?.array ?? [] }
        #expect(offsets == [0, 0, 2, 4, 5, 5])
    }

    @Test("Echo without generation has exactly the prompt's entries")
    func echoOnly() async throws {
        let harness = ServerHarness([
            .event(.prompt(choice: 0, tokens: [token("a", nil), token("b", -1)])),
            .event(.finished(choice: 0, reason: .length)), completed(),
        ])
        let reply = try await harness.complete(
            #"{"model":"m","prompt":"ab","max_tokens":0,"logprobs":1,"echo":true}"#)
        let choice = try reply.json["choices"]?[0]
        #expect(choice?["logprobs"]?["token_logprobs"] == [nil, -1])
        #expect(choice?["text"]?.string == "ab" && choice?["finish_reason"]?.string == "length")
        #expect(harness.provider.calls[0].request.maxTokens == 0)
    }

    @Test("Echo gives a text prompt back as it was sent, whatever its tokens spell")
    func echoText() async throws {
        let harness = ServerHarness([
            .event(.prompt(choice: 1, tokens: [token("?", nil)])), .event(.delta(choice: 1, text: "!", tokens: [])),
            .event(.prompt(choice: 0, tokens: [token("?", nil)])), .event(.finished(choice: 0, reason: .stop)),
            .event(.finished(choice: 1, reason: .stop)), completed(),
        ])
        let reply = try await harness.complete(#"{"model":"m","prompt":["<s>one","two"],"echo":true}"#)
        #expect(try reply.json["choices"]?[0]?["text"]?.string == "<s>one")
        #expect(try reply.json["choices"]?[1]?["text"]?.string == "two!")
        #expect(try reply.json["choices"]?[0]?["logprobs"] == .null)
    }

    @Test(
        "All four forms of a prompt reach the provider as they are",
        arguments: [
            (#""a""#, [Prompt.text("a")]), (#"["a","b"]"#, [.text("a"), .text("b")]), ("[1,2]", [.tokens([1, 2])]),
            ("[[1],[2,3]]", [.tokens([1]), .tokens([2, 3])]),
        ])
    func prompts(json: String, prompts: [Prompt]) async throws {
        let harness = ServerHarness()
        let reply = try await harness.complete(#"{"model":"m","prompt":\#(json)}"#)
        #expect(try reply.json["choices"]?.array?.count == prompts.count)
        #expect(harness.provider.calls[0].request.prompts == prompts)
        #expect(harness.provider.calls[0].request.maxTokens == 16)
    }

    @Test("lm-eval's generation request, with five stop strings and an empty bearer token, is taken")
    func generation() async throws {
        let harness = ServerHarness()
        let reply = try await harness.send(
            "POST", "/v1/completions",
            body: #"""
                {"prompt":[[5]],"model":"m","max_tokens":256,"temperature":0.0,
                 "stop":["Question:","</s>","<|im_end|>","a","b"],"seed":1234,"until":["x"]}
                """#, headers: ["authorization": "Bearer "])
        #expect(reply.status == 200)
        #expect(reply.header("x-lapwing-ignored") == "until")
        #expect(harness.provider.calls[0].request.stop.count == 5)
        #expect(try reply.json["choices"]?[0]?["text"]?.string == "Hello world")
    }
}
