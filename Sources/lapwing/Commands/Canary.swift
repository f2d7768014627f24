import ArgumentParser
import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// `lapwing canary`: where a route's candidate stands.
struct Canary: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether a route's candidate is as good as its open model.",
        discussion: """
            Compares the outcomes that clients told (`POST /v1/feedback`) of answers by the candidate and by the current model. The \
            verdict may be read at any time, as often as one likes: it is wrong with a probability of 5% at most.

              lapwing canary support
              lapwing canary support --json
              lapwing canary support --again      after a roll back, once the candidate is another
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "A route with a `canary`.") var route: String
    @Flag(help: "Forget the trial; the next start or reload begins it anew.") var again = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        let configuration = try options.load()
        guard let found = configuration.routes.first(where: { $0.name == route }) else {
            throw Failure("there is no route '\(route)'")
        }
        guard let canary = found.canary else { throw Failure("the route '\(route)' has no canary") }
        guard FileManager.default.fileExists(atPath: configuration.evidencePath) else {
            throw Failure("there is no evidence in '\(configuration.dataFolder)' yet")
        }
        let store = try EvidenceStore(path: configuration.evidencePath)
        if again {
            try store.forgetTrial(of: canary.candidate, on: route)
            Output.standard.line("The trial of \(canary.candidate) begins anew with the next start or reload.")
            return
        }
        guard let trial = try store.knownTrial(of: canary.candidate, on: route) else {
            throw Failure("the trial of '\(canary.candidate)' has not begun; start the server, or reload it")
        }
        let standing = CanaryStanding(
            canary, try store.canaryEvidence(of: canary.candidate, besides: found.open, on: route, since: trial.beganAt)
        )
        let report = CanaryReport(route: found, canary, trial, standing)
        if json { return try Output.standard.json(report) }
        for line in report.lines(for: Output.standard.terminal) { Output.standard.line(line) }
    }
}

/// A trial in figures.
package struct CanaryReport: Encodable {
    package struct Arm: Encodable {
        var model: String
        var answers: Int
        var units: Int
        var outcomes: Int
        var right: Int
        var share: Double?
        /// 95%, by Wilson.
        var low: Double?
        var high: Double?
    }

    var route: String
    var verdict: String
    /// Outcomes of the candidate that are still needed, about; nil where there is a verdict.
    var needed: Int?
    var margin: Double
    var alpha: Double
    var expectedShare: Double
    var hasExpectedRatio: Bool
    var beganAt: Int64
    var rolledBackAt: Int64?
    var current: Arm
    var candidate: Arm

    package init(
        route: Configuration.Route, _ options: CanaryOptions, _ trial: CanaryTrial, _ standing: CanaryStanding
    ) {
        func arm(_ which: CanaryDraw.Arm, _ model: String) -> Arm {
            let (given, tally) = (standing.evidence.arms[which], standing.tallies[which])
            let interval = tally.map { ProportionInterval.wilson(successes: $0.right, of: $0.count) }
            return Arm(
                model: model, answers: given?.answers ?? 0, units: given?.units ?? 0, outcomes: tally?.count ?? 0,
                right: tally?.right ?? 0, share: tally?.share, low: interval?.lowerBound, high: interval?.upperBound)
        }
        self.route = route.name
        switch standing.verdict {
        case .promote: verdict = "promote"
        case .rollBack: verdict = "roll-back"
        case .undecided(let more): (verdict, needed) = ("not-enough-data", more)
        }
        if trial.rolledBackAt != nil { (verdict, needed) = ("roll-back", nil) }
        (margin, alpha, expectedShare) = (options.margin, options.alpha, options.share)
        hasExpectedRatio = standing.hasExpectedRatio
        (beganAt, rolledBackAt) = (trial.beganAt, trial.rolledBackAt)
        current = arm(.current, route.open)
        candidate = arm(.candidate, options.candidate)
    }

    package func lines(for terminal: Terminal = .plain) -> [String] {
        var table = Table([
            ("", .left), ("model", .left), ("answers", .right), ("drawn for", .right), ("outcomes", .right),
            ("right", .right), ("95%", .right),
        ])
        table.rows = [("current", current), ("candidate", candidate)].map { name, arm in
            let interval = arm.low.flatMap { low in arm.high.map { "\(Self.percent(low)) to \(Self.percent($0))" } }
            return [
                name, arm.model, "\(arm.answers)", "\(arm.units)", "\(arm.outcomes)",
                arm.share.map(Self.percent) ?? "–", interval ?? "–",
            ]
        }
        var lines = table.lines(for: terminal) + [""]
        switch verdict {
        case "promote":
            lines.append("promote: the candidate is at most \(Self.percent(margin)) worse, if it is worse at all")
        case "roll-back": lines.append("roll back: the candidate is more than \(Self.percent(margin)) worse")
        default: lines.append("not enough data: about \(needed ?? 0) more outcomes of the candidate are needed")
        }
        if rolledBackAt != nil { lines.append("The candidate was rolled back, and is given nothing any more.") }
        if !hasExpectedRatio {
            lines.append(
                "warning: the candidate was drawn for another share than \(Self.percent(expectedShare)); something beside the "
                    + "draw decides who is answered by it, and no verdict holds until that is found")
        }
        return lines
    }

    private static func percent(_ value: Double) -> String { Figures.fixed(value * 100, places: 1) + "%" }
}
