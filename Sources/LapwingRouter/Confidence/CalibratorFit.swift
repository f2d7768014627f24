import Foundation
import LapwingStatistics

/// An answer whose outcome is known.
package struct LabelledAnswer: Hashable, Sendable {
    package var evidence: Evidence
    package var right: Bool
    package var strongRight: Bool?
    package var segment: Segment

    package init(evidence: Evidence, right: Bool, strongRight: Bool? = nil, segment: Segment = Segment()) {
        self.evidence = evidence
        self.right = right
        self.strongRight = strongRight
        self.segment = segment
    }
}

/// Finds the calibrator's method for labelled answers: each candidate is fitted to nine tenths of them and judged on the
/// rest, ten times over, and the one with the least log loss is fitted to all.
///
/// A segment then gets an offset on the log-odds, the one with the highest posterior under a normal prior around 0: it
/// maximises Σ log-likelihood - offset² / (2 · deviation²). With few labels it stays near 0, which is the whole; how near,
/// the deviation says, which is chosen by held-out log loss too.
package struct CalibratorFit: Sendable {
    package let method: Calibrator.Method
    package let offsets: [String: Double]
    package let segmentCounts: [String: Int]
    /// Of the candidates, held out, in their order.
    package let candidates: [(name: String, logLoss: Double)]
    /// The prior deviation of the segments' offsets; nil where they have none.
    package let deviation: Double?
    package let sample: [ThresholdGuarantee.Row]
    package let report: CalibrationReport
    /// The answers that have a prompt's vector; nil where none has.
    let neighbours: OutcomeNeighbours?

    /// Fewer would say nothing.
    package static let leastCount = 20
    private static let foldCount = 10
    private static let deviations = [0.25, 0.5, 1.0, 2.0]

    package init(_ answers: [LabelledAnswer], seed: UInt64 = 1) {
        precondition(answers.count >= Self.leastCount, "a calibrator takes \(Self.leastCount) labels or more")
        let table = NeighbourLists(answers)
        neighbours = table?.neighbours
        let folds = Self.folds(answers, seed: seed)
        // No row is known by the outcome of one that is held out beside it.
        let parts = (0..<Self.foldCount).map { fold in
            let held = answers.indices.filter { folds[$0] == fold }
            let rest = answers.indices.filter { folds[$0] != fold }
            func knowing(_ rows: [Int]) -> [LabelledAnswer] {
                table?.rows(rows, of: answers) { folds[$0] != fold } ?? rows.map { answers[$0] }
            }
            return (held: held, judged: knowing(held), fitted: knowing(rest))
        }
        let answers = table?.rows(Array(answers.indices), of: answers) { _ in true } ?? answers
        func heldOut(_ fit: ([LabelledAnswer]) -> ([LabelledAnswer]) -> [Double]) -> [Double] {
            var result = [Double](repeating: 0, count: answers.count)
            for part in parts {
                for (index, value) in zip(part.held, fit(part.fitted)(part.judged)) { result[index] = value }
            }
            return result
        }
        func loss(_ logOdds: [Double]) -> Double {
            CalibrationMetrics.logLoss(
                probabilities: logOdds.map { 1 / (1 + exp(-$0)) }, outcomes: answers.map(\.right))
        }

        var best: (candidate: Candidate, logOdds: [Double], loss: Double)?
        var tried: [(name: String, logLoss: Double)] = []
        for candidate in Candidate.fitting(answers.map(\.right)) {
            let logOdds = heldOut { rows in
                let method = candidate.fit(rows)
                return { $0.map { method.logOdds($0.evidence) } }
            }
            let loss = loss(logOdds)
            tried.append((candidate.name, loss))
            if best.map({ loss < $0.loss }) ?? true { best = (candidate, logOdds, loss) }
        }
        guard let best else { preconditionFailure("there are candidates") }
        let candidate = best.candidate
        var (logOdds, least) = (best.logOdds, best.loss)
        candidates = tried
        method = candidate.fit(answers)

        var chosen: Double?
        let keys = Set(answers.flatMap(\.segment.keys))
        for deviation in Self.deviations where keys.count > 1 {
            let shifted = heldOut { rows in
                let method = candidate.fit(rows)
                let offsets = Self.offsets(of: rows, around: method, deviation: deviation)
                return { $0.map { method.logOdds($0.evidence) + offsets.sum(of: $0.segment) } }
            }
            let loss = loss(shifted)
            if loss < least { (chosen, logOdds, least) = (deviation, shifted, loss) }
        }
        deviation = chosen
        offsets = chosen.map { [method] in Self.offsets(of: answers, around: method, deviation: $0) } ?? [:]
        segmentCounts = answers.reduce(into: [:]) { counts, answer in
            for key in answer.segment.keys { counts[key, default: 0] += 1 }
        }
        let probabilities = logOdds.map { 1 / (1 + exp(-$0)) }
        sample = zip(probabilities, answers).map {
            ThresholdGuarantee.Row(probability: $0, isRight: $1.right, strongIsRight: $1.strongRight)
        }
        report = CalibrationReport(probabilities: probabilities, outcomes: answers.map(\.right), seed: seed)
    }

    /// Each answer's fold; right and wrong ones are dealt out apart, so that each fold has its share of both.
    private static func folds(_ answers: [LabelledAnswer], seed: UInt64) -> [Int] {
        var random = SplitMix64(seed: seed)
        var folds = [Int](repeating: 0, count: answers.count)
        var next = 0
        for right in [true, false] {
            for index in answers.indices.filter({ answers[$0].right == right }).shuffled(using: &random) {
                folds[index] = next % foldCount
                next += 1
            }
        }
        return folds
    }

    /// One kind of segment after another: a language's offset comes on top of its task's.
    private static func offsets(
        of rows: [LabelledAnswer], around method: Calibrator.Method, deviation: Double
    ) -> [String: Double] {
        var logOdds = rows.map { method.logOdds($0.evidence) }
        var offsets: [String: Double] = [:]
        for kind in ["task=", "language="] {
            var members: [String: [Int]] = [:]
            for (index, row) in rows.enumerated() {
                if let key = row.segment.keys.first(where: { $0.hasPrefix(kind) }) {
                    members[key, default: []].append(index)
                }
            }
            for (key, indices) in members {
                let offset = offset(indices.map { (logOdds[$0], rows[$0].right) }, deviation: deviation)
                offsets[key] = offset
                for index in indices { logOdds[index] += offset }
            }
        }
        return offsets
    }

    /// Newton's method on a concave function of one number, whose slope falls from end to end.
    private static func offset(_ rows: [(logOdds: Double, right: Bool)], deviation: Double) -> Double {
        let precision = 1 / (deviation * deviation)
        var offset = 0.0
        for _ in 0..<50 {
            var (slope, curvature) = (-precision * offset, precision)
            for row in rows {
                let p = 1 / (1 + exp(-(row.logOdds + offset)))
                slope += (row.right ? 1 : 0) - p
                curvature += p * (1 - p)
            }
            let step = min(max(slope / curvature, -1), 1)
            offset += step
            if abs(step) < 1e-10 { break }
        }
        return offset
    }
}

extension [String: Double] {
    fileprivate func sum(of segment: Segment) -> Double { segment.keys.reduce(0) { $0 + (self[$1] ?? 0) } }
}
