import LapwingAPI

/// Chunks of a chat stream: the role first, then what is new, then the reasons for the end.
struct ChatStreamFormat: StreamFormat {
    var identity: AnswerIdentity
    let reportsLogprobs: Bool
    let reportsUsage: Bool
    private var opened: Set<Int> = []
    private var ends: [(choice: Int, reason: FinishReason)] = []

    init(identity: AnswerIdentity, reportsLogprobs: Bool, reportsUsage: Bool) {
        self.identity = identity
        self.reportsLogprobs = reportsLogprobs
        self.reportsUsage = reportsUsage
    }

    mutating func chunks(for event: GenerationEvent) -> [OpenAI.ChatChunk] {
        switch event {
        case .delta(let choice, let text, let tokens):
            var chunks = openings(of: choice)
            let logprobs = reportsLogprobs && !tokens.isEmpty ? OpenAI.ChatLogprobs(tokens) : nil
            if !text.isEmpty || logprobs != nil {
                chunks.append(chunk([.init(index: choice, delta: .init(content: text), logprobs: logprobs)]))
            }
            return chunks
        case .finished(let choice, let reason):
            ends.append((choice, reason))
            return openings(of: choice)
        case .committed, .prompt, .completed: return []
        }
    }

    mutating func closing(usage: Usage, receipt: Receipt?) -> [OpenAI.ChatChunk] {
        var chunks = ends.map { end in
            chunk([.init(index: end.choice, delta: .init(), finishReason: end.reason.rawValue)])
        }
        if reportsUsage {
            var last = chunk([])
            last.usage = OpenAI.Usage(usage)
            chunks.append(last)
        }
        if !chunks.isEmpty { chunks[chunks.count - 1].lapwing = receipt.map(OpenAI.ReceiptObject.init) }
        return chunks
    }

    private mutating func openings(of choice: Int) -> [OpenAI.ChatChunk] {
        guard opened.insert(choice).inserted else { return [] }
        return [chunk([.init(index: choice, delta: .init(role: "assistant", content: ""))])]
    }

    private func chunk(_ choices: [OpenAI.ChatChunk.Choice]) -> OpenAI.ChatChunk {
        var chunk = OpenAI.ChatChunk(
            id: identity.id, created: identity.created, model: identity.model, choices: choices)
        chunk.reportsUsage = reportsUsage
        return chunk
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
            content: tokens.map { token in
                OpenAI.TokenLogprob(
                    token: tokenText(token.bytes), logprob: finite(token.logProbability ?? 0), bytes: token.bytes,
                    top: token.top.map { alternative in
                        OpenAI.TokenLogprob.Alternative(
                            token: tokenText(alternative.bytes), logprob: finite(alternative.logProbability),
                            bytes: alternative.bytes)
                    })
            })
    }
}
