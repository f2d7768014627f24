import LapwingAPI

/// A provider in this process, asked by its tokens.
package struct ProviderExaminee: Examinee {
    /// What is known of a route beside its name.
    package enum RouteKind: Sendable {
        /// Its open model writes.
        case writing
        /// It answers with these labels of its own.
        case labels([String])
        /// It answers with one of the labels that a request brings.
        case requestLabels
    }

    package let name: String
    private let chat: any ChatProvider
    /// nil where the provider's log-probabilities of given text cannot be had.
    private let scoring: (any ScoringProvider & TokenizingProvider)?
    /// nil for a model.
    private let route: RouteKind?
    /// What a call without a receipt costs; nil is unpriced.
    private let price: @Sendable (Usage) -> NanoUSD?

    package init(
        name: String, chat: any ChatProvider, scoring: (any ScoringProvider & TokenizingProvider)?,
        route: RouteKind? = nil, price: @escaping @Sendable (Usage) -> NanoUSD?
    ) {
        (self.name, self.chat, self.scoring, self.route, self.price) = (name, chat, scoring, route, price)
    }

    package func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods {
        guard let scoring else { throw EvaluationError.noLikelihoods(model: name, task: "choices") }
        let pairs = try await TokenPairs.make(continuations, after: context) {
            try await scoring.tokenize($0, model: name, addSpecialTokens: false)
        }
        let result = try await scoring.score(
            ScoringRequest(model: name, prompt: pairs.context, continuations: pairs.continuations),
            context: Self.context())
        return Likelihoods(
            sums: result.continuations.map { $0.logProbabilities.reduce(0, +) }, usage: result.usage,
            cost: cost(result.usage, result.receipt))
    }

    package func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer {
        var request = GenerationRequest(model: name, prompts: [prompt])
        request.maxTokens = terms.maxTokens
        request.stop = terms.stop ?? []
        return try await ask(request)
    }

    package var answersWithChoice: Bool {
        switch route {
        case .labels, .requestLabels: true
        case .writing, nil: scoring == nil
        }
    }

    package func choose(among choices: [String], for prompt: Prompt) async throws -> WrittenAnswer {
        var request = GenerationRequest(model: name, prompts: [prompt])
        switch route {
        case .labels(let own):
            guard !Set(own.map(\.plainChoice)).isDisjoint(with: choices.map(\.plainChoice)) else {
                throw EvaluationError.foreignChoices(model: name, choices: choices, labels: own)
            }
        case .requestLabels: request.labels = choices
        case .writing, nil: request = request.naming(choices)
        }
        return try await ask(request)
    }

    private func ask(_ request: GenerationRequest) async throws -> WrittenAnswer {
        var request = request
        request.sampling.temperature = 0
        var text = ""
        for try await event in try await chat.generate(request, context: Self.context()) {
            switch event {
            case .delta(_, let piece, _): text += piece
            case .completed(_, let usage, let receipt):
                return WrittenAnswer(
                    text: text, usage: receipt?.usage ?? usage, cost: cost(usage, receipt),
                    decision: route == nil ? nil : receipt?.decision)
            case .committed, .prompt, .reasoning, .toolCall, .checked, .finished: break
            }
        }
        try Task.checkCancellation()
        throw RequestError.internal(reason: "an answer ended without its last event")
    }

    private func cost(_ usage: Usage, _ receipt: Receipt?) -> NanoUSD? {
        guard let receipt else { return price(usage) }
        return receipt.unpricedCalls == 0 ? receipt.cost : nil
    }

    private static func context() -> RequestContext {
        RequestContext(requestID: "eval-\(UInt64.random(in: .min ... .max))")
    }
}

extension Receipt {
    /// Of all calls, those too whose answers were not used: what the cost is of.
    fileprivate var usage: Usage {
        calls.reduce(into: Usage(promptTokens: 0, completionTokens: 0)) { sum, call in
            sum.promptTokens += call.usage.promptTokens
            sum.cachedPromptTokens += call.usage.cachedPromptTokens
            sum.completionTokens += call.usage.completionTokens
            if let time = call.usage.computeNanoseconds {
                sum.computeNanoseconds = (sum.computeNanoseconds ?? 0) + time
            }
            sum.isEstimated = sum.isEstimated || call.usage.isEstimated
        }
    }
}
