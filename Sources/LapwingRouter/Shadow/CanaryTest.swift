import Foundation
import LapwingStatistics
import LapwingStore

/// Whether a candidate is as good as the current model, within the margin: told from outcomes as they come in, and right
/// with the stated probability however often it is looked at.
///
/// Each outcome of the candidate is held against the mean of the current model's outcomes that came since the last. Two
/// bets run on these differences: that the candidate is less than the margin worse, and that it is more than the margin
/// worse. Only one can be true, so a verdict is wrong with probability `alpha` at most. That takes outcomes which come in
/// an order that has nothing to do with them, and users who are many.
package struct CanaryTest: Sendable {
    package enum Verdict: Hashable, Sendable {
        case promote
        case rollBack
        /// About so many outcomes of the candidate more are needed, if the difference stays what it is.
        case undecided(more: Int)
    }

    /// Outcomes of one arm.
    package struct Tally: Hashable, Sendable {
        package var right = 0
        package var count = 0

        package var share: Double? { count > 0 ? Double(right) / Double(count) : nil }
    }

    private let options: CanaryOptions
    private var isNotWorse: EProcess
    private var isWorse: EProcess
    private var batch = Tally()
    /// Outcomes of the candidate that have found none to be held against.
    private var waiting: [Bool] = []
    private var squares = 0.0
    private var sum = 0.0
    private var pairs = 0
    package private(set) var tallies: [CanaryDraw.Arm: Tally] = [:]

    package init(_ options: CanaryOptions) {
        self.options = options
        isNotWorse = EProcess(meanAtMost: -options.margin, in: -1...1)
        isWorse = EProcess(meanAtMost: options.margin, in: -1...1)
    }

    package mutating func observe(_ arm: CanaryDraw.Arm, right: Bool) {
        tallies[arm, default: Tally()].count += 1
        if right { tallies[arm]?.right += 1 }
        switch arm {
        case .candidate: waiting.append(right)
        case .current:
            batch.count += 1
            if right { batch.right += 1 }
        }
        guard let current = batch.share, !waiting.isEmpty else { return }
        let difference = (waiting.removeFirst() ? 1.0 : 0) - current
        batch = Tally()
        isNotWorse.observe(difference)
        isWorse.observe(-difference)
        (pairs, sum, squares) = (pairs + 1, sum + difference, squares + difference * difference)
    }

    package var verdict: Verdict {
        if isWorse.rejects(at: options.alpha) { return .rollBack }
        if isNotWorse.rejects(at: options.alpha) { return .promote }
        return .undecided(more: needed)
    }

    /// The bet whose mean observation lies d over its bound, with the variance v, grows by about d² / 2v a pair, and has to
    /// come to log(1 / alpha) and what its mixture costs. Before there are pairs to tell from, a candidate is taken to be as
    /// good as the current model.
    private var needed: Int {
        let isKnown = pairs >= 30
        let mean = isKnown ? sum / Double(pairs) : 0
        let variance = isKnown ? max(squares / Double(pairs) - mean * mean, 0.01) : 0.25
        let distance = max(abs(mean + options.margin), options.margin / 4)
        let process = mean + options.margin >= 0 ? isNotWorse : isWorse
        let ahead = max(log(max(process.value, 1e-300)), -20)
        let target = log(1 / options.alpha) + 1
        let more = (target - min(ahead, target - 0.5)) * 2 * variance / (distance * distance)
        return max(1, Int(min(more, 1e12).rounded(.up)))
    }
}

/// Where a trial stands.
package struct CanaryStanding: Sendable {
    package var evidence: CanaryEvidence
    package var tallies: [CanaryDraw.Arm: CanaryTest.Tally]
    package var verdict: CanaryTest.Verdict
    /// Whether the arms were given about the shares that they were to be given; where not, something other than the draw
    /// decides who is in an arm, and no verdict holds.
    package var hasExpectedRatio: Bool

    package init(_ options: CanaryOptions, _ evidence: CanaryEvidence) {
        self.evidence = evidence
        var test = CanaryTest(options)
        for (arm, right) in evidence.outcomes { test.observe(arm, right: right) }
        (tallies, verdict) = (test.tallies, test.verdict)
        let (drawn, other) = (evidence.arms[.candidate]?.units ?? 0, evidence.arms[.current]?.units ?? 0)
        // At this level one sound trial in a thousand looks wrong.
        hasExpectedRatio =
            drawn + other == 0
            || ProportionInterval.clopperPearson(successes: drawn, of: drawn + other, level: 0.999)
                .contains(options.share)
    }
}
