import LapwingRouter
import LapwingStatistics

/// What a route's calibration is watched by, and how a person is told of it.
extension Configuration.Route {
    /// nil where it is not watched, or has no calibrator.
    func driftPlan(_ calibrator: Calibrator?) -> DriftPlan? {
        guard let drift, let calibrator else { return nil }
        return DriftPlan(calibrator: calibrator.fullName, detector: drift.detector(for: calibrator.sample))
    }

    /// How soon the watch finds that answers are right ten points less often, and how often it is wrong.
    func watchLine(_ calibrator: Calibrator?) -> String? {
        guard let calibrator, let plan = driftPlan(calibrator) else { return nil }
        return Self.watchLine(name, plan.detector, calibrator.sample)
    }

    package static func watchLine(
        _ route: String, _ detector: DriftDetector, _ sample: [ThresholdGuarantee.Row]
    ) -> String {
        let found =
            sample.isEmpty
            ? nil : detector.labelsToDetect(sample.map(\.probability), becoming: { max($0 - 0.1, 0) })
        let soon =
            found.map { "a drop of ten points is found within \(Figures.grouped($0)) labels nine times out of ten" }
            ?? "a drop of ten points is within what its labels leave open"
        let points = Figures.fixed(detector.tolerance * 100, places: 1)
        let rate = Figures.fixed(detector.falseAlarms * 100, places: 1)
        return "\(route): drift of more than \(points) points is watched for; \(soon), and at most \(rate)% of watches "
            + "raise a false alarm within \(Figures.grouped(detector.window)) labels"
    }
}
