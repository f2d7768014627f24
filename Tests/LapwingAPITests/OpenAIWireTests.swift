import LapwingAPI
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite("OpenAI wire types")
struct OpenAIWireTests {
    func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test("A chat request writes only what is set, its common fields flat beside the others")
    func chatRequest() throws {
        var request = OpenAI.ChatRequest(model: "m", messages: [ChatMessage(role: "user", content: "hi")])
        request.sampling.temperature = 0.5
        request.sampling.streamOptions = .init(includeUsage: true)
        request.logprobs = true
        #expect(
            String(decoding: request.json.text, as: UTF8.self)
                == #"{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.5,"#
                + #""stream_options":{"include_usage":true},"logprobs":true}"#)
    }

    @Test("A message is written as a text or as the parts that it is, with its calls and what it is the result of")
    func messages() {
        let image = ChatImage(source: .data(mediaType: "image/png", base64: "AAAA"), detail: "low")
        var call = ChatMessage(role: "assistant", parts: [])
        call.toolCalls = [ToolCall(id: "c1", name: "f", arguments: #"{"a":1}"#)]
        var result = ChatMessage(role: "tool", content: "21")
        result.toolCallID = "c1"
        let written: [(ChatMessage, String)] = [
            (ChatMessage(role: "user", content: "a", name: "n"), #"{"role":"user","content":"a","name":"n"}"#),
            (
                ChatMessage(role: "user", parts: [.text("a"), .image(image)]),
                #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","#
                    + #""image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}]}"#
            ),
            (
                call,
                #"{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","#
                    + #""function":{"name":"f","arguments":"{\"a\":1}"}}]}"#
            ),
            (result, #"{"role":"tool","content":"21","tool_call_id":"c1"}"#),
        ]
        for (message, text) in written { #expect(String(decoding: message.json.text, as: UTF8.self) == text) }
    }

    @Test("A schema's members are written in the order in which they came, and text that JSON must escape is")
    func schema() throws {
        var use = ToolUse(tools: [
            Tool(
                name: "f", description: "a \"b\"\n\u{1}\\",
                parameters: ["z": 1, "a": ["y": true, "b": nil, "c": [0.5, "é"]]], isStrict: true)
        ])
        use.choice = .function(name: "f")
        use.allowsParallelCalls = false
        var request = OpenAI.ChatRequest(model: "m", messages: [])
        request.toolUse = use
        request.responseFormat = .jsonSchema(AnswerSchema(name: "s", schema: ["q": [:], "p": []], isStrict: false))
        #expect(
            String(decoding: request.json.text, as: UTF8.self)
                == #"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"f","#
                + #""description":"a \"b\"\n\u0001\\","parameters":{"z":1,"a":{"y":true,"b":null,"c":[0.5,"é"]}},"#
                + #""strict":true}}],"tool_choice":{"type":"function","function":{"name":"f"}},"#
                + #""parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":"#
                + #"{"name":"s","schema":{"q":{},"p":[]},"strict":false}}}"#)
        #expect(try decode(JSONValue.self, String(decoding: request.json.text, as: UTF8.self)) == request.json)
    }

    @Test(
        "All four forms of a completion's prompt are written as they are",
        arguments: [
            (#""a""#, OpenAI.TextInput.text("a")), (#"["a","b"]"#, .texts(["a", "b"])),
            ("[1,2]", .tokens([1, 2])), ("[[1],[2,3]]", .tokenLists([[1], [2, 3]])),
        ])
    func prompts(text: String, prompt: OpenAI.TextInput) throws {
        #expect(try json(prompt) == text)
    }

    @Test("A chunk that does not finish says so with null, and omits usage")
    func chunk() throws {
        let chunk = OpenAI.ChatChunk(
            id: "c", created: 7, model: "m", choices: [.init(index: 0, delta: .init(content: "x"))])
        let text = try json(chunk)
        #expect(
            text == #"{"choices":[{"delta":{"content":"x"},"finish_reason":null,"index":0,"logprobs":null}],"#
                + #""created":7,"id":"c","model":"m","object":"chat.completion.chunk"}"#)
        #expect(try decode(OpenAI.ChatChunk.self, text) == chunk)
    }

    @Test("A completion's log-probabilities keep the null of the first token and every bit of the others")
    func completionLogprobs() throws {
        var logprobs = OpenAI.CompletionLogprobs()
        logprobs.tokens = ["a", "b"]
        logprobs.tokenLogprobs = [nil, -0.1 - 0.2]
        logprobs.topLogprobs = [nil, ["b": -0.1 - 0.2]]
        logprobs.textOffset = [0, 1]
        var completion = OpenAI.Completion(
            id: "c", created: 7, model: "m",
            choices: [.init(index: 0, text: "ab", finishReason: "length", logprobs: logprobs)])
        completion.usage = .init(promptTokens: 1, completionTokens: 1, cachedTokens: 0)
        let text = try json(completion)
        #expect(text.contains(#""token_logprobs":[null,-0.30000000000000004]"#))
        #expect(text.contains(#""prompt_tokens_details":{"cached_tokens":0}"#))
        #expect(try decode(OpenAI.Completion.self, text) == completion)
    }

    @Test("What compatible servers leave out or spell differently is still read")
    func lenient() throws {
        let chunk = try decode(
            OpenAI.ChatChunk.self, #"{"choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":3}}"#)
        #expect(chunk.choices == [.init(index: 0, delta: .init(content: "x"))])
        #expect(chunk.usage?.totalTokens == 3)
        let error = try decode(OpenAI.ErrorBody.self, #"{"error":{"message":"no","code":404,"param":null}}"#)
        #expect(error.error.code == "404")
    }

    @Test(
        "Dollars are plain decimals, exact to the last of nine places",
        arguments: [
            (0, "0"), (1, "0.000000001"), (42_000, "0.000042"), (-1_500_000_000, "-1.5"),
            (9_007_199_254_740_993, "9007199.254740993"), (Int64.max, "9223372036.854775807"),
        ])
    func dollars(nano: Int64, text: String) throws {
        #expect(try json([DollarAmount(NanoUSD(nano))]) == "[\(text)]")
        #expect(try decode([DollarAmount].self, "[\(text)]") == [DollarAmount(NanoUSD(nano))])
    }

    @Test("The receipt object says null where a figure is unknown, never zero")
    func receiptObject() throws {
        let usage = LapwingAPI.Usage(promptTokens: 2, completionTokens: 3)
        func call(_ cost: NanoUSD?) -> CallReceipt {
            CallReceipt(
                model: "m", side: .open, role: .kept, usage: usage, cost: cost, priceSource: nil,
                latencyMilliseconds: 5)
        }
        let receipt = Receipt(
            requestID: "r", route: "support", model: "m", decision: .unavailable,
            confidence: Confidence(probability: 0.25, calibrator: "default-1", isCalibrated: false),
            escalation: "unavailable", calls: [call(NanoUSD(40)), call(nil)], counterfactual: nil)
        let object = OpenAI.ReceiptObject(receipt)
        let text = try json(object)
        #expect(text.contains(#""cost_usd":null"#))
        #expect(text.contains(#""saved_usd":null"#))
        #expect(text.contains(#""unpriced_calls":1"#))
        #expect(text.contains(#""confidence":0.25"#) && text.contains(#""calibrated":false"#))
        #expect(text.contains(#""escalation":"unavailable""#))
        #expect(text.contains(#""cost_usd":0.00000004,"estimated":false"#))
        #expect(try decode(OpenAI.ReceiptObject.self, text) == object)
    }

    @Test("An answer that another call went on with says so, and no other does")
    func continuedReceipt() throws {
        for roles in [[.kept], [.failed, .kept], [.continued, .kept]] as [[CallReceipt.Role]] {
            let calls = roles.map {
                CallReceipt(
                    model: "m", side: .open, role: $0, usage: .init(promptTokens: 1, completionTokens: 1), cost: nil,
                    priceSource: nil, latencyMilliseconds: 1)
            }
            let object = OpenAI.ReceiptObject(
                Receipt(
                    requestID: "r", route: "r", model: "m", decision: .open, confidence: nil, calls: calls,
                    counterfactual: nil))
            let text = try json(object)
            #expect(text.contains(#""continued":true"#) == roles.contains(.continued))
            #expect(try decode(OpenAI.ReceiptObject.self, text) == object)
        }
    }

    @Test("A JSON value keeps integers as integers and survives the round trip")
    func jsonValue() throws {
        let value: JSONValue = ["a": [1, 9_007_199_254_740_993, 0.5, true, nil], "b": ["c": "d"]]
        #expect(try decode(JSONValue.self, json(value)) == value)
        #expect(value["a"]?[1]?.integer == 9_007_199_254_740_993)
    }
}
