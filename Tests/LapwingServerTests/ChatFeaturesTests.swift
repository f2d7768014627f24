import LapwingAPI
import LapwingServer
import LapwingTestSupport
import Testing

/// A request that offers one function.
private let tools = #""tools":[{"type":"function","function":{"name":"f"}}]"#

private func message(_ json: String) -> String { #"{"model":"m","messages":[\#(json)]}"# }

private func image(_ url: String, _ more: String = "") -> String {
    message(#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"\#(url)"\#(more)}}]}"#)
}

@Suite("Tools, images and structured output in chats", .timeLimit(.minutes(1)))
struct ChatFeaturesTests {
    @Test(
        "The choices of an answer reach the provider, by vLLM's name of today and the one before, in both endpoints",
        arguments: [
            #""structured_outputs":{"choice":["yes","no"]}"#, #""guided_choice":["yes","no"]"#,
            #""guided_choice":["yes","no"],"structured_outputs":{"choice":["yes","no"]}"#,
        ])
    func choices(fields: String) async throws {
        let harness = ServerHarness()
        let chat = try await harness.chat(
            #"{"model":"m","messages":[{"role":"user","content":"a"}],\#(fields)}"#)
        let completion = try await harness.post("/v1/completions", #"{"model":"m","prompt":"a",\#(fields)}"#)
        #expect(chat.status == 200 && completion.status == 200, "\(chat.text) \(completion.text)")
        #expect(chat.header("x-lapwing-ignored") == nil)
        #expect(harness.provider.calls.map(\.request.labels) == [["yes", "no"], ["yes", "no"]])
    }

    @Test("What a chat offers, shows and wants reaches the provider as it was said, schemas in their own order")
    func mapping() async throws {
        let harness = ServerHarness()
        let reply = try await harness.chat(
            #"""
            {"model":"m","messages":[
             {"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"https://h.example/i.png"}},
              {"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO+/8=","detail":"low"}}]},
             {"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"c1","type":"function",
              "function":{"name":"weather","arguments":"{\"city\":\"Bern\"}"}}]},
             {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"21"},{"type":"text","text":"C"}]}],
             "tools":[{"type":"function","function":{"name":"weather","description":"now","strict":true,
              "parameters":{"type":"object","properties":{"z":{},"a":{}}},"x":1}}],
             "tool_choice":{"type":"function","function":{"name":"weather"}},"parallel_tool_calls":false,
             "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"b":1,"a":2},"strict":true}},
             "reasoning_effort":"low"}
            """#)
        #expect(reply.status == 200, "\(reply.text)")
        #expect(reply.header("x-lapwing-ignored") == "tools[].function.x")
        let request = try #require(harness.provider.calls.first?.request)
        var call = ChatMessage(role: "assistant", parts: [])
        call.toolCalls = [ToolCall(id: "c1", name: "weather", arguments: #"{"city":"Bern"}"#)]
        var result = ChatMessage(role: "tool", content: "21\nC")
        result.toolCallID = "c1"
        let shown = ChatMessage(
            role: "user",
            parts: [
                .text("a"), .image(ChatImage(source: .url("https://h.example/i.png"))), .text("b"),
                .image(ChatImage(source: .data(mediaType: "image/png", base64: "iVBO+/8="), detail: "low")),
            ])
        #expect(request.prompts == [.messages([shown, call, result])])
        let tool = Tool(
            name: "weather", description: "now", parameters: ["type": "object", "properties": ["z": [:], "a": [:]]],
            isStrict: true)
        #expect(
            request.toolUse
                == ToolUse(tools: [tool], choice: .function(name: "weather"), allowsParallelCalls: false))
        #expect(
            request.toolUse?.tools[0].parameters?.object?.keys == ["type", "properties"]
                && request.toolUse?.tools[0].parameters?["properties"]?.object?.keys == ["z", "a"])
        #expect(
            request.responseFormat
                == .jsonSchema(AnswerSchema(name: "s", schema: ["b": 1, "a": 2], isStrict: true)))
        #expect(request.reasoningEffort == "low")
    }

    @Test("What asks for nothing is no feature")
    func neutral() async throws {
        let harness = ServerHarness()
        let reply = try await harness.chat(
            chatBody(#""tools":[],"tool_choice":"none","parallel_tool_calls":true,"response_format":{"type":"text"}"#))
        #expect(reply.status == 200)
        let request = try #require(harness.provider.calls.first?.request)
        #expect(GenerationRequest.Feature.allCases.allSatisfy { request.field(asking: $0) == nil })
    }

    static let refusals: [BadRequest] = [
        .invalid(chatBody(#""tools":{}"#), "tools", "expected an array"),
        .invalid(chatBody(#""tools":[{"type":"function"}]"#), "tools[0].function", "found nothing"),
        .invalid(chatBody(#""tools":[{"function":{"name":"f"}}]"#), "tools[0].type", "found nothing"),
        .invalid(chatBody(#""tools":[{"type":"function","function":{"name":""}}]"#), "tools[0].function.name", "empty"),
        .invalid(
            chatBody(#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#),
            "tools[0].function.parameters", "expected an object"),
        .unsupported(chatBody(#""tools":[{"type":"custom","custom":{}}]"#), "tools[0].type", "not 'custom'"),
        .invalid(chatBody(#""tool_choice":"auto""#), "tool_choice", "where there are no 'tools'"),
        .invalid(chatBody(tools + #","tool_choice":"always""#), "tool_choice", "found 'always'"),
        .invalid(chatBody(tools + #","tool_choice":3"#), "tool_choice", "found 3"),
        .invalid(
            chatBody(tools + #","tool_choice":{"type":"function","function":{"name":"g"}}"#),
            "tool_choice.function.name", "none of 'tools'"),
        .unsupported(
            chatBody(tools + #","tool_choice":{"type":"allowed_tools"}"#), "tool_choice.type", "not 'allowed_tools'"),
        .invalid(chatBody(tools + #","parallel_tool_calls":1"#), "parallel_tool_calls", "true or false"),
        .invalid(message(#"{"role":"tool","content":"x"}"#), "messages[0].tool_call_id", "found nothing"),
        .invalid(
            message(#"{"role":"user","content":"x","tool_call_id":"c"}"#), "messages[0].tool_call_id", "another role"),
        .invalid(
            message(#"{"role":"user","content":"x","tool_calls":[{}]}"#), "messages[0].tool_calls", "another role"),
        .invalid(
            message(#"{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f"}}]}"#),
            "messages[0].tool_calls[0].id", "found nothing"),
        .invalid(message(#"{"role":"assistant","content":null}"#), "messages[0].content", "found nothing"),
        .unsupported(message(#"{"role":"function","content":"x"}"#), "messages[0].role", "use 'tool'"),
        .unsupported(
            message(#"{"role":"assistant","content":"x","function_call":{}}"#), "messages[0].function_call",
            "use 'tool_calls'"),
        .invalid(image("http://h/i.png"), "messages[0].content[0].image_url.url", "https address of a public host"),
        .invalid(image("https://10.0.0.5/i.png"), "messages[0].content[0].image_url.url", "public host"),
        .invalid(image("https://[::1]/i.png"), "messages[0].content[0].image_url.url", "public host"),
        .invalid(image("https://127.1/i.png"), "messages[0].content[0].image_url.url", "public host"),
        .invalid(image("https://metadata/i.png"), "messages[0].content[0].image_url.url", "public host"),
        .invalid(image("https://db.internal/i.png"), "messages[0].content[0].image_url.url", "public host"),
        .invalid(image("https://a.example@10.0.0.5/i.png"), "messages[0].content[0].image_url.url", "public host"),
        .invalid(image("file:///etc/passwd"), "messages[0].content[0].image_url.url", "https address of a public host"),
        .invalid(image("data:text/html;base64,AAAA"), "messages[0].content[0].image_url.url", "data:image/TYPE"),
        .invalid(image("data:image/png;base64,"), "messages[0].content[0].image_url.url", "data:image/TYPE"),
        .invalid(image("data:image/png;base64,A A"), "messages[0].content[0].image_url.url", "data:image/TYPE"),
        .invalid(
            image("https://h.example/i.png", #","detail":"most""#), "messages[0].content[0].image_url.detail", "'most'"),
        .unsupported(
            message(
                #"{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://h.example/i.png"}}]}"#),
            "messages[0].content[0].type", "role 'user'"),
        .invalid(chatBody(#""response_format":"json""#), "response_format", "expected an object"),
        .unsupported(chatBody(#""response_format":{"type":"grammar"}"#), "response_format.type", "not 'grammar'"),
        .invalid(
            chatBody(#""response_format":{"type":"json_schema"}"#), "response_format.json_schema", "found nothing"),
        .invalid(
            chatBody(#""response_format":{"type":"json_schema","json_schema":{"schema":{}}}"#),
            "response_format.json_schema.name", "found nothing"),
        .invalid(chatBody(#""reasoning_effort":1"#), "reasoning_effort", "expected a string"),
    ]

    @Test("What is malformed is refused by its path", arguments: refusals)
    func refused(_ bad: BadRequest) async throws {
        let harness = ServerHarness()
        try bad.check(try await harness.chat(bad.body), harness.provider)
    }

    @Test("Tools and schemas count as bytes of the prompt, and images by their number")
    func caps() async throws {
        var harness = ServerHarness()
        harness.options.maxPromptBytes = 40
        harness.options.maxTools = 1
        harness.options.maxImages = 1
        let part = #"{"type":"image_url","image_url":{"url":"https://h.example/i.png"}}"#
        let table: [BadRequest] = [
            .invalid(chatBody(tools), "tools", "bytes with the messages, expected at most 40"),
            .invalid(
                chatBody(
                    #""response_format":{"type":"json_schema","json_schema":{"name":"a name that is quite long"}}"#),
                "response_format", "bytes with the messages"),
            .invalid(
                chatBody(
                    #""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]"#
                ),
                "tools", "found 2 tools, expected at most 1"),
            .invalid(
                message(#"{"role":"user","content":[\#(part),\#(part)]}"#), "messages", "2 images, expected at most 1"),
            .invalid(
                message(
                    #"{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"\#(String(repeating: " ", count: 40))"}}]}"#
                ), "messages", "42 bytes"),
        ]
        for bad in table { try bad.check(try await harness.chat(bad.body), harness.provider) }
    }

    /// A thought, a word, and two calls.
    private static let steps: [ScriptedProvider.Step] =
        [
            .event(.reasoning(choice: 0, text: "Hm")), .event(.reasoning(choice: 0, text: "m.")),
            .event(.delta(choice: 0, text: "Let me see.", tokens: [])),
            .event(.toolCall(choice: 0, ToolCallDelta(index: 0, id: "c1", name: "weather"))),
            .event(.toolCall(choice: 0, ToolCallDelta(index: 0, arguments: #"{"city":"#))),
            .event(.toolCall(choice: 0, ToolCallDelta(index: 0, arguments: #""Bern"}"#))),
            .event(.toolCall(choice: 0, ToolCallDelta(index: 1, id: "c2", name: "now", arguments: "{}"))),
            .event(.finished(choice: 0, reason: .toolCalls)),
            .event(.completed(model: "m", usage: Usage(promptTokens: 1, completionTokens: 9), receipt: nil)),
        ]

    @Test("Calls and thoughts come whole in a body, and an answer that is only calls has no text")
    func whole() async throws {
        let choice = try await ServerHarness(Self.steps).chat(chatBody(tools)).json["choices"]?[0]
        #expect(choice?["finish_reason"] == "tool_calls")
        #expect(
            choice?["message"] == [
                "role": "assistant", "content": "Let me see.", "refusal": nil, "reasoning_content": "Hmm.",
                "tool_calls": [
                    [
                        "id": "c1", "type": "function",
                        "function": ["name": "weather", "arguments": #"{"city":"Bern"}"#],
                    ],
                    ["id": "c2", "type": "function", "function": ["name": "now", "arguments": "{}"]],
                ],
            ])
        let calls = try await ServerHarness(Array(Self.steps.dropFirst(3))).chat(chatBody(tools)).json["choices"]?[0]
        #expect(calls?["message"]?["content"] == .null)
        #expect(calls?["message"]?["reasoning_content"] == nil)
    }

    @Test("Calls are put together by whatever places a provider gives them")
    func oddPlaces() async throws {
        let steps: [ScriptedProvider.Step] = [
            .event(.toolCall(choice: 0, ToolCallDelta(index: 7, id: "a", name: "f"))),
            .event(.toolCall(choice: 0, ToolCallDelta(index: -1, id: "b", name: "g", arguments: "{"))),
            .event(.toolCall(choice: 0, ToolCallDelta(index: 7, arguments: "{}"))),
            .event(.toolCall(choice: 0, ToolCallDelta(index: -1, arguments: "}"))),
            .event(.finished(choice: 0, reason: .toolCalls)),
            .event(.completed(model: "m", usage: Usage(promptTokens: 1, completionTokens: 9), receipt: nil)),
        ]
        let message = try await ServerHarness(steps).chat(chatBody(tools)).json["choices"]?[0]?["message"]
        #expect(message?["tool_calls"]?.array?.map { $0["function"]?["arguments"] } == ["{}", "{}"])
    }

    @Test("In a stream each piece comes as it came, after the role and before the reason")
    func stream() async throws {
        let reply = try await ServerHarness(Self.steps).chat(chatBody(tools + #","stream":true"#))
        let deltas = try reply.chunks.compactMap { $0["choices"]?[0]?["delta"] }
        #expect(
            deltas == [
                ["role": "assistant", "content": ""], ["reasoning_content": "Hm"], ["reasoning_content": "m."],
                ["content": "Let me see."],
                [
                    "tool_calls": [
                        ["index": 0, "id": "c1", "type": "function", "function": ["name": "weather", "arguments": ""]]
                    ]
                ],
                ["tool_calls": [["index": 0, "function": ["arguments": #"{"city":"#]]]],
                ["tool_calls": [["index": 0, "function": ["arguments": #""Bern"}"#]]]],
                [
                    "tool_calls": [
                        ["index": 1, "id": "c2", "type": "function", "function": ["name": "now", "arguments": "{}"]]
                    ]
                ], [:],
            ])
        #expect(try reply.chunks.last?["choices"]?[0]?["finish_reason"] == "tool_calls")
        #expect(reply.events.last == "[DONE]")
    }
}
