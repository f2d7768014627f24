import LapwingAPI

/// Chunks of a chat stream: the role first, then what is new, then the reasons for the end.
struct ChatStreamFormat: StreamFormat {
    var envelope: StreamEnvelope<OpenAI.ChatChunk>
    let reportsLogprobs: Bool
    private var opened: Set<Int> = []

    init(envelope: StreamEnvelope<OpenAI.ChatChunk>, reportsLogprobs: Bool) {
        self.envelope = envelope
        self.reportsLogprobs = reportsLogprobs
    }

    mutating func chunks(for event: GenerationEvent) -> [OpenAI.ChatChunk] {
        switch event {
        case .delta(let choice, let text, let tokens):
            var chunks = openings(of: choice)
            let logprobs = reportsLogprobs && !tokens.isEmpty ? OpenAI.ChatLogprobs(tokens) : nil
            if !text.isEmpty || logprobs != nil {
                chunks.append(envelope.chunk([.init(index: choice, delta: .init(content: text), logprobs: logprobs)]))
            }
            return chunks
        case .finished(let choice, let reason):
            envelope.keep(end: .init(index: choice, delta: .init(), finishReason: reason.rawValue))
            return openings(of: choice)
        case .committed, .prompt, .completed: return []
        }
    }

    private mutating func openings(of choice: Int) -> [OpenAI.ChatChunk] {
        guard opened.insert(choice).inserted else { return [] }
        return [envelope.chunk([.init(index: choice, delta: .init(role: "assistant", content: ""))])]
    }
}

/// The whole body of a chat answer.
struct ChatBodyFormat: BodyFormat {
    let identity: AnswerIdentity
    let reportsLogprobs: Bool
    private var texts: [String]
    private var tokens: [[ScoredToken]]
    private var reasons: [FinishReason?]

    init(identity: AnswerIdentity, reportsLogprobs: Bool, choiceCount: Int) {
        self.identity = identity
        self.reportsLogprobs = reportsLogprobs
        texts = Array(repeating: "", count: choiceCount)
        tokens = Array(repeating: [], count: choiceCount)
        reasons = Array(repeating: nil, count: choiceCount)
    }

    mutating func add(_ event: GenerationEvent) {
        switch event {
        case .delta(let choice, let text, let newTokens) where texts.indices.contains(choice):
            texts[choice] += text
            if reportsLogprobs { tokens[choice] += newTokens }
        case .finished(let choice, let reason) where reasons.indices.contains(choice): reasons[choice] = reason
        default: break
        }
    }

    func body(model: String, usage: Usage, receipt: Receipt?) -> OpenAI.ChatResponse {
        let choices = texts.indices.map { index in
            OpenAI.ChatResponse.Choice(
                index: index, message: OpenAI.AnswerMessage(content: texts[index]),
                finishReason: reasons[index]?.rawValue,
                logprobs: reportsLogprobs ? OpenAI.ChatLogprobs(tokens[index]) : nil)
        }
        var response = OpenAI.ChatResponse(
            id: identity.id, created: identity.created, model: model, choices: choices, usage: OpenAI.Usage(usage))
        response.lapwing = receipt.map(OpenAI.ReceiptObject.init)
        return response
    }
}

extension OpenAI.ChatLogprobs {
    init(_ tokens: [ScoredToken]) {
        self.init(
            // A token of unknown probability is left out: the API has no word for it, and zero would say certain.
            content: tokens.compactMap { token in
                guard let logProbability = token.logProbability else { return nil }
                return OpenAI.TokenLogprob(
                    token: tokenText(token.bytes), logprob: finite(logProbability), bytes: token.bytes,
                    top: token.top.map { alternative in
                        OpenAI.TokenLogprob.Alternative(
                            token: tokenText(alternative.bytes), logprob: finite(alternative.logProbability),
                            bytes: alternative.bytes)
                    })
            })
    }
}
