import LapwingAPI

/// What the judge found at the hold point.
package struct Judgement: Hashable, Sendable {
    package var confidence: Confidence?
    /// What the confidence rests on: the least sure choice's.
    package var evidence: Evidence?
    package var isUnderThreshold: Bool
}

/// Reads an open answer up to the route's hold point and decides there, once. With two bounds it looks at several points on
/// the way, and decides at the first whose answer is likely enough or too unlikely.
///
/// The token after a point is waited for: only it tells an answer that goes on from one that ends right there, which the
/// confidence model was fitted to take for whole. What is decided depends on the tokens alone, not on how many came at once.
///
/// An answer is judged at the same points whether or not anything is held back, so that `would-escalate` says what would
/// have happened. With several choices the least sure one counts.
package struct AnswerJudge: Sendable {
    private let policy: CommitPolicy
    private let model: any ConfidenceModel
    private var choices: [EvidenceCollector]
    /// The points that are yet to come.
    private var points: ArraySlice<Int>
    private var isDone = false

    package init(policy: CommitPolicy, model: any ConfidenceModel) {
        self.policy = policy
        self.model = model
        points = policy.hold.points[...]
        choices = Array(
            repeating: EvidenceCollector(
                limit: points.last, prompt: policy.prompt, promptVector: policy.promptVector), count: policy.choiceCount
        )
    }

    /// The judgement, when `event` is the one that brings the answer to where it is decided.
    package mutating func observe(_ event: GenerationEvent) -> Judgement? {
        guard !isDone else { return nil }
        switch event {
        case .delta(let choice, let text, let tokens) where choices.indices.contains(choice):
            choices[choice].add(text: text, tokens: tokens)
        case .toolCall(let choice, _) where choices.indices.contains(choice): choices[choice].addUnscored()
        case .checked(let choice, let checks) where choices.indices.contains(choice): choices[choice].add(checks)
        case .finished(let choice, let reason) where choices.indices.contains(choice): choices[choice].end(reason)
        case .completed: return decide(judgement(choices.map(\.evidence)))
        default: return nil
        }
        if choices.allSatisfy({ $0.finish != nil }) { return decide(judgement(choices.map(\.evidence))) }
        return judgeAtPoints()
    }

    private mutating func judgeAtPoints() -> Judgement? {
        while let point = points.first, choices.allSatisfy({ $0.goesOn(past: point) }) {
            let judgement = judgement(choices.map { $0.evidence(ofFirst: point) })
            points.removeFirst()
            if points.isEmpty || isClear(judgement) { return decide(judgement) }
        }
        return nil
    }

    private mutating func decide(_ judgement: Judgement) -> Judgement {
        isDone = true
        return judgement
    }

    /// Whether more tokens are not waited for; those without log-probabilities say nothing before the end.
    private func isClear(_ judgement: Judgement) -> Bool {
        guard case .between(let bounds) = policy.hold, let confidence = judgement.confidence else { return false }
        return judgement.isUnderThreshold || confidence.probability >= bounds.commit
    }

    private func judgement(_ evidence: [Evidence?]) -> Judgement {
        let found = evidence.compactMap(\.self).map { (evidence: $0, confidence: model.confidence($0)) }
        let least =
            found.count == choices.count
            ? found.min { $0.confidence.probability < $1.confidence.probability } : nil
        return Judgement(
            confidence: least?.confidence, evidence: least?.evidence,
            isUnderThreshold: isUnderThreshold(least?.confidence))
    }

    private func isUnderThreshold(_ confidence: Confidence?) -> Bool {
        guard let threshold = policy.threshold else { return false }
        guard let confidence else { return policy.unknown == .escalate }
        return confidence.probability < threshold
    }
}
