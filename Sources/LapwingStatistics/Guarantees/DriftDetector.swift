import Foundation

/// Watches whether answers are right as often as their probabilities say, label by label, and fires where they are not.
///
/// The hypothesis is that the true probability of each answer lies within `tolerance` of the stated one. While it holds,
/// an alarm comes within the first `window` labels with probability `falseAlarms` at most, within the first k windows with
/// k times that, and the mean number of labels to the first is at least window / falseAlarms.
///
/// It is an e-detector of Shin, Ramdas and Rinaldo, 2022, of the Shiryaev-Roberts kind: for each of several alternatives
/// M ← Λ (1 + M), where Λ is the likelihood of the outcome under the alternative by that under the nearest probability
/// that the hypothesis allows, so that E Λ ≤ 1. Each M sums the evidence for a change at every label so far. As
/// E M ≤ 1 + M of before, M + window - n is a supermartingale over the first `window` labels, and the bound is Ville's.
package struct DriftDetector: Hashable, Sendable, Codable {
    package struct Alarm: Hashable, Sendable, Codable {
        /// Labels since the watch began.
        package let labels: Int
        /// Over the last labels, `window` at most: how often the answers should have been right, and how often they were.
        package let expected: Double
        package let observed: Double
    }

    package let window: Int
    package let falseAlarms: Double
    package let tolerance: Double
    package private(set) var labels = 0
    /// What was found; the watch then stands still until it is made anew.
    package private(set) var alarm: Alarm?
    /// log M, one for each of `Alternative.all`.
    private var evidence: [Double]
    /// The last labels, `window` at most, the oldest at `labels % window` once full.
    private var recent: [Pair] = []

    private struct Pair: Hashable, Sendable, Codable {
        var probability: Double
        var isRight: Bool
    }

    package init(window: Int = 500, falseAlarms: Double = 0.01, tolerance: Double = 0.02) {
        precondition(window > 0 && falseAlarms > 0 && falseAlarms < 1, "a window of labels and a rate below 1")
        self.window = window
        self.falseAlarms = falseAlarms
        self.tolerance = tolerance
        // log 0, in a number that JSON has a word for.
        evidence = Array(repeating: -.greatestFiniteMagnitude, count: Alternative.all.count)
    }

    /// Takes in what became of an answer; true with the label that makes it fire.
    package mutating func observe(probability: Double, isRight: Bool) -> Bool {
        guard alarm == nil else { return false }
        let pair = Pair(probability: probability, isRight: isRight)
        if recent.count < window { recent.append(pair) } else { recent[labels % window] = pair }
        labels += 1
        for (index, alternative) in Alternative.all.enumerated() {
            // log(1 + M), without overflow.
            let m = evidence[index]
            let grown = max(m, 0) + log1p(exp(-abs(m)))
            evidence[index] = grown + alternative.logRatio(probability, isRight, tolerance)
        }
        guard logMean(evidence) >= limit else { return false }
        alarm = Alarm(labels: labels, expected: expected, observed: observed)
        return true
    }

    /// How often the last answers should have been right; NaN before the first label.
    package var expected: Double { recent.reduce(0) { $0 + $1.probability } / Double(recent.count) }
    package var observed: Double { Double(recent.count { $0.isRight }) / Double(recent.count) }

    /// log of the evidence at which it fires.
    private var limit: Double { log(Double(window) / falseAlarms) }

    /// The labels within which a watch that begins with the change finds it with probability `chance`: answers with the
    /// given probabilities come to be right with probability `true`. nil where twenty windows do not do.
    ///
    /// Of simulated watches, so many as leave no doubt of the chance at two standard errors.
    package func labelsToDetect(
        _ probabilities: [Double], becoming true: (Double) -> Double, chance: Double = 0.9, seed: UInt64 = 1
    ) -> Int? {
        let runs = 300
        let rank = chance * Double(runs) + 2 * (chance * (1 - chance) * Double(runs)).squareRoot()
        let actual = probabilities.map(`true`)
        var random = SplitMix64(seed: seed)
        var counts: [Int] = []
        for _ in 0..<runs {
            var watch = DriftDetector(window: window, falseAlarms: falseAlarms, tolerance: tolerance)
            while watch.alarm == nil, watch.labels < 20 * window {
                let row = random.below(probabilities.count)
                _ = watch.observe(probability: probabilities[row], isRight: random.uniform() < actual[row])
            }
            counts.append(watch.alarm?.labels ?? .max)
        }
        let found = counts.sorted()[min(Int(rank), runs - 1)]
        return found == .max ? nil : found
    }
}

/// A way in which a probability may have come to be wrong, in its log-odds: q = slope · log-odds(p) + shift.
private struct Alternative: Sendable {
    var slope: Double
    var shift: Double

    /// Right less often or more often at every probability, or the high ones too high and the low ones too low.
    static let all =
        [-2, -1, -0.5, 0.5, 1, 2].map { Alternative(slope: 1, shift: $0) }
        + [0.5, 0].map { Alternative(slope: $0, shift: 0) }

    /// log of the outcome's likelihood under the alternative by that under the nearest probability that is tolerated; 0
    /// where the alternative itself is.
    func logRatio(_ probability: Double, _ isRight: Bool, _ tolerance: Double) -> Double {
        // A stated 1 would make a single error prove everything.
        let p = min(max(probability, 1e-4), 1 - 1e-4)
        let q = 1 / (1 + exp(-(slope * log(p / (1 - p)) + shift)))
        guard abs(q - p) > tolerance else { return 0 }
        let nearest = q < p ? p - tolerance : p + tolerance
        return isRight ? log(q / nearest) : log1p(-q) - log1p(-nearest)
    }
}
