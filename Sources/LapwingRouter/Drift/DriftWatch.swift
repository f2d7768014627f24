import LapwingStatistics
import Logging
import Synchronization

/// Watches the calibration of the routes that ask for it, outcome by outcome.
///
/// A route whose watch has fired is on its safe side, where everything escalates, until another calibrator is loaded.
package final class DriftWatch: Sendable {
    /// How a route's watch stands.
    package struct Standing: Hashable, Sendable {
        package var route: String
        package var calibrator: String
        package var detector: DriftDetector
    }

    private let plans: Mutex<[String: DriftPlan]>
    private let logger: Logger

    /// What `earlier` has seen of a route goes on where its calibrator and its options are the same.
    init(_ routes: [Route], after earlier: DriftWatch?, logger: Logger) {
        self.logger = logger
        var plans: [String: DriftPlan] = [:]
        let known = earlier?.plans.withLock { $0 } ?? [:]
        for route in routes {
            guard let plan = route.drift else { continue }
            let before = known[route.name]
            let goesOn =
                before?.calibrator == plan.calibrator && before?.detector.isLike(plan.detector) == true
            plans[route.name] = goesOn ? before : plan
        }
        self.plans = Mutex(plans)
    }

    /// Takes in what became of an open answer. One that another calibrator judged, or none, says nothing.
    package func observe(route: String, calibrator: String?, probability: Double?, right: Bool) {
        guard let probability else { return }
        let alarm = plans.withLock { plans -> DriftDetector.Alarm? in
            guard let plan = plans[route], plan.calibrator == calibrator else { return nil }
            let fires = plans[route]?.detector.observe(probability: probability, isRight: right) ?? false
            return fires ? plans[route]?.detector.alarm : nil
        }
        guard let alarm else { return }
        logger.warning(
            "the calibration has drifted, all of the route's answers escalate until a new calibrator is loaded",
            metadata: [
                "route": "\(route)", "calibrator": "\(calibrator ?? "")", "labels": "\(alarm.labels)",
                "expected": "\(alarm.expected)", "observed": "\(alarm.observed)",
            ])
    }

    package func hasFired(_ route: String) -> Bool { plans.withLock { $0[route]?.detector.alarm != nil } }

    /// Of all routes that are watched, by name.
    package var standings: [Standing] {
        plans.withLock { plans in
            plans.map { Standing(route: $0.key, calibrator: $0.value.calibrator, detector: $0.value.detector) }
        }.sorted { $0.route < $1.route }
    }
}

extension DriftDetector {
    fileprivate func isLike(_ other: DriftDetector) -> Bool {
        window == other.window && falseAlarms == other.falseAlarms && tolerance == other.tolerance
    }
}
