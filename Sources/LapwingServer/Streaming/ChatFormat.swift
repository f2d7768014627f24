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
        case .reasoning(let choice, let text):
            return openings(of: choice) + [envelope.chunk([.init(index: choice, delta: .init(reasoning: text))])]
        case .toolCall(let choice, let call):
            return openings(of: choice) + [envelope.chunk([.init(index: choice, delta: .init(toolCalls: [call]))])]
        case .finished(let choice, let reason):
            envelope.keep(end: .init(index: choice, delta: .init(), finishReason: reason.rawValue))
            return openings(of: choice)
        case .committed, .prompt, .checked, .completed: return []
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
    private var choices: [Gathered]

    /// What one choice says.
    private struct Gathered {
        var text = ""
        var reasoning = ""
        var toolCalls: [ToolCall] = []
        var tokens: [ScoredToken] = []
        var reason: FinishReason?

        /// Where each call stands, by the place that its provider gave it.
        private var places: [Int: Int] = [:]

        mutating func add(_ part: ToolCallDelta) {
            if let place = places[part.index] {
                if toolCalls[place].id.isEmpty { toolCalls[place].id = part.id ?? "" }
                if toolCalls[place].name.isEmpty { toolCalls[place].name = part.name ?? "" }
                return toolCalls[place].arguments += part.arguments
            }
            places[part.index] = toolCalls.count
            toolCalls.append(ToolCall(id: part.id ?? "", name: part.name ?? "", arguments: part.arguments))
        }

        /// An answer that does nothing but call functions has no text, not an empty one.
        var message: OpenAI.AnswerMessage {
            OpenAI.AnswerMessage(
                content: text.isEmpty && !toolCalls.isEmpty ? nil : text,
                reasoning: reasoning.isEmpty ? nil : reasoning,
                toolCalls: toolCalls)
        }
    }

    init(identity: AnswerIdentity, reportsLogprobs: Bool, choiceCount: Int) {
        self.identity = identity
        self.reportsLogprobs = reportsLogprobs
        choices = Array(repeating: Gathered(), count: choiceCount)
    }

    mutating func add(_ event: GenerationEvent) {
        switch event {
        case .delta(let choice, let text, let tokens) where choices.indices.contains(choice):
            choices[choice].text += text
            if reportsLogprobs { choices[choice].tokens += tokens }
        case .reasoning(let choice, let text) where choices.indices.contains(choice):
            choices[choice].reasoning += text
        case .toolCall(let choice, let part) where choices.indices.contains(choice): choices[choice].add(part)
        case .finished(let choice, let reason) where choices.indices.contains(choice): choices[choice].reason = reason
        default: break
        }
    }

    func body(model: String, usage: Usage, receipt: Receipt?) -> OpenAI.ChatResponse {
        let choices = choices.enumerated().map { index, choice in
            OpenAI.ChatResponse.Choice(
                index: index, message: choice.message, finishReason: choice.reason?.rawValue,
                logprobs: reportsLogprobs ? OpenAI.ChatLogprobs(choice.tokens) : nil)
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
