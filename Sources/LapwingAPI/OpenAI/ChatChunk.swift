extension OpenAI {
    /// One `data:` line of a chat stream.
    package struct ChatChunk: Hashable, Sendable {
        package static let object = "chat.completion.chunk"

        package struct Choice: Hashable, Sendable {
            package var index: Int
            package var delta: Delta
            package var finishReason: String?
            package var logprobs: ChatLogprobs?

            package init(index: Int, delta: Delta, finishReason: String? = nil, logprobs: ChatLogprobs? = nil) {
                self.index = index
                self.delta = delta
                self.finishReason = finishReason
                self.logprobs = logprobs
            }
        }

        /// What is new in a choice; absent members have not changed.
        package struct Delta: Hashable, Sendable {
            package var role: String?
            package var content: String?
            /// What the model thinks. Not of OpenAI's API; vLLM, llama-server and DeepSeek name it so, others `reasoning`.
            package var reasoning: String?
            package var toolCalls: [ToolCallDelta]
            /// Why the model will not answer. Read, never written.
            package var refusal: String?

            package init(
                role: String? = nil, content: String? = nil, reasoning: String? = nil, toolCalls: [ToolCallDelta] = []
            ) {
                self.role = role
                self.content = content
                self.reasoning = reasoning
                self.toolCalls = toolCalls
            }
        }

        package var id: String
        /// Seconds since 1970; the same in all chunks of an answer.
        package var created: Int
        package var model: String
        /// Empty in the chunk that carries the usage.
        package var choices: [Choice]
        package var usage: Usage?
        /// Writes `usage` as `null` while it is not set, as streams do that were asked for it.
        package var reportsUsage = false
        package var lapwing: ReceiptObject?

        package init(id: String, created: Int, model: String, choices: [Choice]) {
            self.id = id
            self.created = created
            self.model = model
            self.choices = choices
        }
    }
}

extension OpenAI.ChatChunk: Codable {
    private enum CodingKeys: CodingKey { case id, object, created, model, choices, usage, lapwing }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decodeIfPresent(String.self, forKey: .id) ?? ""
        created = try container.decodeIfPresent(Int.self, forKey: .created) ?? 0
        model = try container.decodeIfPresent(String.self, forKey: .model) ?? ""
        choices = try container.decodeIfPresent([Choice].self, forKey: .choices) ?? []
        usage = try container.decodeIfPresent(OpenAI.Usage.self, forKey: .usage)
        reportsUsage = usage == nil && container.contains(.usage)
        lapwing = try container.decodeIfPresent(OpenAI.ReceiptObject.self, forKey: .lapwing)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(Self.object, forKey: .object)
        try container.encode(created, forKey: .created)
        try container.encode(model, forKey: .model)
        try container.encode(choices, forKey: .choices)
        if usage != nil || reportsUsage { try container.encode(usage, forKey: .usage) }
        try container.encodeIfPresent(lapwing, forKey: .lapwing)
    }
}

extension OpenAI.ChatChunk.Choice: Codable {
    private enum CodingKeys: String, CodingKey {
        case index, delta, logprobs
        case finishReason = "finish_reason"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        index = try container.decodeIfPresent(Int.self, forKey: .index) ?? 0
        delta = try container.decodeIfPresent(OpenAI.ChatChunk.Delta.self, forKey: .delta) ?? .init()
        finishReason = try container.decodeIfPresent(String.self, forKey: .finishReason)
        logprobs = try container.decodeIfPresent(OpenAI.ChatLogprobs.self, forKey: .logprobs)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(delta, forKey: .delta)
        try container.encode(finishReason, forKey: .finishReason)
        try container.encode(logprobs, forKey: .logprobs)
    }
}

extension OpenAI.ChatChunk.Delta: Codable {
    private enum CodingKeys: String, CodingKey {
        case role, content, reasoning, refusal
        case reasoningContent = "reasoning_content"
        case toolCalls = "tool_calls"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        role = try container.decodeIfPresent(String.self, forKey: .role)
        content = try container.decodeIfPresent(String.self, forKey: .content)
        reasoning = try container.decodeIfPresent(String.self, forKey: .reasoningContent)
        refusal = try container.decodeIfPresent(String.self, forKey: .refusal)
        // Some send the same text under both names; under this one it is not everywhere a string.
        if reasoning == nil { reasoning = try? container.decodeIfPresent(String.self, forKey: .reasoning) }
        let calls = try container.decodeIfPresent([OpenAI.ToolCallPart].self, forKey: .toolCalls) ?? []
        // Servers that send every call whole leave the index out.
        toolCalls = calls.enumerated().map { $1.delta(at: $1.index ?? $0) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(role, forKey: .role)
        try container.encodeIfPresent(content, forKey: .content)
        try container.encodeIfPresent(reasoning, forKey: .reasoningContent)
        if !toolCalls.isEmpty { try container.encode(toolCalls.map(OpenAI.ToolCallPart.init), forKey: .toolCalls) }
    }
}
