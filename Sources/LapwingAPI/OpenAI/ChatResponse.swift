extension OpenAI {
    /// The whole answer to a chat request.
    package struct ChatResponse: Hashable, Sendable {
        package static let object = "chat.completion"

        package struct Choice: Hashable, Sendable {
            package var index: Int
            package var message: AnswerMessage
            package var finishReason: String?
            package var logprobs: ChatLogprobs?

            package init(index: Int, message: AnswerMessage, finishReason: String?, logprobs: ChatLogprobs? = nil) {
                self.index = index
                self.message = message
                self.finishReason = finishReason
                self.logprobs = logprobs
            }
        }

        package var id: String
        /// Seconds since 1970.
        package var created: Int
        package var model: String
        package var choices: [Choice]
        package var usage: Usage?
        package var lapwing: ReceiptObject?

        package init(id: String, created: Int, model: String, choices: [Choice], usage: Usage?) {
            self.id = id
            self.created = created
            self.model = model
            self.choices = choices
            self.usage = usage
        }
    }

    /// The message of an answer.
    package struct AnswerMessage: Hashable, Sendable {
        package var role: String
        package var content: String?
        package var refusal: String?
        /// What the model thought; see `ChatChunk.Delta`.
        package var reasoning: String?
        package var toolCalls: [ToolCall]

        package init(
            role: String = "assistant", content: String?, reasoning: String? = nil, toolCalls: [ToolCall] = []
        ) {
            self.role = role
            self.content = content
            self.reasoning = reasoning
            self.toolCalls = toolCalls
        }
    }

    /// `logprobs` of a chat choice, in answers and chunks.
    package struct ChatLogprobs: Hashable, Sendable {
        package var content: [TokenLogprob]

        package init(content: [TokenLogprob]) { self.content = content }
    }

    /// A generated token with its log-probability; `top` holds the alternatives, best first.
    package struct TokenLogprob: Hashable, Sendable {
        package var token: String
        package var logprob: Double
        package var bytes: [UInt8]?
        package var top: [Alternative]

        package init(token: String, logprob: Double, bytes: [UInt8]?, top: [Alternative]) {
            self.token = token
            self.logprob = logprob
            self.bytes = bytes
            self.top = top
        }

        package struct Alternative: Hashable, Sendable, Codable {
            package var token: String
            package var logprob: Double
            package var bytes: [UInt8]?

            package init(token: String, logprob: Double, bytes: [UInt8]?) {
                self.token = token
                self.logprob = logprob
                self.bytes = bytes
            }
        }
    }
}

extension OpenAI.ChatResponse: Codable {
    private enum CodingKeys: CodingKey { case id, object, created, model, choices, usage, lapwing }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decodeIfPresent(String.self, forKey: .id) ?? ""
        created = try container.decodeIfPresent(Int.self, forKey: .created) ?? 0
        model = try container.decodeIfPresent(String.self, forKey: .model) ?? ""
        choices = try container.decode([Choice].self, forKey: .choices)
        usage = try container.decodeIfPresent(OpenAI.Usage.self, forKey: .usage)
        lapwing = try container.decodeIfPresent(OpenAI.ReceiptObject.self, forKey: .lapwing)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(Self.object, forKey: .object)
        try container.encode(created, forKey: .created)
        try container.encode(model, forKey: .model)
        try container.encode(choices, forKey: .choices)
        try container.encodeIfPresent(usage, forKey: .usage)
        try container.encodeIfPresent(lapwing, forKey: .lapwing)
    }
}

extension OpenAI.ChatResponse.Choice: Codable {
    private enum CodingKeys: String, CodingKey {
        case index, message, logprobs
        case finishReason = "finish_reason"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        index = try container.decodeIfPresent(Int.self, forKey: .index) ?? 0
        message = try container.decode(OpenAI.AnswerMessage.self, forKey: .message)
        finishReason = try container.decodeIfPresent(String.self, forKey: .finishReason)
        logprobs = try container.decodeIfPresent(OpenAI.ChatLogprobs.self, forKey: .logprobs)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(message, forKey: .message)
        try container.encode(finishReason, forKey: .finishReason)
        try container.encode(logprobs, forKey: .logprobs)
    }
}

extension OpenAI.AnswerMessage: Codable {
    private enum CodingKeys: String, CodingKey {
        case role, content, refusal
        case reasoning = "reasoning_content"
        case toolCalls = "tool_calls"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        role = try container.decodeIfPresent(String.self, forKey: .role) ?? "assistant"
        content = try container.decodeIfPresent(String.self, forKey: .content)
        refusal = try container.decodeIfPresent(String.self, forKey: .refusal)
        reasoning = try container.decodeIfPresent(String.self, forKey: .reasoning)
        toolCalls = try (container.decodeIfPresent([OpenAI.ToolCallPart].self, forKey: .toolCalls) ?? []).map(\.call)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(role, forKey: .role)
        try container.encode(content, forKey: .content)
        try container.encode(refusal, forKey: .refusal)
        try container.encodeIfPresent(reasoning, forKey: .reasoning)
        if !toolCalls.isEmpty { try container.encode(toolCalls.map(OpenAI.ToolCallPart.init), forKey: .toolCalls) }
    }
}

extension OpenAI.ChatLogprobs: Codable {
    private enum CodingKeys: CodingKey { case content, refusal }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        content = try container.decodeIfPresent([OpenAI.TokenLogprob].self, forKey: .content) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(content, forKey: .content)
        try container.encodeNil(forKey: .refusal)
    }
}

extension OpenAI.TokenLogprob: Codable {
    private enum CodingKeys: String, CodingKey {
        case token, logprob, bytes
        case top = "top_logprobs"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        token = try container.decode(String.self, forKey: .token)
        logprob = try container.decode(Double.self, forKey: .logprob)
        bytes = try container.decodeIfPresent([UInt8].self, forKey: .bytes)
        top = try container.decodeIfPresent([Alternative].self, forKey: .top) ?? []
    }
}
