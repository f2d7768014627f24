import Foundation
import LapwingStatistics

/// Traffic whose truth is known: which confidences come how often, and how often such answers are right.
package struct Traffic: Sendable {
    package let name: String
    /// The confidences that occur.
    package let probabilities: [Double]
    /// How often each occurs; they sum to 1.
    package let shares: [Double]
    /// How often such an answer is right, and the strong model's, the two independent of each other.
    package let right: [Double]
    package let strongRight: [Double]
    private let cumulative: [Double]

    init(
        _ name: String, _ probabilities: [Double], weights: [Double], right: (Double) -> Double = { $0 },
        strongRight: (Double) -> Double = { 0.8 + 0.18 * $0 }
    ) {
        self.name = name
        self.probabilities = probabilities
        let total = weights.reduce(0, +)
        shares = weights.map { $0 / total }
        self.right = probabilities.map(right)
        self.strongRight = probabilities.map(strongRight)
        cumulative = shares.reduce(into: []) { $0.append(($0.last ?? 0) + $1) }
    }

    package func draw(_ random: inout SplitMix64, right: [Double]? = nil) -> ThresholdGuarantee.Row {
        let place = random.uniform()
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > place { high = middle } else { low = middle + 1 }
        }
        return ThresholdGuarantee.Row(
            probability: probabilities[low], isRight: random.uniform() < (right ?? self.right)[low],
            strongIsRight: random.uniform() < strongRight[low])
    }

    /// How often an answer that is kept is right.
    package func accuracy(keptFrom threshold: Double) -> Double {
        var (kept, good) = (0.0, 0.0)
        for index in shares.indices where probabilities[index] >= threshold {
            kept += shares[index]
            good += shares[index] * right[index]
        }
        return kept > 0 ? good / kept : 1
    }

    /// The route's share of right answers by the strong model's.
    package func quality(keptFrom threshold: Double) -> Double {
        var (route, strong) = (0.0, 0.0)
        for index in shares.indices {
            route += shares[index] * (probabilities[index] >= threshold ? right[index] : strongRight[index])
            strong += shares[index] * strongRight[index]
        }
        return route / strong
    }

    package func escalated(below threshold: Double) -> Double {
        shares.indices.reduce(0) { $0 + (probabilities[$1] < threshold ? shares[$1] : 0) }
    }
}

extension Traffic {
    private static func beta(_ a: Double, _ b: Double) -> ([Double], [Double]) {
        let points = (0..<400).map { (Double($0) + 0.5) / 400 }
        return (points, points.map { pow($0, a - 1) * pow(1 - $0, b - 1) })
    }

    /// What a support team's labels look like: most answers sure, a tail that is not.
    package static let smooth: Traffic = {
        let (points, sure) = beta(9, 0.9)
        let (_, unsure) = beta(2, 2)
        return Traffic("smooth", points, weights: zip(sure, unsure).map { $0 + 0.12 * $1 })
    }()

    /// Few values, as an isotonic calibrator gives.
    package static let discrete = Traffic(
        "discrete", [0.31, 0.48, 0.66, 0.83, 0.905, 0.94, 0.985], weights: [5, 8, 12, 20, 15, 25, 15])

    /// Confidences that promise too much, as an uncalibrated model's.
    package static let overconfident: Traffic = {
        let (points, weights) = beta(6, 1)
        return Traffic("overconfident", points, weights: weights, right: { pow($0, 1.6) })
    }()

    /// Hardly an answer is sure enough.
    package static let unsure: Traffic = {
        let (points, weights) = beta(3, 2)
        return Traffic("unsure", points, weights: weights)
    }()

    package static let all = [smooth, discrete, overconfident, unsure]
}
