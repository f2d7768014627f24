import LapwingStatistics

/// What a route's calibration is watched for.
package struct DriftPlan: Hashable, Sendable {
    /// The full name of the route's calibrator: outcomes of answers that another one judged say nothing of it.
    package var calibrator: String
    /// As it begins.
    package var detector: DriftDetector

    package init(calibrator: String, detector: DriftDetector) {
        self.calibrator = calibrator
        self.detector = detector
    }
}

/// The keys of `drift` in a route.
package struct DriftOptions: Hashable, Sendable {
    package var window = 500
    package var falseAlarms = 0.01

    package init() {}

    /// Two points, or as much as the sample leaves open about how often its answers are right: the half of the 95% interval
    /// of that share. A calibrator that is off by no more than its labels could tell is not called drift.
    package func detector(for sample: [ThresholdGuarantee.Row]) -> DriftDetector {
        let right = ProportionInterval.wilson(successes: sample.count { $0.isRight }, of: sample.count)
        let open = (right.upperBound - right.lowerBound) / 2
        return DriftDetector(window: window, falseAlarms: falseAlarms, tolerance: min(max(0.02, open), 0.2))
    }
}
