import Foundation

/// How far stated probabilities lie from what came true.
package enum CalibrationMetrics {
    /// What a bin says and what came of it.
    package struct Bin: Hashable, Sendable, Codable {
        package let count: Int
        package let meanProbability: Double
        package let shareRight: Double
    }

    /// The bins that have rows, by ascending probability: as many rows a bin as the others have, and equal probabilities in
    /// one bin.
    package static func reliability(
        probabilities: [Double], outcomes: [Bool], bins: Int = 10
    ) -> [Bin] {
        precondition(probabilities.count == outcomes.count, "every probability has an outcome")
        let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
        var groups: [[Int]] = Array(repeating: [], count: bins)
        for (rank, row) in order.enumerated() {
            var bin = rank * bins / order.count
            if rank > 0, probabilities[order[rank - 1]] == probabilities[row] {
                bin = groups.lastIndex { !$0.isEmpty } ?? bin
            }
            groups[bin].append(row)
        }
        return groups.filter { !$0.isEmpty }.map { rows in
            let count = Double(rows.count)
            return Bin(
                count: rows.count, meanProbability: rows.reduce(0) { $0 + probabilities[$1] } / count,
                shareRight: Double(rows.count { outcomes[$0] }) / count)
        }
    }

    /// The mean distance between a bin's probability and its share of right answers, each bin weighed by its rows
    /// (Naeini, Cooper and Hauskrecht, 2015; Guo and others, 2017). Even a perfect model's is above 0 on a sample.
    package static func expectedCalibrationError(
        probabilities: [Double], outcomes: [Bool], bins: Int = 10
    ) -> Double {
        guard !probabilities.isEmpty else { return .nan }
        let bins = reliability(probabilities: probabilities, outcomes: outcomes, bins: bins)
        return bins.reduce(0) { $0 + Double($1.count) * abs($1.meanProbability - $1.shareRight) }
            / Double(probabilities.count)
    }

    /// Its bootstrap interval.
    package static func expectedCalibrationErrorInterval(
        probabilities: [Double], outcomes: [Bool], bins: Int = 10,
        over resamples: some Sequence<[Int]>, level: Double = 0.95
    ) -> ClosedRange<Double> {
        Bootstrap.percentile(
            { rows in
                expectedCalibrationError(
                    probabilities: rows.map { probabilities[$0] }, outcomes: rows.map { outcomes[$0] }, bins: bins,
                )
            }, over: resamples, level: level)
    }

    /// The mean squared distance of probability and outcome (Brier, 1950).
    package static func brier(probabilities: [Double], outcomes: [Bool]) -> Double {
        mean(probabilities, outcomes) { p, isRight in
            let error = p - (isRight ? 1 : 0)
            return error * error
        }
    }

    /// The mean of -log of the probability that the outcome was given, in nats. Probabilities are kept a rounding error
    /// away from 0 and 1, as scikit-learn does, so that one such mistake is very bad and not endless.
    package static func logLoss(probabilities: [Double], outcomes: [Bool]) -> Double {
        mean(probabilities, outcomes) { p, isRight in
            let bounded = min(max(p, Double.ulpOfOne), 1 - Double.ulpOfOne)
            return isRight ? -log(bounded) : -log(1 - bounded)
        }
    }

    private static func mean(
        _ probabilities: [Double], _ outcomes: [Bool], _ loss: (Double, Bool) -> Double
    ) -> Double {
        precondition(probabilities.count == outcomes.count, "every probability has an outcome")
        return zip(probabilities, outcomes).reduce(0) { $0 + loss($1.0, $1.1) } / Double(probabilities.count)
    }
}
