import LapwingAPI
import LapwingStore
import Logging
import Synchronization

/// Gives a route's candidates their share, and takes it away for good where a trial says that they are worse.
package final class CanaryWatch: Sendable {
    private struct Trial {
        let options: CanaryOptions
        /// The route's own model.
        let open: String
        let beganAt: Int64
        var isRolledBack: Bool
        /// Outcomes at the last look and since then, and whether one is to come.
        var seen = 0
        var news = 0
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
                    options: options, open: route.open, beganAt: trial.beganAt, isRolledBack: trial.rolledBackAt != nil)
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

    /// Takes in that an outcome came, and says whether the trial is to be looked at now. All outcomes are read at each look,
    /// so that many are looked at a fiftieth at a time; the test holds whenever it is looked at.
    func isDue(_ route: String) -> Bool {
        trials.withLock { trials in
            guard var trial = trials[route], !trial.isRolledBack else { return false }
            defer { trials[route] = trial }
            trial.news += 1
            guard !trial.isDue, trial.news * 50 >= trial.seen else { return false }
            trial.isDue = true
            return true
        }
    }

    /// The look does not come.
    func postpone(_ route: String) { trials.withLock { $0[route]?.isDue = false } }

    /// Ends the trial where its outcomes say that the candidate is worse.
    func look(_ route: String) {
        let trial = trials.withLock { trials in
            trials[route]?.isDue = false
            trials[route]?.news = 0
            return trials[route]
        }
        guard let trial, !trial.isRolledBack else { return }
        do {
            let standing = CanaryStanding(
                trial.options,
                try store.canaryEvidence(
                    of: trial.options.candidate, besides: trial.open, on: route, since: trial.beganAt))
            trials.withLock { $0[route]?.seen = standing.evidence.outcomes.count }
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
