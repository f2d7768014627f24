import LapwingAPI

/// What asks an OpenAI-compatible server for an answer, always as a stream.
package enum UpstreamRequest {
    case chat(OpenAI.ChatRequest)
    case completion(OpenAI.CompletionRequest)

    /// Throws `unsupported` for what the API cannot say without loss.
    package init(_ request: GenerationRequest, dialect: UpstreamDialect) throws(RequestError) {
        if let refusal = dialect.refusal(of: request, by: request.model) { throw refusal }
        var fields = Self.fields(request)
        if case .messages(let messages)? = request.prompts.first, request.prompts.count == 1 {
            var chat = OpenAI.ChatRequest(model: request.model, messages: messages)
            if dialect == .openAI {
                chat.maxCompletionTokens = request.maxTokens
            } else {
                fields.maxTokens = request.maxTokens
            }
            chat.logprobs = request.topLogProbabilities.map { _ in true }
            chat.topLogprobs = request.topLogProbabilities
            chat.toolUse = request.toolUse
            chat.responseFormat = request.responseFormat
            chat.reasoningEffort = request.reasoningEffort
            chat.continuesFinalMessage = request.continuesLastMessage
            chat.sampling = fields
            self = .chat(chat)
        } else {
            var completion = OpenAI.CompletionRequest(
                model: request.model, prompt: try Self.prompt(request.prompts))
            fields.maxTokens = request.maxTokens
            completion.logprobs = request.topLogProbabilities
            completion.sampling = fields
            self = .completion(completion)
        }
    }

    package var isChat: Bool { if case .chat = self { true } else { false } }

    package var path: String { isChat ? "/chat/completions" : "/completions" }

    package var body: [UInt8] {
        switch self {
        case .chat(let request): request.json.text
        case .completion(let request): request.json.text
        }
    }

    /// Only what differs from the API's defaults: servers refuse fields that they do not know. Whether a prompt is cached
    /// is our own engine's matter.
    private static func fields(_ request: GenerationRequest) -> OpenAI.SamplingFields {
        let sampling = request.sampling
        let standard = Sampling()
        func changed<Value: Equatable>(_ path: KeyPath<Sampling, Value>) -> Value? {
            sampling[keyPath: path] == standard[keyPath: path] ? nil : sampling[keyPath: path]
        }
        var fields = OpenAI.SamplingFields()
        fields.stream = true
        fields.streamOptions = OpenAI.StreamOptions(includeUsage: true)
        fields.temperature = changed(\.temperature)
        fields.topP = changed(\.topP)
        fields.topK = sampling.topK
        fields.minP = changed(\.minP)
        // The API's seed is signed; the lower 63 bits say as much.
        fields.seed = sampling.seed.map { Int64($0 & UInt64(Int64.max)) }
        fields.repetitionPenalty = changed(\.repetitionPenalty)
        fields.presencePenalty = changed(\.presencePenalty)
        fields.frequencyPenalty = changed(\.frequencyPenalty)
        if !sampling.logitBias.isEmpty {
            fields.logitBias = Dictionary(uniqueKeysWithValues: sampling.logitBias.map { (String($0.key), $0.value) })
        }
        fields.stop = request.stop.isEmpty ? nil : request.stop
        fields.n = request.choiceCount == 1 ? nil : request.choiceCount
        fields.ignoreEOS = request.ignoreEOS ? true : nil
        return fields
    }

    private static func prompt(_ prompts: [Prompt]) throws(RequestError) -> OpenAI.TextInput {
        var texts: [String] = []
        var tokens: [[TokenID]] = []
        for prompt in prompts {
            switch prompt {
            case .text(let text): texts.append(text)
            case .tokens(let ids): tokens.append(ids)
            case .messages: throw .unsupported(field: "messages", reason: "a remote model takes one chat at a time")
            }
        }
        switch (texts.isEmpty, tokens.isEmpty) {
        case (false, true): return texts.count == 1 ? .text(texts[0]) : .texts(texts)
        case (true, false): return tokens.count == 1 ? .tokens(tokens[0]) : .tokenLists(tokens)
        default:
            throw .invalid(
                field: "prompt", found: "\(texts.count) texts and \(tokens.count) lists of tokens",
                expected: "one or more of one kind")
        }
    }
}
