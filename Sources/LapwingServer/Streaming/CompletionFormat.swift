import LapwingAPI

/// Chunks of a completion stream. With echo, the prompt comes first as if it had been generated.
struct CompletionStreamFormat: StreamFormat {
    var identity: AnswerIdentity
    let echo: PromptEcho
    let reportsLogprobs: Bool
    let reportsUsage: Bool
    private var offsets: [Int: Int] = [:]
    private var ends: [(choice: Int, reason: FinishReason)] = []

    init(identity: AnswerIdentity, echo: PromptEcho, reportsLogprobs: Bool, reportsUsage: Bool) {
        self.identity = identity
        self.echo = echo
        self.reportsLogprobs = reportsLogprobs
        self.reportsUsage = reportsUsage
    }

    mutating func chunks(for event: GenerationEvent) -> [OpenAI.Completion] {
        switch event {
        case .prompt(let choice, let tokens):
            return textChunks(choice, echo.text(of: choice, tokens: tokens), tokens)
        case .delta(let choice, let text, let tokens): return textChunks(choice, text, tokens)
        case .finished(let choice, let reason):
            ends.append((choice, reason))
            return []
        case .committed, .completed: return []
        }
    }

    mutating func closing(usage: Usage, receipt: Receipt?) -> [OpenAI.Completion] {
        var chunks = ends.map { end in
            chunk([.init(index: end.choice, text: "", finishReason: end.reason.rawValue)])
        }
        if reportsUsage {
            var last = chunk([])
            last.usage = OpenAI.Usage(usage)
            chunks.append(last)
        }
        if !chunks.isEmpty { chunks[chunks.count - 1].lapwing = receipt.map(OpenAI.ReceiptObject.init) }
        return chunks
    }

    private mutating func textChunks(
        _ choice: Int, _ text: String, _ tokens: [ScoredToken]
    ) -> [OpenAI.Completion] {
        var logprobs: OpenAI.CompletionLogprobs?
        if reportsLogprobs, !tokens.isEmpty {
            var part = OpenAI.CompletionLogprobs()
            offsets[choice] = part.append(tokens, offset: offsets[choice] ?? 0)
            logprobs = part
        }
        if text.isEmpty, logprobs == nil { return [] }
        return [chunk([.init(index: choice, text: text, finishReason: nil, logprobs: logprobs)])]
    }

    private func chunk(_ choices: [OpenAI.Completion.Choice]) -> OpenAI.Completion {
        var chunk = OpenAI.Completion(
            id: identity.id, created: identity.created, model: identity.model, choices: choices)
        chunk.reportsUsage = reportsUsage
        return chunk
    }
}

/// The whole body of a completion.
struct CompletionBodyFormat: BodyFormat {
    let identity: AnswerIdentity
    let echo: PromptEcho
    let reportsLogprobs: Bool
    private var texts: [String]
    private var logprobs: [OpenAI.CompletionLogprobs]
    private var offsets: [Int]
    private var reasons: [FinishReason?]

    init(identity: AnswerIdentity, echo: PromptEcho, reportsLogprobs: Bool, choiceCount: Int) {
        self.identity = identity
        self.echo = echo
        self.reportsLogprobs = reportsLogprobs
        texts = Array(repeating: "", count: choiceCount)
        logprobs = Array(repeating: .init(), count: choiceCount)
        offsets = Array(repeating: 0, count: choiceCount)
        reasons = Array(repeating: nil, count: choiceCount)
    }

    mutating func add(_ event: GenerationEvent) {
        switch event {
        case .prompt(let choice, let tokens): append(choice, echo.text(of: choice, tokens: tokens), tokens)
        case .delta(let choice, let text, let tokens): append(choice, text, tokens)
        case .finished(let choice, let reason) where reasons.indices.contains(choice): reasons[choice] = reason
        default: break
        }
    }

    private mutating func append(_ choice: Int, _ text: String, _ tokens: [ScoredToken]) {
        guard texts.indices.contains(choice) else { return }
        texts[choice] += text
        if reportsLogprobs { offsets[choice] = logprobs[choice].append(tokens, offset: offsets[choice]) }
    }

    func body(model: String, usage: Usage, receipt: Receipt?) -> OpenAI.Completion {
        let choices = texts.indices.map { index in
            OpenAI.Completion.Choice(
                index: index, text: texts[index], finishReason: reasons[index]?.rawValue,
                logprobs: reportsLogprobs ? logprobs[index] : nil)
        }
        var completion = OpenAI.Completion(
            id: identity.id, created: identity.created, model: model, choices: choices, usage: OpenAI.Usage(usage))
        completion.lapwing = receipt.map(OpenAI.ReceiptObject.init)
        return completion
    }
}

/// The text that `echo` puts before a choice: the prompt as it was given, or what its token ids spell.
struct PromptEcho: Sendable {
    let prompts: [Prompt]
    let choicesPerPrompt: Int

    func text(of choice: Int, tokens: [ScoredToken]) -> String {
        let index = choice / choicesPerPrompt
        if prompts.indices.contains(index), case .text(let text) = prompts[index] { return text }
        return String(decoding: tokens.flatMap(\.bytes), as: UTF8.self)
    }
}

extension OpenAI.CompletionLogprobs {
    /// Adds an entry for each token and gives back the offset after the last.
    mutating func append(_ tokens: [ScoredToken], offset: Int) -> Int {
        var offset = offset
        for token in tokens {
            let text = tokenText(token.bytes)
            self.tokens.append(text)
            tokenLogprobs.append(token.logProbability.map(finite))
            topLogprobs.append(token.logProbability.map { Self.top(of: token, text: text, logProbability: $0) })
            textOffset.append(offset)
            // Counted by their first bytes, so that a character in several tokens counts once.
            offset += token.bytes.count { $0 & 0xC0 != 0x80 }
        }
        return offset
    }

    /// The alternatives and always the token itself, with the very Double of `token_logprobs`: clients compare for equality.
    /// Of tokens that spell the same, the most probable counts.
    private static func top(of token: ScoredToken, text: String, logProbability: Double) -> [String: Double] {
        var top = [text: finite(logProbability)]
        for alternative in token.top where alternative.id != token.id {
            top.merge([tokenText(alternative.bytes): finite(alternative.logProbability)], uniquingKeysWith: max)
        }
        return top
    }
}
