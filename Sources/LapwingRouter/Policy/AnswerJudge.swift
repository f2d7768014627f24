import LapwingAPI

/// What the judge found at the hold point.
package struct Judgement: Hashable, Sendable {
    package var confidence: Confidence?
    package var isUnderThreshold: Bool
}

/// Reads an open answer up to the route's hold point and judges it there, once.
///
/// The token after the hold point is waited for: only it tells an answer that goes on from one that ends right there,
/// which the confidence model was fitted to take for whole.
///
/// An answer is judged at the same point whether or not anything is held back, so that `would-escalate` says what would
/// have happened. With several choices the least sure one counts.
package struct AnswerJudge: Sendable {
    private let policy: CommitPolicy
    private let model: any ConfidenceModel
    private var choices: [EvidenceCollector]
    private var isDone = false

    package init(policy: CommitPolicy, model: any ConfidenceModel) {
        self.policy = policy
        self.model = model
        let limit: Int? = if case .tokens(let count) = policy.hold { count } else { nil }
        choices = Array(repeating: EvidenceCollector(limit: limit), count: policy.choiceCount)
    }

    /// The judgement, when `event` is the one that brings the answer to its hold point or its end.
    package mutating func observe(_ event: GenerationEvent) -> Judgement? {
        guard !isDone else { return nil }
        switch event {
        case .delta(let choice, let text, let tokens) where choices.indices.contains(choice):
            choices[choice].add(text: text, tokens: tokens)
        case .toolCall(let choice, _) where choices.indices.contains(choice): choices[choice].addUnscored()
        case .finished(let choice, let reason) where choices.indices.contains(choice): choices[choice].end(reason)
        case .completed: return judge()
        default: return nil
        }
        return isDue ? judge() : nil
    }

    private var isDue: Bool {
        if choices.allSatisfy({ $0.finish != nil }) { return true }
        return choices.allSatisfy(\.goesOnPastLimit)
    }

    private mutating func judge() -> Judgement {
        isDone = true
        let found = choices.compactMap(\.evidence)
        let confidence =
            found.count == choices.count
            ? found.map(model.confidence).min { $0.probability < $1.probability } : nil
        return Judgement(confidence: confidence, isUnderThreshold: isUnderThreshold(confidence))
    }

    private func isUnderThreshold(_ confidence: Confidence?) -> Bool {
        guard let threshold = policy.threshold else { return false }
        guard let confidence else { return policy.unknown == .escalate }
        return confidence.probability < threshold
    }
}
