import LapwingRouter
import LapwingStatistics

/// What a fit came to, for a person and for a program.
struct CalibrationFindings: Encodable {
    var route = ""
    /// Path of the file; nil where none was written.
    var calibrator: String?
    /// What is to be done with it.
    var next: String?
    /// Path of the reliability diagram.
    var diagram: String?
    let method: String
    /// Held-out log loss of each candidate.
    let candidates: [String: Double]
    let segments: [Segment]
    let report: CalibrationReport
    let target: Double
    let confidence: Double
    let threshold: FoundThreshold?
    /// How many more labels the threshold takes; nil where there is one, or where more would not help.
    let moreLabels: Int?
    /// The most that was seen of answers kept, where more labels would not help.
    let bestAccuracy: Double?
    /// Without a guarantee: how the held-out answers do whose probability is the target or more.
    let atTarget: Kept

    struct Segment: Encodable {
        var name: String
        var count: Int
        var offset: Double
    }

    struct Kept: Encodable {
        var share: Double
        /// nil where none is kept.
        var accuracy: Double?
    }

    init(_ fit: CalibratorFit, target: Double, confidence: Double) {
        (self.target, self.confidence, report) = (target, confidence, fit.report)
        candidates = Dictionary(uniqueKeysWithValues: fit.candidates.map { ($0.name, $0.logLoss) })
        method = fit.method.name
        segments = fit.segmentCounts.sorted { $0.key < $1.key }.map {
            Segment(name: $0.key, count: $0.value, offset: fit.offsets[$0.key] ?? 0)
        }
        let finding = ThresholdGuarantee(fit.sample).accuracy(atLeast: target, confidence: confidence)
        switch finding {
        case .found(let found): (threshold, moreLabels, bestAccuracy) = (found, nil, nil)
        case .notEnoughData(let more): (threshold, moreLabels, bestAccuracy) = (nil, more, nil)
        case .outOfReach(let best): (threshold, moreLabels, bestAccuracy) = (nil, nil, best)
        }
        let kept = fit.sample.filter { $0.probability >= target }
        atTarget = Kept(
            share: Double(kept.count) / Double(max(fit.sample.count, 1)),
            accuracy: kept.isEmpty ? nil : Double(kept.count { $0.isRight }) / Double(kept.count))
    }

    var lines: [String] {
        func percent(_ value: Double) -> String { Figures.fixed(100 * value, places: 1) + "%" }
        func figure(_ value: Double) -> String { Figures.fixed(value, places: 4) }
        let tried = candidates.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
            .map { "\($0.key) \(figure($0.value))" }.joined(separator: ", ")
        var lines = [
            "\(route): \(Figures.grouped(report.count)) answers, \(percent(report.baseRate)) of them right",
            "method              \(method), by held-out log loss: \(tried)",
            "calibration error   \(figure(report.calibrationError)) "
                + "[\(figure(report.calibrationErrorLow)), \(figure(report.calibrationErrorHigh))]",
            "Brier score         \(figure(report.brier))",
            report.auroc == nil
                ? "log loss            \(figure(report.logLoss)); all answers are alike, so that nothing can be told apart"
                : "log loss            \(figure(report.logLoss)), \(percent(report.informationShare)) under the base rate's "
                    + figure(report.baseRateLogLoss),
            "AUROC               \(report.auroc.map(figure) ?? "none: all answers are alike")",
            "risk-coverage area  \(figure(report.riskCoverageArea))",
            "at \(target) or more   \(percent(atTarget.share)) of answers, "
                + (atTarget.accuracy.map { "\(percent($0)) of them right" } ?? "none"),
            guarantee(percent),
        ]
        for segment in segments {
            lines.append(
                "segment             \(segment.name): \(segment.count) answers, offset \(figure(segment.offset))")
        }
        if method == Calibrator.Method.constant(0).name {
            lines.append(
                "                    the evidence tells right answers from wrong ones no better than chance; all are judged alike"
            )
        }
        if let calibrator { lines.append("written             \(calibrator)") }
        if let next { lines.append("                    \(next)") }
        if let diagram { lines.append("diagram             \(diagram)") }
        return lines
    }

    private func guarantee(_ percent: (Double) -> String) -> String {
        let promise = "kept answers right \(percent(target)) of the time, \(percent(confidence)) sure"
        if let threshold {
            return "threshold           \(threshold.threshold) keeps \(percent(threshold.shareKept)): \(promise) "
                + "(\(percent(threshold.observed)) seen, \(percent(threshold.bound)) at least)"
        }
        if let moreLabels {
            return
                "threshold           not enough data for \(promise): about \(Figures.grouped(moreLabels)) more labels"
        }
        return "threshold           none: of the surest answers \(percent(bestAccuracy ?? 0)) are right, "
            + "so no number of labels would prove \(percent(target))"
    }
}
