import LapwingAPI

extension OpenAI.ChatRequest {
    /// Reads and checks the body of `POST /v1/chat/completions`.
    init(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        try UnsupportedField.refuse(UnsupportedField.chat, in: &reader)
        self.init(
            model: try reader.requiredString("model", atMost: options.maxModelBytes),
            messages: try Self.messages(&reader, options: options))
        toolUse = try ToolUse(&reader, options: options)
        responseFormat = try ResponseFormat.read(&reader)
        try checkSize(options)
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
        reasoningEffort = try reader.string("reasoning_effort", atMost: 32)
        metadata = try OpenAI.SamplingFields.metadata(&reader, options: options)
    }

    private static func messages(
        _ reader: inout FieldReader, options: ServerOptions
    ) throws(RequestError) -> [ChatMessage] {
        guard let elements = try reader.array("messages") else {
            throw reader.missing("messages", expected: "an array of messages")
        }
        guard (1...options.maxMessages).contains(elements.count) else {
            throw .invalid(
                field: "messages", found: "\(elements.count) messages", expected: "1 to \(options.maxMessages)")
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            var message = try FieldReader(element, path: "messages[\(index)]")
            messages.append(try ChatMessage(&message))
            reader.adopt(message, as: "messages[]")
        }
        return messages
    }

    /// Images are bounded by the body's size; nobody reads them as text.
    private func checkSize(_ options: ServerOptions) throws(RequestError) {
        let byteCount = messages.reduce(0) { $0 + $1.byteCount }
        guard byteCount <= options.maxPromptBytes else {
            throw .invalid(
                field: "messages", found: "\(byteCount) bytes of text", expected: "at most \(options.maxPromptBytes)")
        }
        let schemas = [toolUse?.json, responseFormat?.json].compactMap(\.self)
        let schemaByteCount = schemas.reduce(0) { $0 + $1.text.count }
        guard byteCount + schemaByteCount <= options.maxPromptBytes else {
            throw .invalid(
                field: toolUse == nil ? "response_format" : "tools",
                found: "\(byteCount + schemaByteCount) bytes with the messages",
                expected: "at most \(options.maxPromptBytes)")
        }
        let imageCount = messages.reduce(0) { $0 + $1.imageCount }
        guard imageCount <= options.maxImages else {
            throw .invalid(field: "messages", found: "\(imageCount) images", expected: "at most \(options.maxImages)")
        }
    }
}

extension ChatMessage {
    fileprivate var byteCount: Int {
        let calls = toolCalls.reduce(0) { $0 + $1.id.utf8.count + $1.name.utf8.count + $1.arguments.utf8.count }
        return content.utf8.count + (name?.utf8.count ?? 0) + (toolCallID?.utf8.count ?? 0) + calls
    }

    fileprivate var imageCount: Int { parts.count { if case .image = $0 { true } else { false } } }
}

extension GenerationRequest {
    init(_ chat: OpenAI.ChatRequest) {
        self.init(model: chat.model, prompts: [.messages(chat.messages)])
        apply(chat.sampling)
        maxTokens = chat.maxCompletionTokens ?? chat.sampling.maxTokens
        topLogProbabilities = chat.logprobs == true ? chat.topLogprobs ?? 0 : nil
        toolUse = chat.toolUse
        responseFormat = chat.responseFormat
        reasoningEffort = chat.reasoningEffort
    }
}
