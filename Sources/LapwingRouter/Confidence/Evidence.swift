import Foundation
import LapwingAPI

/// What an answer's own log-probabilities say about it: the input of every confidence model.
///
/// Taken over the tokens that were there at the decision, which need not be the whole answer.
package struct Evidence: Hashable, Sendable, Codable {
    package var tokenCount: Int
    /// Arithmetic mean of the tokens' log-probabilities, in nats.
    package var mean: Double
    package var minimum: Double
    /// The value below which a tenth of the tokens lie: rank `(tokenCount - 1) / 10`, rounded down, in ascending order.
    package var lowDecile: Double
    /// How far the best first token lies before the second, in nats; nil without alternatives.
    package var firstMargin: Double?
    /// Entropy of the first token over its best, its second and all others taken as one, in nats.
    package var firstEntropy: Double?
    /// nil where the answer had not ended.
    package var finish: FinishReason?
    /// Entropy of the first token over all that it might have been, in nats; nil where the alternatives that were told are
    /// not all there is. Those of a label are.
    package var wholeEntropy: Double?
    /// Of a label that was scored.
    package var comparison: LabelComparison?
    /// Bytes of a label, and of all labels on the average; nil for other answers.
    package var labelByteCount: Int?
    package var meanLabelByteCount: Double?
    /// Of an answer that came to its own end, where its route asks for them.
    package var checks: AnswerChecks?
    /// Of a whole text whose prompt is known.
    package var traits: TextTraits?
    /// Of the prompt, where the route has an embedder.
    package var promptVector: PromptVector?
    /// `OutcomeNeighbours.shareRight` near that, set by the calibrator whose neighbours they are, for itself alone.
    package var neighbours: Double?

    package init(
        tokenCount: Int, mean: Double, minimum: Double, lowDecile: Double, firstMargin: Double? = nil,
        firstEntropy: Double? = nil, finish: FinishReason? = nil
    ) {
        self.tokenCount = tokenCount
        self.mean = mean
        self.minimum = minimum
        self.lowDecile = lowDecile
        self.firstMargin = firstMargin
        self.firstEntropy = firstEntropy
        self.finish = finish
    }
}

extension Evidence {
    /// Without what another embedding model than this one said: no two models' cosines can be compared.
    package func heard(by embedder: String?) -> Evidence {
        var evidence = self
        if promptVector?.embedder != embedder { evidence.promptVector = nil }
        if comparison?.similarity?.embedder != embedder {
            evidence.comparison?.similarity = nil
            evidence.comparison?.similarityMargin = nil
        }
        return evidence
    }
}

/// Gathers the evidence of one choice while it is generated.
package struct EvidenceCollector: Sendable {
    private let limit: Int?
    private let prompt: String?
    private let promptVector: PromptVector?
    private var text = ""
    private var checks: AnswerChecks?
    private var logProbabilities: [Double] = []
    private var first: ScoredToken?
    private var isIncomplete = false
    /// The last token set no text free. If the answer ends with it, it is the end mark, which our engine reports and other
    /// providers do not; it is then not judged.
    private var lastIsSilent = false
    /// Tokens seen, also beyond the limit. A piece of text that came without its tokens counts as one.
    package private(set) var tokenCount = 0
    package private(set) var finish: FinishReason?

    /// Looks at no token after the first `limit`. Without a prompt the text has no traits.
    package init(limit: Int?, prompt: String? = nil, promptVector: PromptVector? = nil) {
        self.limit = limit
        self.prompt = prompt
        self.promptVector = promptVector
    }

    /// Whether the answer is longer than so many tokens, its end mark not counted.
    func goesOn(past count: Int) -> Bool { tokenCount > count && !lastIsSilent }

    package mutating func add(text: String, tokens: [ScoredToken]) {
        if prompt != nil { self.text += text }
        if tokens.isEmpty {
            if !text.isEmpty { addUnscored() }
            return
        }
        lastIsSilent = text.isEmpty
        for token in tokens {
            if first == nil { first = token }
            tokenCount += 1
            if let limit, tokenCount > limit { continue }
            if let value = token.logProbability { logProbabilities.append(value) } else { isIncomplete = true }
        }
    }

    /// A part of the answer whose probability nobody tells, such as a call of a function.
    package mutating func addUnscored() {
        tokenCount += 1
        isIncomplete = true
    }

    package mutating func add(_ found: AnswerChecks) { checks = found }

    package mutating func end(_ reason: FinishReason) {
        finish = reason
        let isWhole = tokenCount == logProbabilities.count
        if reason == .stop, lastIsSilent, isWhole { logProbabilities.removeLast() }
    }

    /// nil where the answer has no tokens yet or came without log-probabilities.
    package var evidence: Evidence? { evidence(of: logProbabilities, finish) }

    /// The evidence of an answer's beginning that goes on, as it was when there was no more of it.
    func evidence(ofFirst count: Int) -> Evidence? { evidence(of: Array(logProbabilities.prefix(count)), nil) }

    private func evidence(of logProbabilities: [Double], _ finish: FinishReason?) -> Evidence? {
        guard !isIncomplete, let first, !logProbabilities.isEmpty else { return nil }
        let ordered = logProbabilities.sorted()
        let count = ordered.count
        let top = first.top.sorted { $0.logProbability > $1.logProbability }
        let hasTop = top.count >= 2
        var evidence = Evidence(
            tokenCount: count, mean: logProbabilities.reduce(0, +) / Double(count), minimum: ordered[0],
            lowDecile: ordered[(count - 1) / 10],
            firstMargin: hasTop ? top[0].logProbability - top[1].logProbability : nil,
            firstEntropy: hasTop ? Self.entropy(top[0].logProbability, top[1].logProbability) : nil,
            finish: finish)
        evidence.wholeEntropy = Self.wholeEntropy(top.map(\.logProbability))
        evidence.comparison = first.comparison
        evidence.promptVector = promptVector
        if finish == .stop {
            evidence.checks = checks
            evidence.traits = prompt.map { TextTraits(answer: text, prompt: $0) }
        }
        if evidence.wholeEntropy != nil {
            evidence.labelByteCount = first.bytes.count
            evidence.meanLabelByteCount = Double(top.reduce(0) { $0 + $1.bytes.count }) / Double(top.count)
        }
        return evidence
    }

    /// nil where the alternatives lack more than rounding could of a probability of 1.
    private static func wholeEntropy(_ logProbabilities: [Double]) -> Double? {
        let total = logProbabilities.reduce(0) { $0 + exp($1) }
        guard logProbabilities.count >= 2, abs(total - 1) < 1e-6 else { return nil }
        return logProbabilities.reduce(0) { $1 > -700 ? $0 - exp($1) * $1 : $0 }
    }

    private static func entropy(_ best: Double, _ second: Double) -> Double {
        let masses = [exp(best), exp(second), max(0, 1 - exp(best) - exp(second))]
        return masses.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
    }
}
