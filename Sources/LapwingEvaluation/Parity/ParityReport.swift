import LapwingAPI
import LapwingStatistics

/// What is asked of a comparison, fixed before it is made.
package struct ParityTerms: Hashable, Sendable, Codable {
    /// How much lower the candidate's score may be, on the score's own scale from 0 to 1.
    package var margin: Double
    /// Of the interval; the verdict's one-sided bound has the same level.
    package var level = 0.95
    /// The chance to show parity where there is no difference, for the planned number of questions.
    package var power = 0.8

    package init(margin: Double) { self.margin = margin }

    /// How many questions show parity with that power, where the two differ on such a share of them.
    package func neededCount(differing: Double, difference: Double = 0) -> Int {
        PairedNonInferiority.sampleSize(
            differing: max(differing, difference * difference + 1e-6), margin: margin, difference: difference,
            level: level,
            power: power)
    }
}

package enum ParityVerdict: Hashable, Sendable {
    case pass
    case fail
    /// So many more questions are needed, by the differences seen so far.
    case notEnoughData(more: Int)

    package var words: String {
        switch self {
        case .pass: "PASS"
        case .fail: "FAIL"
        case .notEnoughData(let more): "NOT ENOUGH DATA (\(more) more)"
        }
    }
}

/// A candidate against a reference on the same questions.
package struct ParityReport: Sendable {
    package struct Flip: Hashable, Sendable, Codable {
        package var id: Int
        package var question: String
        package var reference: Double
        package var candidate: Double
    }

    package var task: String
    package var metric: String
    package var reference: String
    package var candidate: String
    package var terms: ParityTerms
    package var count: Int
    package var referenceScore: Double
    package var candidateScore: Double
    /// Of the candidate's score less the reference's, two-sided.
    package var interval: ClosedRange<Double>
    /// One-sided; over -margin parity is shown.
    package var lowerBound: Double
    package var upperBound: Double
    /// Of the candidate's score divided by the reference's; nil where the reference's is 0.
    package var kept: ClosedRange<Double>?
    /// The share of questions that the two score differently.
    package var differing: Double
    /// McNemar's, exact; nil for scores between right and wrong.
    package var pValue: Double?
    /// Of the candidate's cost in the reference's; nil where one is not known.
    package var costShare: Double?
    /// Of the candidate's answers that the open model gave; nil where it is no route.
    package var openShare: Double?
    /// Of them, those for which the closed model was due and gave no answer.
    package var unavailableShare: Double?
    /// Questions that one got right and the other wrong, or scored otherwise.
    package var flips: [Flip]
    package var verdict: ParityVerdict

    package var difference: Double { candidateScore - referenceScore }

    /// Throws where the two runs are not of the same questions.
    package init(
        _ reference: (run: RunRecord, samples: [Sample]), _ candidate: (run: RunRecord, samples: [Sample]),
        metric: String,
        terms: ParityTerms, resamples: Int = 2000
    ) throws(EvaluationError) {
        let pairs = try Self.pairs(reference, candidate, metric: metric)
        (task, self.metric, self.terms, count) = (reference.run.task, metric, terms, pairs.count)
        (self.reference, self.candidate) = (reference.run.model, candidate.run.model)
        let (first, second) = (pairs.map(\.reference), pairs.map(\.candidate))
        referenceScore = MetricSummary.mean(first)
        candidateScore = MetricSummary.mean(second)
        flips = pairs.filter { $0.reference != $0.candidate }
        differing = Double(flips.count) / Double(pairs.count)
        let oneSided = 2 * terms.level - 1
        if (first + second).allSatisfy({ $0 == 0 || $0 == 1 }) {
            let both = pairs.count { $0.reference == 1 && $0.candidate == 1 }
            let (lost, won) = (flips.count { $0.reference == 1 }, flips.count { $0.candidate == 1 })
            interval = PairedDifference.tango(firstOnly: lost, secondOnly: won, of: count, level: terms.level)
            let bounds = PairedDifference.tango(firstOnly: lost, secondOnly: won, of: count, level: oneSided)
            (lowerBound, upperBound) = (bounds.lowerBound, bounds.upperBound)
            kept = PairedNonInferiority.keptQuality(
                bothRight: both, referenceOnly: lost, candidateOnly: won, level: terms.level)
            pValue = McNemar.exact(lost, won)
        } else {
            let indices = BootstrapIndices(count: count, resamples: resamples, seed: 1)
            interval = Bootstrap.pairedDifference(first, second, over: indices, level: terms.level)
            let bounds = Bootstrap.pairedDifference(first, second, over: indices, level: oneSided)
            (lowerBound, upperBound) = (bounds.lowerBound, bounds.upperBound)
            if first.contains(where: { $0 > 0 }) {
                kept = Bootstrap.pairedRatio(first, second, over: indices, level: terms.level)
            }
        }
        let ids = Set(pairs.map(\.id))
        costShare = Self.costShare(reference.samples, candidate.samples, of: ids)
        openShare = Self.share(candidate.samples, of: ids) { $0.answeringSide == .open }
        unavailableShare = Self.share(candidate.samples, of: ids) { $0 == .unavailable }
        verdict = .pass
        verdict = makeVerdict()
    }

    /// Shown; shown not to be; or neither. Where a sample that would show parity of equals has not done so and the
    /// candidate's own score lies under the margin, it has failed.
    private func makeVerdict() -> ParityVerdict {
        if lowerBound > -terms.margin { return .pass }
        // Where nothing turned, or next to nothing, the two may still differ on one question in as many.
        let differing = max(differing, 1 / Double(count + 2))
        let planned = terms.neededCount(differing: differing)
        // 0.45 - 0.5 is a little over -0.05 in binary.
        let isWorse = difference <= -terms.margin + 1e-9
        if upperBound < -terms.margin || (isWorse && count >= planned) { return .fail }
        let worst = isWorse ? 0 : min(0, difference)
        return .notEnoughData(more: max(1, terms.neededCount(differing: differing, difference: worst) - count))
    }

    private static func pairs(
        _ reference: (run: RunRecord, samples: [Sample]), _ candidate: (run: RunRecord, samples: [Sample]),
        metric: String
    ) throws(EvaluationError) -> [Flip] {
        let (a, b) = (reference.run, candidate.run)
        guard a.task == b.task, a.dataHash == b.dataHash, a.taskHash == b.taskHash, a.shots == b.shots else {
            throw .badRun(
                path: b.id,
                reason: "it is not of the same task, data and shots as '\(a.id)', so that questions cannot be paired")
        }
        let known = Dictionary(candidate.samples.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let pairs = reference.samples.compactMap { sample in
            known[sample.id].flatMap { other -> Flip? in
                guard let first = sample.scores[metric], let second = other.scores[metric] else { return nil }
                return Flip(id: sample.id, question: sample.question, reference: first, candidate: second)
            }
        }
        guard !pairs.isEmpty else {
            throw .badRun(path: b.id, reason: "it has no question with a score '\(metric)' that '\(a.id)' has too")
        }
        return pairs
    }

    /// The share of the questions whose decision is such a one; nil where not all have one.
    private static func share(
        _ samples: [Sample], of ids: Set<Int>, where holds: (Decision) -> Bool
    ) -> Double? {
        let decisions = samples.filter { ids.contains($0.id) }.map(\.decision)
        guard !decisions.isEmpty, decisions.allSatisfy({ $0 != nil }) else { return nil }
        return Double(decisions.compactMap(\.self).count(where: holds)) / Double(decisions.count)
    }

    /// Over the questions that both were asked.
    private static func costShare(_ first: [Sample], _ second: [Sample], of ids: Set<Int>) -> Double? {
        func total(_ samples: [Sample]) -> Double? {
            let costs = samples.filter { ids.contains($0.id) }.map(\.cost)
            guard costs.allSatisfy({ $0 != nil }) else { return nil }
            return costs.reduce(0) { $0 + Double($1?.rawValue ?? 0) }
        }
        guard let reference = total(first), let candidate = total(second), reference > 0 else { return nil }
        return candidate / reference
    }
}
