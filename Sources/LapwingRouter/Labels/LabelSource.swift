import LapwingAPI

/// Tells how probable each of a closed set of labels is for a prompt: scores of a model, or a head on its vectors.
package protocol LabelSource: Sendable {
    /// `choices` are the request's, where the source has no labels of its own. Throws `RequestError`.
    func labels(for prompt: Prompt, among choices: [String]?, context: RequestContext) async throws -> LabelAnswer
}

/// The labels and their probabilities, which add up to 1.
package struct LabelAnswer: Sendable {
    package var labels: [String]
    /// Natural logarithms, one a label.
    package var logProbabilities: [Double]
    /// What the prompt has, and what the answer would have had, had it been written token by token.
    package var usage: Usage
    /// Of the best label's scores; nil where there are none.
    package var comparison: LabelComparison?

    package init(labels: [String], logProbabilities: [Double], usage: Usage) {
        self.labels = labels
        self.logProbabilities = logProbabilities
        self.usage = usage
    }

    /// The most probable one; of equals the first.
    package var best: Int {
        logProbabilities.indices.max { logProbabilities[$0] < logProbabilities[$1] } ?? 0
    }

    /// At most so many are told as alternatives: all of a route's.
    private static let mostAlternatives = 1000

    /// The answer as one token whose alternatives are the other labels: what judges tokens judges labels. A label's id is
    /// its place in the set.
    package var token: ScoredToken {
        let order = logProbabilities.indices.sorted {
            (logProbabilities[$1], $0) < (logProbabilities[$0], $1)
        }
        let top = order.prefix(Self.mostAlternatives).map {
            TokenAlternative(id: TokenID($0), bytes: Array(labels[$0].utf8), logProbability: logProbabilities[$0])
        }
        var token = ScoredToken(
            id: TokenID(best), bytes: Array(labels[best].utf8), logProbability: logProbabilities[best], top: top)
        token.comparison = comparison
        return token
    }
}
