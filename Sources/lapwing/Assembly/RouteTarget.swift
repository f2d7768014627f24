import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// The threshold that a route's target came to, and how a person is told of it.
package struct RouteTarget: Sendable {
    package let route: String
    package let decision: EscalationDecision
    private let escalation: Configuration.Route.Escalation
    private let sampleCount: Int
    private let knowsStrong: Bool

    /// nil where the route never escalates. `sample` is its calibrator's.
    package init?(
        _ route: Configuration.Route, sample: [ThresholdGuarantee.Row], traffic: @autoclosure () -> RouteTraffic?
    ) {
        guard let escalation = route.escalation else { return nil }
        self.route = route.name
        self.escalation = escalation
        sampleCount = sample.count
        knowsStrong = sample.contains { $0.strongIsRight != nil }
        // A ledger of millions takes a while to ask.
        let known: RouteTraffic? = if case .spendPerDay = escalation.target { traffic() } else { nil }
        decision = escalation.target.decide(sample, confidence: escalation.confidence, traffic: known)
    }

    /// nil where the threshold is the file's own.
    package var line: String? {
        let at = " at \(percent(escalation.confidence)) confidence"
        if case .keep(let share) = escalation.target, !knowsStrong {
            return "\(route): nothing is known of \(percent(share)) of the closed model's quality, as none of its "
                + "\(Figures.grouped(sampleCount)) labelled answers says whether the closed model is right; everything "
                + "escalates; fit the calibrator with --ask-closed, or to data with a column `strong`"
        }
        let promise: String
        switch escalation.target {
        case .below: return nil
        case .accuracy(let share): promise = "an accuracy of \(percent(share))"
        case .keep(let share): promise = "\(percent(share)) of the closed model's quality"
        case .spendPerDay(let limit): promise = "\(Figures.dollars(limit)) a day"
        }
        switch decision.finding {
        case .found(let found): return words(found, promise + at)
        case .notEnoughData(let more):
            return "\(route): not enough data for \(promise)\(at): \(Figures.grouped(more)) more labels; "
                + "until then everything escalates"
        case .outOfReach(let best):
            return "\(route): \(promise) is out of reach\(at): what its calibrator is surest of comes to "
                + "\(percent(best)); everything escalates"
        case nil:
            return "\(route): nothing is known of its traffic yet; everything escalates, up to \(promise)"
        }
    }

    private func words(_ found: FoundThreshold, _ promise: String) -> String {
        let below = decision.threshold > 1 ? "always" : "below \(found.threshold)"
        let start = "\(route): escalates \(below) for \(promise); of \(Figures.grouped(sampleCount)) labelled answers "
        if case .spendPerDay = escalation.target {
            return start + "\(percent(found.observed)) do, and at most \(percent(found.bound)) are expected to"
        }
        let what = if case .keep = escalation.target { "kept quality" } else { "accuracy of those" }
        return start
            + "\(percent(found.shareKept)) are kept, \(what) \(percent(found.observed)), at least \(percent(found.bound))"
    }

    private func percent(_ share: Double) -> String {
        let text = Figures.fixed(share * 100, places: 1)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "%"
    }
}

extension Configuration {
    /// What the routes' targets come to now, and what their watches would find, a line each.
    package func targetLines() throws -> [String] {
        let ledger = ledgerReader
        let now = RouterTime.system.milliseconds()
        return try routes.flatMap { route in
            let files = try RouteFiles(route, dataFolder: dataFolder)
            let calibrator = files.calibrator
            let target = RouteTarget(
                route, sample: calibrator?.sample ?? [], traffic: ledger?.recentTraffic(of: route.name, now: now))
            return [
                target?.line, route.watchLine(calibrator), route.gateLine(files),
                files.headLine(route, dataFolder: dataFolder),
            ]
            .compactMap(\.self)
        }
    }
}

extension Configuration {
    /// nil where there is no ledger yet, or none that can be read.
    var ledgerReader: LedgerReader? {
        FileManager.default.fileExists(atPath: ledgerPath) ? try? LedgerReader(path: ledgerPath) : nil
    }
}

extension LedgerReader {
    /// Of the last seven days and today.
    func recentTraffic(of route: String, now: Int64) -> RouteTraffic? {
        try? traffic(of: route, since: BudgetWindow(.day, at: now).start - 7 * 86_400_000)
    }
}
