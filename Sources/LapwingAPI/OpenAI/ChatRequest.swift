extension OpenAI {
    /// The body of `POST /v1/chat/completions`.
    package struct ChatRequest: Hashable, Sendable {
        package var model: String
        package var messages: [ChatMessage]
        package var sampling = SamplingFields()
        /// Takes the place of `max_tokens`, which some upstreams refuse.
        package var maxCompletionTokens: Int?
        package var logprobs: Bool?
        /// Alternatives per token, 0 to 20; needs `logprobs`.
        package var topLogprobs: Int?
        package var toolUse: ToolUse?
        package var responseFormat: ResponseFormat?
        package var reasoningEffort: String?
        package var metadata: [String: String]?
        /// Goes on with the last message instead of answering it; of vLLM, where a new answer must not be begun then.
        package var continuesFinalMessage = false

        package init(model: String, messages: [ChatMessage]) {
            self.model = model
            self.messages = messages
        }
    }
}

extension OpenAI.ChatRequest {
    /// As it travels, with what is set alone.
    package var json: JSONValue {
        var members: JSONMembers = ["model": .string(model), "messages": .array(messages.map(\.json))]
        sampling.write(to: &members)
        members["max_completion_tokens"] = maxCompletionTokens.map(JSONValue.init)
        members["logprobs"] = logprobs.map(JSONValue.bool)
        members["top_logprobs"] = topLogprobs.map(JSONValue.init)
        toolUse?.write(to: &members)
        members["response_format"] = responseFormat?.json
        members["reasoning_effort"] = reasoningEffort.map(JSONValue.string)
        members["metadata"] = metadata.map(JSONValue.init)
        if continuesFinalMessage {
            members["continue_final_message"] = true
            members["add_generation_prompt"] = false
        }
        return .object(members)
    }
}

extension ChatMessage {
    /// As the OpenAI API has it.
    package var json: JSONValue {
        var members: JSONMembers = ["role": .string(role), "content": content(of: parts)]
        members["name"] = name.map(JSONValue.string)
        if !toolCalls.isEmpty { members["tool_calls"] = .array(toolCalls.map(\.json)) }
        members["tool_call_id"] = toolCallID.map(JSONValue.string)
        return .object(members)
    }

    /// A single text stands by itself: some servers take nothing else.
    private func content(of parts: [ContentPart]) -> JSONValue {
        if parts.isEmpty { return .null }
        if parts.count == 1, case .text(let text) = parts[0] { return .string(text) }
        return .array(parts.map(\.json))
    }
}

extension ContentPart {
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): ["type": "text", "text": .string(text)]
        case .image(let image): ["type": "image_url", "image_url": image.json]
        }
    }
}

extension ChatImage {
    fileprivate var json: JSONValue {
        var members: JSONMembers = ["url": .string(address)]
        members["detail"] = detail.map(JSONValue.string)
        return .object(members)
    }

    private var address: String {
        switch source {
        case .url(let url): url
        case .data(let mediaType, let base64): "data:\(mediaType);base64,\(base64)"
        }
    }
}
