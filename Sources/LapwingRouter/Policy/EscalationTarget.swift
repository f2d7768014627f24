import LapwingAPI
import LapwingStatistics
import LapwingStore

/// When a route escalates: under a threshold, or under the one that keeps a promise.
package enum EscalationTarget: Hashable, Sendable {
    case below(Double)
    /// Answers that are kept are right at least so often.
    case accuracy(Double)
    /// The route as a whole is right at least so often as this share of the closed model's right answers.
    case keep(Double)
    /// The route's calls on the closed side cost no more than this in a day of UTC.
    case spendPerDay(NanoUSD)
}

extension EscalationTarget {
    /// Whether it says how good answers are.
    package var isPromise: Bool {
        switch self {
        case .accuracy, .keep: true
        case .below, .spendPerDay: false
        }
    }

    /// Finds the threshold on a calibrator's held-out answers.
    ///
    /// Where they do not prove the promise, everything escalates: the closed model is what the promise is about. A limit of
    /// spending holds without any, as the route stops at it; until its traffic is known everything escalates up to there.
    package func decide(
        _ sample: [ThresholdGuarantee.Row], confidence: Double, traffic: RouteTraffic? = nil
    ) -> EscalationDecision {
        let guarantee = ThresholdGuarantee(sample)
        let finding: ThresholdFinding
        switch self {
        case .below(let threshold): return EscalationDecision(threshold: threshold)
        case .accuracy(let target): finding = guarantee.accuracy(atLeast: target, confidence: confidence)
        case .keep(let share): finding = guarantee.keep(atLeast: share, confidence: confidence)
        case .spendPerDay(let limit):
            guard let share = traffic?.affordableShare(of: limit), !sample.isEmpty else {
                return EscalationDecision(threshold: Route.escalatesAll)
            }
            finding = guarantee.escalating(atMost: share, confidence: confidence)
        }
        guard case .found(let found) = finding else {
            return EscalationDecision(threshold: Route.escalatesAll, finding: finding)
        }
        // With a threshold of 1 nothing is kept; a probability may come to it by rounding.
        return EscalationDecision(
            threshold: found.threshold < 1 ? found.threshold : Route.escalatesAll, finding: finding)
    }
}

/// The threshold that a target came to, and why.
package struct EscalationDecision: Hashable, Sendable {
    /// `Route.escalatesAll` where nothing is kept.
    package var threshold: Double
    /// nil where nothing had to be found, or nothing is known of the route's traffic yet.
    package var finding: ThresholdFinding?

    package init(threshold: Double, finding: ThresholdFinding? = nil) {
        self.threshold = threshold
        self.finding = finding
    }
}

extension Route {
    /// A threshold that every probability is under.
    package static let escalatesAll = 1.0.nextUp
}

extension RouteTraffic {
    /// The share of the busiest day's requests that the closed model could have answered for the money; nil where nothing is
    /// known of them or of the price.
    func affordableShare(of limit: NanoUSD) -> Double? {
        guard busiestDay > 0, let cost = meanClosedCost, cost > .zero else { return nil }
        return Double(limit.rawValue) / (Double(busiestDay) * Double(cost.rawValue))
    }
}
