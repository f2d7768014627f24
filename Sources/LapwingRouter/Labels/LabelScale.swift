import Foundation
import LapwingAPI

/// What a model's log-probabilities say of one label after a prompt.
package struct LabelScore: Hashable, Sendable, Codable {
    /// Sum over the label's tokens.
    package var sum: Double
    package var tokenCount: Int
    /// The same sum after a prompt that says nothing: how readily the model writes the label at all. nil where not asked for.
    package var prior: Double?
    /// nil where no embedding model is asked.
    package var similarity: LabelSimilarity?

    package init(sum: Double, tokenCount: Int, prior: Double? = nil) {
        self.sum = sum
        self.tokenCount = tokenCount
        self.prior = prior
    }
}

extension LabelScore {
    /// What a scale weighs, in its order.
    var features: [Double] {
        [sum, sum / Double(max(tokenCount, 1)), prior ?? 0, similarity?.toPrompt ?? 0]
    }
}

extension [LabelScore] {
    /// How the label at `place` stands against the others.
    package func comparison(at place: Int) -> LabelComparison {
        func margin(_ value: (LabelScore) -> Double) -> Double {
            let best = indices.filter { $0 != place }.map { value(self[$0]) }.max() ?? value(self[place])
            return value(self[place]) - best
        }
        func mean(_ score: LabelScore) -> Double { score.sum / Double(Swift.max(score.tokenCount, 1)) }
        let margins = [margin(\.sum), margin(mean), margin { $0.sum - ($0.prior ?? 0) }]
        var comparison = LabelComparison(
            agreement: Double(margins.count { $0 >= 0 }) / Double(margins.count), sumMargin: margins[0],
            meanMargin: margins[1], priorMargin: margins[2], mean: mean(self[place]))
        if let similarity = self[place].similarity {
            comparison.similarity = similarity
            comparison.similarityMargin = margin { $0.similarity?.toPrompt ?? 0 }
        }
        return comparison
    }
}

/// How scores become probabilities: P(label) is proportional to exp(sum · Σ + mean · Σ/n + prior · Σ⁰ + similarity · s + bias),
/// where Σ is the sum of the label's n log-probabilities, Σ⁰ the same after a prompt that says nothing, and s the label's
/// similarity to the prompt.
///
/// With the weights 1, 0, 0 and 0 it is the model's own probability of the label among the labels.
package struct LabelScale: Hashable, Sendable, Codable {
    package var sum: Double
    package var mean: Double
    package var prior: Double
    /// nil where the fit knew of none.
    package var similarity: Double?
    /// By label; a label without one has 0.
    package var biases: [String: Double]

    package init(
        sum: Double = 1, mean: Double = 0, prior: Double = 0, similarity: Double? = nil, biases: [String: Double] = [:]
    ) {
        self.sum = sum
        self.mean = mean
        self.prior = prior
        self.similarity = similarity
        self.biases = biases
    }

    /// Natural logarithms of probabilities that add up to 1.
    package func logProbabilities(of scores: [LabelScore], labels: [String]) -> [Double] {
        let weights = [sum, mean, prior, similarity ?? 0]
        let values = zip(scores, labels).map { score, label in
            zip(weights, score.features).reduce(biases[label] ?? 0) { $0 + $1.0 * $1.1 }
        }
        return Self.normalised(values)
    }

    /// Less the logarithm of the sum of their exponentials.
    static func normalised(_ values: [Double]) -> [Double] {
        let most = values.max() ?? 0
        let total = most + log(values.reduce(0) { $0 + exp($1 - most) })
        return values.map { $0 - total }
    }
}
