extension OpenAI {
    /// The body of `POST /v1/chat/completions`.
    package struct ChatRequest: Hashable, Sendable {
        package var model: String
        package var messages: [Message]
        package var sampling = SamplingFields()
        /// Takes the place of `max_tokens`, which some upstreams refuse.
        package var maxCompletionTokens: Int?
        package var logprobs: Bool?
        /// Alternatives per token, 0 to 20; needs `logprobs`.
        package var topLogprobs: Int?
        package var metadata: [String: String]?
        /// Goes on with the last message instead of answering it; of vLLM, where a new answer must not be begun then.
        package var continuesFinalMessage = false

        package init(model: String, messages: [Message]) {
            self.model = model
            self.messages = messages
        }
    }

    /// One message of a request.
    package struct Message: Hashable, Sendable, Encodable {
        package var role: String
        package var content: Content
        package var name: String?

        package init(role: String, content: Content, name: String? = nil) {
            self.role = role
            self.content = content
            self.name = name
        }
    }

    /// A message's content: one string, or a list of parts.
    package enum Content: Hashable, Sendable {
        case text(String)
        case parts([Part])

        package struct Part: Hashable, Sendable, Encodable {
            package var type: String
            package var text: String?

            package init(type: String, text: String?) {
                self.type = type
                self.text = text
            }
        }
    }
}

extension OpenAI.ChatRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case model, messages, logprobs, metadata
        case maxCompletionTokens = "max_completion_tokens"
        case topLogprobs = "top_logprobs"
        case continuesFinalMessage = "continue_final_message"
        case beginsAnswer = "add_generation_prompt"
    }

    package func encode(to encoder: any Encoder) throws {
        try sampling.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(model, forKey: .model)
        try container.encode(messages, forKey: .messages)
        try container.encodeIfPresent(maxCompletionTokens, forKey: .maxCompletionTokens)
        try container.encodeIfPresent(logprobs, forKey: .logprobs)
        try container.encodeIfPresent(topLogprobs, forKey: .topLogprobs)
        try container.encodeIfPresent(metadata, forKey: .metadata)
        if continuesFinalMessage {
            try container.encode(true, forKey: .continuesFinalMessage)
            try container.encode(false, forKey: .beginsAnswer)
        }
    }
}

extension OpenAI.Content: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .parts(let parts): try container.encode(parts)
        }
    }
}
