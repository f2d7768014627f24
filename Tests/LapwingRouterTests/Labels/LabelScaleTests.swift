import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import Testing

@Suite("Scores become probabilities of labels")
struct LabelScaleTests {
    private static let labels = ["x", "y", "z"]

    @Test("By their sums alone, a label's probability is the model's own among the labels")
    func plain() {
        let scores = [-1.0, -2, -3].map { LabelScore(sum: $0, tokenCount: 2) }
        let found = LabelScale().logProbabilities(of: scores, labels: Self.labels)
        let total = exp(-1.0) + exp(-2.0) + exp(-3.0)
        for (value, sum) in zip(found, [-1.0, -2, -3]) { #expect(abs(exp(value) - exp(sum) / total) < 1e-12) }
    }

    @Test("Means, priors and biases count by their weights")
    func weighted() {
        let scores = [
            LabelScore(sum: -4, tokenCount: 2, prior: -1), LabelScore(sum: -4, tokenCount: 4, prior: -3),
        ]
        let scale = LabelScale(sum: 0.5, mean: 2, prior: -1, biases: ["y": 0.25])
        let found = scale.logProbabilities(of: scores, labels: ["x", "y"])
        // x: -2 - 4 + 1 = -5; y: -2 - 2 + 3 + 0.25 = -0.75.
        #expect(abs(found[0] - found[1] - -4.25) < 1e-12)
        #expect(abs(exp(found[0]) + exp(found[1]) - 1) < 1e-12)
    }

    @Test("A label lies before the best other one by each way to compare them")
    func comparison() {
        let scores = [
            LabelScore(sum: -4, tokenCount: 2, prior: -1), LabelScore(sum: -6, tokenCount: 4, prior: -5),
            LabelScore(sum: -9, tokenCount: 3, prior: -9),
        ]
        // By means -2, -1.5 and -3; less priors -3, -1 and 0.
        let first = scores.comparison(at: 0)
        #expect(first.sumMargin == 2 && first.meanMargin == -0.5 && first.priorMargin == -3 && first.mean == -2)
        #expect(first.agreement == 1.0 / 3)
        let second = scores.comparison(at: 1)
        #expect(second.sumMargin == -2 && second.meanMargin == 0.5 && second.priorMargin == -1)
        var evidence = Evidence(tokenCount: 1, mean: -1, minimum: -1, lowDecile: -1)
        evidence.comparison = second
        #expect(ConfidenceFeature.meanMargin.value(in: evidence) == 0.5)
        #expect(ConfidenceFeature.labelMean.value(in: evidence) == -1.5)
    }

    @Test("Scores too small for any exponential still have probabilities that add up to 1")
    func tiny() {
        let found = LabelScale().logProbabilities(
            of: [LabelScore(sum: -5000, tokenCount: 9), LabelScore(sum: -5001, tokenCount: 9)], labels: ["x", "y"])
        #expect(abs(exp(found[0]) - 1 / (1 + exp(-1))) < 1e-12)
    }

    @Test("A fit finds that a label is written too readily, and takes that from its probability")
    func bias() {
        // The scores always favour z by 2, and the right label is the best of the other two.
        var random = SplitMix64(seed: 4)
        let choices = (0..<300).map { _ in
            let x = Double.random(in: -4 ... -2, using: &random), y = Double.random(in: -4 ... -2, using: &random)
            let scores = [x, y, -1].map { LabelScore(sum: $0, tokenCount: 1, prior: 0) }
            return LabelScale.Choice(labels: Self.labels, scores: scores, right: x > y ? 0 : 1)
        }
        let scale = LabelScale.fit(choices, hasBiases: true, c: 10)
        let right = choices.count { choice in
            let found = scale.logProbabilities(of: choice.scores, labels: choice.labels)
            return found.indices.max { found[$0] < found[$1] } == choice.right
        }
        #expect(right > 290)
        #expect((scale.biases["z"] ?? 0) < (scale.biases["x"] ?? 0) - 1)
    }
}
