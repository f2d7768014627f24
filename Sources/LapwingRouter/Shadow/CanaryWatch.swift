import LapwingAPI
import LapwingStore
import Logging
import Synchronization

/// Gives a route's candidates their share, and takes it away for good where a trial says that they are worse.
package final class CanaryWatch: Sendable {
    private struct Trial {
        let options: CanaryOptions
        let beganAt: Int64
        var isRolledBack: Bool
        /// Whether it is to be looked at already.
        var isDue = false
    }

    private let store: EvidenceStore
    private let logger: Logger
    private let metrics: RouterMetrics?
    private let milliseconds: @Sendable () -> Int64
    /// By route.
    private let trials: Mutex<[String: Trial]>

    /// Goes on with trials that began before. One that cannot be read is not begun.
    init(
        _ routes: [Route], store: EvidenceStore, logger: Logger, metrics: RouterMetrics?,
        milliseconds: @escaping @Sendable () -> Int64
    ) {
        (self.store, self.logger, self.metrics, self.milliseconds) = (store, logger, metrics, milliseconds)
        var trials: [String: Trial] = [:]
        for route in routes {
            guard let options = route.canary else { continue }
            do {
                let trial = try store.trial(of: options.candidate, on: route.name, at: milliseconds())
                trials[route.name] = Trial(
                    options: options, beganAt: trial.beganAt, isRolledBack: trial.rolledBackAt != nil)
            } catch {
                logger.error(
                    "a canary cannot be tried", metadata: ["route": "\(route.name)", "reason": "\(error)"])
            }
        }
        self.trials = Mutex(trials)
        for (route, trial) in trials { metrics?.recordCanary(route, isRolledBack: trial.isRolledBack) }
    }

    /// Which model the request is given to; nil where the route tries none.
    func draw(_ context: RequestContext, route: String) -> (draw: CanaryDraw, candidate: String)? {
        guard let trial = trials.withLock({ $0[route] }), !trial.isRolledBack else { return nil }
        let options = trial.options
        let unit =
            context.user.map { "user \(context.tenant) \($0)" } ?? context.keyID.map { "key \($0)" }
            ?? "request \(context.requestID)"
        let purpose = "canary \(route) \(options.candidate)"
        let arm: CanaryDraw.Arm = Draw.isWithin(options.share, unit, for: purpose) ? .candidate : .current
        return (CanaryDraw(arm: arm, unit: Draw.digest(of: unit, for: purpose)), options.candidate)
    }

    /// Whether an outcome of the route is news to its trial; says so once until `look`.
    func isDue(_ route: String) -> Bool {
        trials.withLock { trials in
            guard let trial = trials[route], !trial.isRolledBack, !trial.isDue else { return false }
            trials[route]?.isDue = true
            return true
        }
    }

    /// Ends the trial where its outcomes say that the candidate is worse.
    func look(_ route: String) {
        let trial = trials.withLock { trials in
            trials[route]?.isDue = false
            return trials[route]
        }
        guard let trial, !trial.isRolledBack else { return }
        do {
            let standing = CanaryStanding(
                trial.options, try store.canaryEvidence(on: route, since: trial.beganAt))
            guard standing.verdict == .rollBack else { return }
            trials.withLock { $0[route]?.isRolledBack = true }
            logger.warning(
                "the canary is worse than the current model and is rolled back",
                metadata: [
                    "route": "\(route)", "candidate": "\(trial.options.candidate)",
                    "outcomes": "\(standing.tallies[.candidate]?.count ?? 0)",
                ])
            metrics?.recordCanary(route, isRolledBack: true)
            try store.rollBack(trial.options.candidate, on: route, at: milliseconds())
        } catch {
            logger.error("a canary cannot be looked at", metadata: ["route": "\(route)", "reason": "\(error)"])
        }
    }
}

/// An outcome that has just become known.
package struct OutcomeNews: Hashable, Sendable {
    package var route: String
    package var source: AnswerOutcome.Source
    /// Whose answer it is about.
    package var side: CallReceipt.Side
    package var right: Bool
    /// What the open answer was judged to be, and by whose reckoning; nil where it was not judged.
    package var probability: Double?
    package var calibrator: String?
    /// Whether the same source had told one before.
    package var isReplacing: Bool

    package init(
        route: String, source: AnswerOutcome.Source, side: CallReceipt.Side, right: Bool,
        probability: Double? = nil, calibrator: String? = nil, isReplacing: Bool = false
    ) {
        self.route = route
        self.source = source
        self.side = side
        self.right = right
        self.probability = probability
        self.calibrator = calibrator
        self.isReplacing = isReplacing
    }
}

extension Router {
    /// To be told of each outcome once it is kept, or about to be.
    package func note(_ news: OutcomeNews) {
        if news.side == .open, !news.isReplacing {
            drift.observe(
                route: news.route, calibrator: news.calibrator, probability: news.probability, right: news.right)
        }
        guard news.source == .feedback || news.source == .dataset, let canaries, canaries.isDue(news.route) else {
            return
        }
        _ = shadows.add { canaries.look(news.route) }
    }
}
