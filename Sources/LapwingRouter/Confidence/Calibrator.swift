import Foundation
import LapwingAPI
import LapwingStatistics

/// What `lapwing calibrate` learnt of one route's answers, as a versioned file holds it.
package struct Calibrator: Hashable, Sendable, Codable {
    package enum Method: Hashable, Sendable, Codable {
        /// On the log-odds of the answer's own probability.
        case platt(PlattFit)
        case isotonic(IsotonicFit)
        /// The same for every answer, on the log-odds.
        case constant(Double)
        /// On all features that the evidence had.
        case logistic(intercept: Double, terms: [LogisticConfidence.Term])

        package var name: String {
            switch self {
            case .platt: "platt"
            case .isotonic: "isotonic"
            case .constant: "base rate"
            case .logistic: "logistic"
            }
        }
    }

    /// Raised where the file's meaning changes.
    package static let currentSchema = 1

    package var schema = Calibrator.currentSchema
    package var name: String
    package var version: Int
    package var route: String
    /// The open model whose answers it judges.
    package var model: String
    /// Of the labels that the answers are of, in their order; nil where they are text.
    package var labels: DataFingerprint?
    /// The head that gave the answers, with its version; nil where none did. What another head says is another answer.
    package var head: String?
    /// The embedding model whose opinion of labels and prompts is among the evidence.
    package var embedder: String?
    package var method: Method
    /// What the method compares prompts with; nil where it does not.
    package var neighbours: OutcomeNeighbours?
    /// Added to the log-odds of the answers of a segment, by `Segment.keys`.
    package var offsets: [String: Double]
    package var data: DataFingerprint
    /// Labelled answers of each segment.
    package var segmentCounts: [String: Int]
    /// Of the sample.
    package var metrics: CalibrationReport
    /// Labelled answers as they were judged by fits that had not seen them: what thresholds are found from.
    package var sample: [ThresholdGuarantee.Row]

    package init(
        name: String, version: Int, route: String, model: String, labels: [String]?, head: String? = nil,
        embedder: String? = nil, fit: CalibratorFit, data: DataFingerprint
    ) {
        self.name = name
        self.version = version
        self.route = route
        self.model = model
        self.labels = labels.map(Self.fingerprint)
        (self.head, self.embedder, self.data) = (head, embedder, data)
        (method, offsets, segmentCounts) = (fit.method, fit.offsets, fit.segmentCounts)
        (metrics, sample) = (fit.report, fit.sample)
        neighbours = fit.method.readsNeighbours ? fit.neighbours : nil
    }

    private static func fingerprint(_ labels: [String]) -> DataFingerprint {
        DataFingerprint(rows: labels.map { [$0] })
    }

    /// What travels with every confidence.
    package var fullName: String { "\(name)-v\(version)" }

    /// Throws `RouterError` where it was fitted to other answers than the route's open model gives.
    package func checkFit(
        route: String, model: String, labels: [String]?, head: String? = nil, embedder: String? = nil
    ) throws(RouterError) {
        func unfit(_ found: String, _ expected: String) -> RouterError {
            .unfitCalibrator(route: route, calibrator: fullName, found: found, expected: expected)
        }
        guard schema == Self.currentSchema else {
            throw unfit("the schema \(schema)", "\(Self.currentSchema): fit it again with `lapwing calibrate`")
        }
        guard self.model == model else {
            throw unfit("one fitted to answers of '\(self.model)'", "one for its open model, '\(model)'")
        }
        guard self.head == head else {
            throw unfit(
                "one fitted to answers \(self.head.map { "of the head '\($0)'" } ?? "without a head")",
                "one for its own, \(head.map { "of '\($0)'" } ?? "without a head")")
        }
        guard self.embedder == embedder else {
            func words(_ name: String?) -> String { name.map { "'embedder: \($0)'" } ?? "no 'embedder'" }
            throw unfit("one fitted with \(words(self.embedder))", "one for the route's \(words(embedder))")
        }
        guard self.labels == labels.map(Self.fingerprint) else {
            func words(_ count: Int?) -> String { count.map { "\($0) labels" } ?? "text" }
            let isOrder = self.labels?.rowCount == labels?.count
            throw unfit(
                "one fitted to answers of \(words(self.labels?.rowCount))",
                "one for its own answers, \(words(labels?.count))\(isOrder ? " with other names or in another order" : "")"
            )
        }
    }

    /// Judges the answers of one segment; where that is not known, as the whole.
    package func model(for segment: Segment) -> any ConfidenceModel {
        CalibratedConfidence(
            name: fullName, method: method, neighbours: neighbours,
            offset: segment.keys.reduce(0) { $0 + (offsets[$1] ?? 0) })
    }
}

/// A calibrator's judgement for one segment: the method's log-odds and the segment's offset.
struct CalibratedConfidence: ConfidenceModel {
    let name: String
    let method: Calibrator.Method
    let neighbours: OutcomeNeighbours?
    let offset: Double

    var isCalibrated: Bool { true }

    func probability(_ evidence: Evidence) -> Double {
        guard let neighbours else { return method.probability(evidence, offset: offset) }
        var evidence = evidence
        evidence.neighbours = evidence.promptVector.flatMap(neighbours.shareRight)
        return method.probability(evidence, offset: offset)
    }
}

extension Calibrator.Method {
    var readsNeighbours: Bool {
        if case .logistic(_, let terms) = self { terms.contains { $0.feature == .neighbours } } else { false }
    }

    /// Of an answer that has this evidence, the segment's offset added to its log-odds.
    func probability(_ evidence: Evidence, offset: Double = 0) -> Double {
        1 / (1 + exp(-(logOdds(evidence) + offset)))
    }

    func logOdds(_ evidence: Evidence) -> Double {
        switch self {
        case .platt(let fit): fit.slope * Self.score(evidence) + fit.intercept
        case .isotonic(let fit): Self.logOdds(fit(Self.score(evidence)))
        case .constant(let logOdds): logOdds
        case .logistic(let intercept, let terms):
            terms.reduce(intercept) { $0 + $1.score(evidence) }
        }
    }

    /// What Platt's and the isotonic fit read.
    static func score(_ evidence: Evidence) -> Double { ConfidenceFeature.logOdds.value(in: evidence) ?? 0 }

    /// With one right and one wrong answer more than there were, so that none is certain.
    static func baseRate(_ outcomes: [Bool]) -> Self {
        .constant(logOdds(Double(outcomes.count { $0 } + 1) / Double(outcomes.count + 2)))
    }

    private static func logOdds(_ probability: Double) -> Double {
        let bounded = min(max(probability, 1e-6), 1 - 1e-6)
        return log(bounded / (1 - bounded))
    }
}
