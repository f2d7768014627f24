import Foundation

/// Scores of one question with choices, from the log-probability of each choice's text.
package struct ChoiceScore: Hashable, Sendable {
    /// The likeliest; the first of several.
    package let best: Int
    /// The likeliest for its length in characters, as the harness counts them: code points of the choice alone.
    package let bestNormalised: Int
    /// The share of probability on the right choices.
    package let rightMass: Double
    private let gold: Set<Int>

    package init(logLikelihoods: [Double], choices: [String], gold: [Int]) {
        best = Self.firstLargest(logLikelihoods)
        bestNormalised = Self.firstLargest(
            zip(logLikelihoods, choices).map { $0 / Double(max(1, $1.unicodeScalars.count)) })
        // From the largest, so that nothing vanishes.
        let largest = logLikelihoods.max() ?? 0
        let shares = logLikelihoods.map { exp($0 - largest) }
        rightMass = gold.reduce(0) { $0 + shares[$1] } / shares.reduce(0, +)
        self.gold = Set(gold)
    }

    package func value(of metric: Metric) -> Double {
        switch metric {
        case .acc: gold.contains(best) ? 1 : 0
        case .accNorm: gold.contains(bestNormalised) ? 1 : 0
        default: rightMass
        }
    }

    private static func firstLargest(_ values: [Double]) -> Int {
        var best = 0
        for index in values.indices where values[index] > values[best] { best = index }
        return best
    }
}

extension String {
    /// Without regard to how models write a label that they were told: case, white space around, a point at the end.
    var plainChoice: String { String(lowercased().trimming { $0.isWhitespace || $0 == "." }) }
}
