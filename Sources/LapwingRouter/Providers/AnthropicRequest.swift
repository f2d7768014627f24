import LapwingAPI

/// What asks Anthropic's Messages API for an answer, always as a stream.
package struct AnthropicRequest {
    /// The API wants to be told how long an answer may be; so long where neither request nor route says.
    package static let defaultMaxTokens = RequestPlan.assumedMaxTokens

    package let json: JSONValue

    /// Throws `unsupported` for what the API cannot say without loss, and `invalid` for calls whose arguments are not JSON.
    package init(_ request: GenerationRequest) throws(RequestError) {
        if let refusal = Self.refusal(of: request, by: request.model) { throw refusal }
        guard case .messages(let messages)? = request.prompts.first else {
            throw Self.chatsOnly(request.model)
        }
        let opening = messages.prefix { Self.isSystem($0) }
        var members: JSONMembers = [
            "model": .string(request.model), "max_tokens": JSONValue(request.maxTokens ?? Self.defaultMaxTokens),
            "stream": true,
        ]
        if !opening.isEmpty {
            members["system"] = .array(opening.map { ["type": "text", "text": .string($0.content)] })
        }
        members["messages"] = .array(try AnthropicTurns(messages.enumerated().dropFirst(opening.count)).json)
        if request.sampling.temperature != 1 { members["temperature"] = .number(request.sampling.temperature) }
        if request.sampling.topP != 1 { members["top_p"] = .number(request.sampling.topP) }
        members["top_k"] = request.sampling.topK.map(JSONValue.init)
        if !request.stop.isEmpty { members["stop_sequences"] = .array(request.stop.map(JSONValue.string)) }
        if let use = request.toolUse {
            members["tools"] = .array(use.tools.map(Self.tool))
            members["tool_choice"] = Self.choice(use)
        }
        if case .jsonSchema(let answer)? = request.responseFormat, let schema = answer.schema {
            members["output_config"] = ["format": ["type": "json_schema", "schema": schema]]
        }
        json = .object(members)
    }

    static func isSystem(_ message: ChatMessage) -> Bool { ["system", "developer"].contains(message.role) }

    private static func tool(_ tool: Tool) -> JSONValue {
        var members: JSONMembers = ["name": .string(tool.name)]
        members["description"] = tool.description.map(JSONValue.string)
        // It must be there, also where there is nothing to give.
        members["input_schema"] = tool.parameters ?? ["type": "object", "properties": [:]]
        if tool.isStrict == true { members["strict"] = true }
        return .object(members)
    }

    /// nil leaves it to the model, as the API does by itself.
    private static func choice(_ use: ToolUse) -> JSONValue? {
        var members: JSONMembers
        switch use.choice {
        case .never: return ["type": "none"]
        case nil where use.allowsParallelCalls != false: return nil
        case nil, .auto: members = ["type": "auto"]
        case .required: members = ["type": "any"]
        case .function(let name): members = ["type": "tool", "name": .string(name)]
        }
        if use.allowsParallelCalls == false { members["disable_parallel_tool_use"] = true }
        return .object(members)
    }
}

extension AnthropicRequest {
    /// Why the API cannot be asked without losing a part of the request; nil where it can.
    static func refusal(of request: GenerationRequest, by model: String) -> RequestError? {
        guard case .messages(let messages)? = request.prompts.first, request.prompts.count == 1 else {
            return chatsOnly(model)
        }
        let (sampling, standard) = (request.sampling, Sampling())
        let lacking: [(field: String, isAsked: Bool)] = [
            ("n", request.choiceCount != 1), ("seed", sampling.seed != nil),
            ("min_p", sampling.minP != standard.minP),
            ("repetition_penalty", sampling.repetitionPenalty != standard.repetitionPenalty),
            ("presence_penalty", sampling.presencePenalty != standard.presencePenalty),
            ("frequency_penalty", sampling.frequencyPenalty != standard.frequencyPenalty),
            ("logit_bias", !sampling.logitBias.isEmpty), ("logprobs", request.topLogProbabilities != nil),
            ("echo", request.echo), ("ignore_eos", request.ignoreEOS),
            ("reasoning_effort", request.field(asking: .reasoningEffort) != nil),
        ]
        if let field = lacking.first(where: \.isAsked)?.field { return .unknown(field, to: model) }
        if sampling.temperature > 1 {
            return .unsupported(field: "temperature", reason: "the API of '\(model)' takes 0 to 1")
        }
        if request.responseFormat == .jsonObject {
            return .unsupported(
                field: "response_format.type", reason: "the API of '\(model)' takes 'json_schema' and not 'json_object'"
            )
        }
        if case .jsonSchema(let answer)? = request.responseFormat, answer.schema == nil {
            return .unsupported(
                field: "response_format.json_schema", reason: "the API of '\(model)' wants a 'schema' in it")
        }
        return refusal(of: messages, in: request, by: model)
    }

    private static func refusal(
        of messages: [ChatMessage], in request: GenerationRequest, by model: String
    ) -> RequestError? {
        let openingCount = messages.prefix(while: isSystem).count
        for (index, message) in messages.enumerated() {
            let path = "messages[\(index)]"
            if index >= openingCount, isSystem(message) {
                return .unsupported(
                    field: path + ".role", reason: "the API of '\(model)' takes instructions before all other messages")
            }
            if message.name != nil { return .unknown(path + ".name", to: model) }
            for (place, part) in message.parts.enumerated() {
                if case .image(let image) = part, let detail = image.detail, detail != "auto" {
                    return .unknown(path + ".content[\(place)].image_url.detail", to: model)
                }
            }
        }
        if messages.last?.role == "assistant", !request.continuesLastMessage {
            return .unsupported(
                field: "messages[\(messages.count - 1)].role",
                reason: "the API of '\(model)' takes a last message of the assistant's for the beginning of its answer")
        }
        return nil
    }

    fileprivate static func chatsOnly(_ model: String) -> RequestError {
        .unsupported(field: "prompt", reason: "the API of '\(model)' answers chats alone")
    }
}
