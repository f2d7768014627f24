import LapwingAPI
import LapwingRouter
import Testing

private func user(_ text: String) -> ChatMessage { ChatMessage(role: "user", content: text) }

private func request(_ messages: [ChatMessage]) -> GenerationRequest {
    GenerationRequest(model: "claude", prompts: [.messages(messages)])
}

@Suite("AnthropicRequest")
struct AnthropicRequestTests {
    @Test("A plain chat has its instructions apart, and always says how long the answer may be")
    func plainChat() throws {
        let json = try AnthropicRequest(
            request([
                ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "developer", content: "No jokes."),
                user("Hi"), ChatMessage(role: "assistant", content: "Hello"), user("And?"), user("Well?"),
            ])
        ).json
        #expect(
            json == [
                "model": "claude", "max_tokens": 4096, "stream": true,
                "system": [["type": "text", "text": "Be brief."], ["type": "text", "text": "No jokes."]],
                "messages": [
                    ["role": "user", "content": [["type": "text", "text": "Hi"]]],
                    ["role": "assistant", "content": [["type": "text", "text": "Hello"]]],
                    [
                        "role": "user",
                        "content": [["type": "text", "text": "And?"], ["type": "text", "text": "Well?"]],
                    ],
                ],
            ])
    }

    @Test("Sampling, limits and stop strings have their own names")
    func sampling() throws {
        var asked = request([user("Hi")])
        asked.maxTokens = 9
        asked.sampling.temperature = 0.5
        asked.sampling.topP = 0.9
        asked.sampling.topK = 40
        asked.stop = ["\n", "END"]
        let json = try AnthropicRequest(asked).json
        #expect(json["max_tokens"] == 9 && json["temperature"] == 0.5 && json["top_p"] == 0.9 && json["top_k"] == 40)
        #expect(json["stop_sequences"] == ["\n", "END"])
    }

    @Test("Calls become blocks of the assistant's turn, and their results open the user's next one")
    func tools() throws {
        var calls = ChatMessage(role: "assistant", content: "")
        calls.toolCalls = [
            ToolCall(id: "c1", name: "f", arguments: #"{"a":[1,null]}"#), ToolCall(id: "c2", name: "g", arguments: ""),
        ]
        var results = ["1", "2"].map { ChatMessage(role: "tool", content: $0) }
        (results[0].toolCallID, results[1].toolCallID) = ("c1", "c2")
        var asked = request([user("Go"), calls] + results + [user("So?")])
        asked.toolUse = ToolUse(tools: [
            Tool(name: "f", description: "d", parameters: ["type": "object"], isStrict: true), Tool(name: "g"),
        ])
        let json = try AnthropicRequest(asked).json
        #expect(
            json["messages"]?.array?.dropFirst() == [
                [
                    "role": "assistant",
                    "content": [
                        ["type": "tool_use", "id": "c1", "name": "f", "input": ["a": [1, nil]]],
                        ["type": "tool_use", "id": "c2", "name": "g", "input": [:]],
                    ],
                ],
                [
                    "role": "user",
                    "content": [
                        ["type": "tool_result", "tool_use_id": "c1", "content": "1"],
                        ["type": "tool_result", "tool_use_id": "c2", "content": "2"],
                        ["type": "text", "text": "So?"],
                    ],
                ],
            ])
        #expect(
            json["tools"] == [
                ["name": "f", "description": "d", "input_schema": ["type": "object"], "strict": true],
                ["name": "g", "input_schema": ["type": "object", "properties": [:]]],
            ])
        #expect(json["tool_choice"] == nil)
    }

    @Test("Each choice of tools has its word, and so has one call at a time")
    func choices() throws {
        for (choice, parallel, expected) in [
            (nil, nil, nil), (nil, true, nil), (.auto, nil, ["type": "auto"]), (.never, false, ["type": "none"]),
            (.required, nil, ["type": "any"]), (.function(name: "f"), nil, ["type": "tool", "name": "f"]),
            (nil, false, ["type": "auto", "disable_parallel_tool_use": true]),
            (.required, false, ["type": "any", "disable_parallel_tool_use": true]),
        ] as [(ToolUse.Choice?, Bool?, JSONValue?)] {
            var asked = request([user("Go")])
            asked.toolUse = ToolUse(tools: [Tool(name: "f")], choice: choice, allowsParallelCalls: parallel)
            #expect(try AnthropicRequest(asked).json["tool_choice"] == expected)
        }
    }

    @Test("Images come by address or by their bytes, and a schema for the answer is passed on")
    func imagesAndSchemas() throws {
        let images = [
            ChatImage(source: .url("https://h.example/i.png")),
            ChatImage(source: .data(mediaType: "image/png", base64: "AAAA"), detail: "auto"),
        ]
        var asked = request([ChatMessage(role: "user", parts: images.map(ContentPart.image) + [.text("?")])])
        asked.responseFormat = .jsonSchema(AnswerSchema(name: "n", schema: ["type": "object"], isStrict: true))
        let json = try AnthropicRequest(asked).json
        #expect(
            json["messages"]?[0]?["content"] == [
                ["type": "image", "source": ["type": "url", "url": "https://h.example/i.png"]],
                ["type": "image", "source": ["type": "base64", "media_type": "image/png", "data": "AAAA"]],
                ["type": "text", "text": "?"],
            ])
        #expect(json["output_config"] == ["format": ["type": "json_schema", "schema": ["type": "object"]]])
    }

    @Test("The beginning of an answer is the assistant's last turn")
    func continuing() throws {
        var asked = request([user("Hi"), ChatMessage(role: "assistant", content: "Hel")])
        asked.continuesLastMessage = true
        #expect(try AnthropicRequest(asked).json["messages"]?[1]?["role"] == "assistant")
    }

    @Test("What the API cannot say without loss is refused by name")
    func refusals() {
        let changes: [(String, (inout GenerationRequest) -> Void)] = [
            ("n", { $0.choiceCount = 2 }), ("seed", { $0.sampling.seed = 1 }), ("min_p", { $0.sampling.minP = 0.1 }),
            ("repetition_penalty", { $0.sampling.repetitionPenalty = 1.1 }),
            ("presence_penalty", { $0.sampling.presencePenalty = 1 }),
            ("frequency_penalty", { $0.sampling.frequencyPenalty = 1 }),
            ("logit_bias", { $0.sampling.logitBias = [1: 1] }), ("logprobs", { $0.topLogProbabilities = 0 }),
            ("echo", { $0.echo = true }), ("ignore_eos", { $0.ignoreEOS = true }),
            ("reasoning_effort", { $0.reasoningEffort = "low" }), ("temperature", { $0.sampling.temperature = 1.1 }),
            ("response_format.type", { $0.responseFormat = .jsonObject }),
            ("response_format.json_schema", { $0.responseFormat = .jsonSchema(AnswerSchema(name: "n")) }),
            ("prompt", { $0.prompts = [.text("Hi")] }), ("prompt", { $0.prompts = [.tokens([1])] }),
            ("messages[1].role", { $0.prompts = [.messages([user("a"), ChatMessage(role: "system", content: "b")])] }),
            ("messages[0].name", { $0.prompts = [.messages([ChatMessage(role: "user", content: "a", name: "n")])] }),
            (
                "messages[1].role",
                { $0.prompts = [.messages([user("a"), ChatMessage(role: "assistant", content: "b")])] }
            ),
            (
                "messages[0].content[0].image_url.detail",
                {
                    let image = ChatImage(source: .url("https://h/i"), detail: "low")
                    $0.prompts = [.messages([ChatMessage(role: "user", parts: [.image(image)])])]
                }
            ),
        ]
        for (field, change) in changes {
            var asked = request([user("Hi")])
            change(&asked)
            let error = #expect(throws: RequestError.self) { try AnthropicRequest(asked) }
            guard case .unsupported(field, _) = error else {
                Issue.record("\(field): found \(String(describing: error))")
                continue
            }
            #expect(UpstreamDialect.anthropic.refusal(of: asked, by: "claude") == error)
        }
        var harmless = request([user("Hi")])
        harmless.reasoningEffort = "none"
        #expect(UpstreamDialect.anthropic.refusal(of: harmless, by: "claude") == nil)
    }

    @Test("A call whose arguments are no JSON object is found fault with by its path", arguments: ["{", "[]", "1"])
    func badArguments(text: String) {
        var call = ChatMessage(role: "assistant", parts: [])
        call.toolCalls = [ToolCall(id: "c", name: "f", arguments: text)]
        var result = ChatMessage(role: "tool", content: "1")
        result.toolCallID = "c"
        let error = #expect(throws: RequestError.self) { try AnthropicRequest(request([user("a"), call, result])) }
        guard case .invalid("messages[1].tool_calls[0].function.arguments", _, _) = error else {
            Issue.record("found \(String(describing: error))")
            return
        }
    }
}
