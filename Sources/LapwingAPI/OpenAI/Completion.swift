extension OpenAI {
    /// The body of `POST /v1/completions`.
    package struct CompletionRequest: Hashable, Sendable {
        package var model: String
        package var prompt: TextInput
        package var sampling = SamplingFields()
        package var echo: Bool?
        /// Alternatives per token; 0 still reports the chosen token's log-probability.
        package var logprobs: Int?
        package var bestOf: Int?
        package var metadata: [String: String]?

        package init(model: String, prompt: TextInput) {
            self.model = model
            self.prompt = prompt
        }
    }

    /// The four forms of a completion's prompt, and of what is to be embedded. Token ids are given to the model as they stand.
    package enum TextInput: Hashable, Sendable {
        case text(String)
        case texts([String])
        case tokens([Int32])
        case tokenLists([[Int32]])
    }

    /// The answer to a completion request; a stream's chunks have the same shape.
    package struct Completion: Hashable, Sendable {
        package static let object = "text_completion"

        package struct Choice: Hashable, Sendable {
            package var index: Int
            package var text: String
            package var finishReason: String?
            package var logprobs: CompletionLogprobs?

            package init(index: Int, text: String, finishReason: String?, logprobs: CompletionLogprobs? = nil) {
                self.index = index
                self.text = text
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

    /// Parallel arrays, one entry a token; with `echo` the prompt's tokens come first and the first has no probability.
    package struct CompletionLogprobs: Hashable, Sendable {
        package var tokens: [String] = []
        package var tokenLogprobs: [Double?] = []
        package var topLogprobs: [[String: Double]?] = []
        /// Characters (Unicode scalars) before the token in the choice's text.
        package var textOffset: [Int] = []

        package init() {}
    }
}

extension OpenAI.CompletionRequest {
    /// As it travels, with what is set alone.
    package var json: JSONValue {
        var members: JSONMembers = ["model": .string(model), "prompt": prompt.json]
        sampling.write(to: &members)
        members["echo"] = echo.map(JSONValue.bool)
        members["logprobs"] = logprobs.map(JSONValue.init)
        members["best_of"] = bestOf.map(JSONValue.init)
        members["metadata"] = metadata.map(JSONValue.init)
        return .object(members)
    }
}

extension OpenAI.TextInput {
    package var json: JSONValue {
        func list(_ tokens: [Int32]) -> JSONValue { .array(tokens.map { .integer(Int64($0)) }) }
        return switch self {
        case .text(let text): .string(text)
        case .texts(let texts): .array(texts.map(JSONValue.string))
        case .tokens(let tokens): list(tokens)
        case .tokenLists(let lists): .array(lists.map(list))
        }
    }
}

extension OpenAI.TextInput: Encodable {
    package func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

extension OpenAI.Completion: Codable {
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

extension OpenAI.Completion.Choice: Codable {
    private enum CodingKeys: String, CodingKey {
        case index, text, logprobs
        case finishReason = "finish_reason"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        index = try container.decodeIfPresent(Int.self, forKey: .index) ?? 0
        text = try container.decodeIfPresent(String.self, forKey: .text) ?? ""
        finishReason = try container.decodeIfPresent(String.self, forKey: .finishReason)
        logprobs = try container.decodeIfPresent(OpenAI.CompletionLogprobs.self, forKey: .logprobs)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(text, forKey: .text)
        try container.encode(finishReason, forKey: .finishReason)
        try container.encode(logprobs, forKey: .logprobs)
    }
}

extension OpenAI.CompletionLogprobs: Codable {
    private enum CodingKeys: String, CodingKey {
        case tokens
        case tokenLogprobs = "token_logprobs"
        case topLogprobs = "top_logprobs"
        case textOffset = "text_offset"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        tokens = try container.decodeIfPresent([String].self, forKey: .tokens) ?? []
        tokenLogprobs = try container.decodeIfPresent([Double?].self, forKey: .tokenLogprobs) ?? []
        topLogprobs = try container.decodeIfPresent([[String: Double]?].self, forKey: .topLogprobs) ?? []
        textOffset = try container.decodeIfPresent([Int].self, forKey: .textOffset) ?? []
    }
}
