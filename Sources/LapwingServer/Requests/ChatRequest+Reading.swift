import LapwingAPI

extension OpenAI.ChatRequest {
    /// Reads and checks the body of `POST /v1/chat/completions`.
    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        try UnsupportedField.refuse(UnsupportedField.chat, in: &reader)
        self.init(
            model: try reader.requiredString("model", atMost: options.maxModelBytes),
            messages: try Self.messages(&reader, options: options))
        sampling = try OpenAI.SamplingFields(&reader, stopLimit: 4, options: options)
        sampling.maxTokens = try reader.integer("max_tokens", in: 1 ... .max)
        maxCompletionTokens = try reader.integer("max_completion_tokens", in: 1 ... .max)
        if let old = sampling.maxTokens, let new = maxCompletionTokens, old != new {
            throw .invalid(
                field: "max_tokens", found: "\(old)", expected: "nothing, or \(new) as in 'max_completion_tokens'")
        }
        logprobs = try reader.boolean("logprobs")
        topLogprobs = try reader.integer("top_logprobs", in: 0...20)
        if topLogprobs != nil, logprobs != true {
            throw .invalid(field: "top_logprobs", found: "a number", expected: "nothing unless 'logprobs' is true")
        }
        metadata = try OpenAI.SamplingFields.metadata(&reader, options: options)
        // Without tools there is nothing that it could change.
        _ = reader.value("parallel_tool_calls")
    }

    private static func messages(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [OpenAI.Message] {
        guard let elements = try reader.array("messages") else {
            throw reader.missing("messages", expected: "an array of messages")
        }
        guard (1...options.maxMessages).contains(elements.count) else {
            throw .invalid(
                field: "messages", found: "\(elements.count) messages", expected: "1 to \(options.maxMessages)")
        }
        var messages: [OpenAI.Message] = []
        var byteCount = 0
        for (index, element) in elements.enumerated() {
            var message = try FieldReader(element, path: "messages[\(index)]")
            messages.append(try OpenAI.Message(&message))
            reader.adopt(message, as: "messages[]")
            byteCount += messages[index].text.utf8.count + (messages[index].name?.utf8.count ?? 0)
        }
        guard byteCount <= options.maxPromptBytes else {
            throw .invalid(
                field: "messages", found: "\(byteCount) bytes of text", expected: "at most \(options.maxPromptBytes)")
        }
        return messages
    }
}

extension OpenAI.Message {
    private static let roles = ["system", "developer", "user", "assistant"]

    init(_ reader: inout FieldReader) throws(RequestError) {
        let role = try reader.requiredString("role")
        if role == "tool" || role == "function" {
            throw .unsupported(field: reader.pathOf("role"), reason: "tools and function calls are not available")
        }
        guard Self.roles.contains(role) else {
            let found = role.utf8.count <= 32 ? "'\(role)'" : "a longer string"
            throw .invalid(
                field: reader.pathOf("role"), found: found,
                expected: Self.roles.map { "'\($0)'" }.joined(separator: ", "))
        }
        try UnsupportedField.refuse(UnsupportedField.message, in: &reader)
        self.init(role: role, content: try Self.content(&reader), name: try reader.string("name"))
    }

    private static func content(_ reader: inout FieldReader) throws(RequestError) -> OpenAI.Content {
        switch reader.value("content") {
        case .string(let text): return .text(text)
        case .array(let elements):
            var parts: [OpenAI.Content.Part] = []
            for (index, element) in elements.enumerated() {
                var part = try FieldReader(element, path: reader.pathOf("content[\(index)]"))
                let type = try part.requiredString("type")
                guard type == "text" else {
                    let named = type.utf8.count <= 32 ? "'\(type)'" : "this type"
                    throw .unsupported(
                        field: part.pathOf("type"), reason: "only parts of type 'text' are available, not \(named)")
                }
                parts.append(OpenAI.Content.Part(type: type, text: try part.requiredString("text")))
                reader.adopt(part, as: reader.pathOf("content[]"))
            }
            return .parts(parts)
        case let other?: throw reader.wrong("content", other, expected: "a string or an array of parts")
        case nil: throw reader.missing("content", expected: "a string or an array of parts")
        }
    }

    /// Parts are joined by line breaks, as vLLM does.
    fileprivate var text: String {
        switch content {
        case .text(let text): text
        case .parts(let parts): parts.compactMap(\.text).joined(separator: "\n")
        }
    }
}

extension GenerationRequest {
    init(_ chat: OpenAI.ChatRequest) {
        let messages = chat.messages.map { ChatMessage(role: $0.role, content: $0.text, name: $0.name) }
        self.init(model: chat.model, prompts: [.messages(messages)])
        apply(chat.sampling)
        maxTokens = chat.maxCompletionTokens ?? chat.sampling.maxTokens
        topLogProbabilities = chat.logprobs == true ? chat.topLogprobs ?? 0 : nil
    }
}
