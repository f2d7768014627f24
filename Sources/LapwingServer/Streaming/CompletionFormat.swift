import LapwingAPI

/// Chunks of a completion stream. With echo, the prompt comes first as if it had been generated.
struct CompletionStreamFormat: StreamFormat {
    var envelope: StreamEnvelope<OpenAI.Completion>
    let echo: PromptEcho
    let reportsLogprobs: Bool
    private var offsets: [Int: Int] = [:]

    init(envelope: StreamEnvelope<OpenAI.Completion>, echo: PromptEcho, reportsLogprobs: Bool) {
        self.envelope = envelope
        self.echo = echo
        self.reportsLogprobs = reportsLogprobs
    }

    mutating func chunks(for event: GenerationEvent) -> [OpenAI.Completion] {
        switch event {
        case .prompt(let choice, let tokens):
            let prompt = echo.prompt(of: choice, tokens)
            offsets[choice] = prompt.offset
            return textChunks(choice, prompt.text, prompt.tokens)
        case .delta(let choice, let text, let tokens): return textChunks(choice, text, tokens)
        case .finished(let choice, let reason):
            envelope.keep(end: .init(index: choice, text: "", finishReason: reason.rawValue))
            return []
        case .committed, .checked, .completed, .reasoning, .toolCall: return []
        }
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
        return [envelope.chunk([.init(index: choice, text: text, finishReason: nil, logprobs: logprobs)])]
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
        case .prompt(let choice, let tokens) where offsets.indices.contains(choice):
            let prompt = echo.prompt(of: choice, tokens)
            offsets[choice] = prompt.offset
            append(choice, prompt.text, prompt.tokens)
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
            id: identity.id, created: identity.created, model: model, choices: choices)
        completion.usage = OpenAI.Usage(usage)
        completion.lapwing = receipt.map(OpenAI.ReceiptObject.init)
        return completion
    }
}

/// What `echo` puts before a choice.
struct PromptEcho: Sendable {
    struct Part {
        /// The prompt as it was given, or what its token ids spell.
        var text: String
        /// All of them text here, control tokens too.
        var tokens: [ScoredToken]
        /// Where the first token begins. What the tokenizer put before a given text is no part of it and lies before zero.
        var offset: Int
    }

    let prompts: [Prompt]
    let choicesPerPrompt: Int

    func prompt(of choice: Int, _ tokens: [ScoredToken]) -> Part {
        var part = Part(text: "", tokens: tokens, offset: 0)
        for index in tokens.indices { part.tokens[index].isText = true }
        let index = choice / choicesPerPrompt
        if prompts.indices.contains(index), case .text(let text) = prompts[index] {
            part.text = text
            part.offset = min(0, text.unicodeScalars.count - part.tokens.reduce(0) { $0 + $1.textLength })
        } else {
            part.text = String(decoding: tokens.flatMap(\.bytes), as: UTF8.self)
        }
        return part
    }
}

extension ScoredToken {
    /// Characters of the text. Counted by their first bytes, so that a character in several tokens counts once.
    fileprivate var textLength: Int { isText ? bytes.count { $0 & 0xC0 != 0x80 } : 0 }
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
            textOffset.append(max(offset, 0))
            offset += token.textLength
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
