import ArgumentParser
import Foundation
import LapwingHub
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// `lapwing calibrate fit`: from a route's answers with known outcomes to what judges the next ones.
struct FitCalibrator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit", abstract: "Fit what judges a route's answers, and say what it is worth.",
        discussion: """
            Takes the route's own answers whose outcomes are known (feedback, shadow, judge), or with --data runs its open \
            model over prompts with known answers. Fits Platt's, isotonic and logistic regression to \
            what its answers show, keeps what judges held-out answers best, and writes it as the next version of the \
            route's calibrator. `calibrator: NAME` in the route uses the newest version; a running server takes it at its \
            next reload (SIGHUP).

              lapwing calibrate intents
              lapwing calibrate intents --data test.csv --target 0.92
              lapwing calibrate support --data answered.jsonl --ask-closed
              lapwing calibrate support --data answered.jsonl --match contains --svg support.svg --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var input: LabelledDataOptions
    @Argument(help: "The route.") var route: String
    @Option(help: "The calibrator's name. The default is the route's, else the route's own name.") var name: String?
    @Option(help: "When an answer is right: exact, contains or number.") var match = AnswerMatch.exact
    @Option(help: "How often kept answers are to be right, for the threshold that is looked for.") var target = 0.92
    @Option(help: "How sure that is to be.") var confidence = 0.95
    @Option(
        help: ArgumentHelp("Where the reliability diagram goes; beside the calibrator if not said.", valueName: "file"))
    var svg: String?
    @Option(help: "For the folds and the intervals; the same seed gives the same fit.") var seed: UInt64 = 1
    @Flag(
        help:
            "Also ask the route's closed model for each row, which costs its price: what `escalate: { keep: … }` rests on."
    )
    var askClosed = false
    @Flag(help: "Write nothing.") var dryRun = false
    @Flag(help: "Fit nothing, and show what every threshold would come to: `lapwing calibrate simulate`.")
    var simulate = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        for (name, value) in [("target", target), ("confidence", confidence)] where !(value > 0 && value < 1) {
            throw ValidationError("--\(name) is \(value), expected a number between 0 and 1.")
        }
        try FileName.check(name)
        if askClosed, input.data == nil {
            throw ValidationError("--ask-closed needs --data FILE, the rows that the closed model is asked.")
        }
    }

    func run() async throws {
        if simulate {
            let arguments = [route, "--config", options.config] + (json ? ["--json"] : [])
            return try SimulatePolicy.parse(arguments).run()
        }
        let configuration = try options.load()
        let route = try configuration.route(named: route)
        let files = try RouteFiles(route.withoutCalibrator, dataFolder: configuration.dataFolder)
        let (judged, data) =
            input.data == nil
            ? try StoredAnswers.read(route, in: configuration)
            : try await labelled(route, files.labels, configuration)
        guard judged.count >= CalibratorFit.leastCount else {
            throw Failure(
                "\(judged.count) answers have evidence and a known outcome, expected \(CalibratorFit.leastCount) or more"
            )
        }
        let fit = CalibratorFit(judged, seed: seed)
        func calibrator(_ name: String, version: Int) -> Calibrator {
            Calibrator(
                name: name, version: version, route: route.name, model: route.open, labels: files.labels?.names,
                head: files.labels?.head?.fullName, embedder: route.embedder, fit: fit, data: data)
        }
        let name = name ?? route.calibrator ?? route.name
        var findings = CalibrationFindings(fit, target: target, confidence: confidence)
        findings.route = route.name
        if !dryRun {
            let store = RouteFiles.calibrators(in: configuration.dataFolder)
            let path = try store.write(name) { calibrator(name, version: $0) }
            findings.calibrator = path
            findings.next = next(name, route, configuration)
            findings.diagram = svg ?? String(path.dropLast(5)) + ".svg"
        } else {
            findings.diagram = svg
        }
        if let path = findings.diagram { try write(ReliabilityDiagram.svg(fit, title: route.name), to: path) }
        if json { return try Output.standard.json(findings) }
        for line in findings.lines { Output.standard.line(line) }
    }

    /// What is to be done for the calibrator to judge, and for whom else it does.
    private func next(
        _ name: String, _ route: Configuration.Route, _ configuration: Configuration
    ) -> String {
        let others = configuration.routes.filter { $0.calibrator == name && $0.name != route.name }.map(\.name)
        let use =
            route.calibrator == name
            ? "a running server takes it at its next reload" : "`calibrator: \(name)` in the route uses it"
        return use
            + (others.isEmpty
                ? "" : "; so do the routes \(others.joined(separator: ", ")), to whose answers it was not fitted")
    }

    /// Asks the open model, and holds its answers against those that are expected.
    private func labelled(
        _ route: Configuration.Route, _ labels: RouteLabels?, _ configuration: Configuration
    ) async throws -> ([LabelledAnswer], DataFingerprint) {
        let rows = try input.rows()
        if let line = LabelledRows.repeatsLine(rows) { Output.error.line(line) }
        try LabelledRows.check(rows, for: route.name, labels: labels?.names ?? [])
        if let labels, labels.names.isEmpty, rows.contains(where: { $0.choices == nil }) {
            throw LabelledRows.lacksChoices(route.name)
        }
        if let labels, rows.allSatisfy({ $0.choices == nil && !labels.names.contains($0.answer) }) {
            throw Failure(
                "none of the rows' answers is one of the route's \(labels.names.count) labels, such as "
                    + "'\(labels.names.first ?? "")'; found '\(rows.first?.answer ?? "")'")
        }
        let strong = askClosed ? try await askClosed(rows, route, labels, configuration) : rows.map(\.strong)
        let judged = try await gather(rows, route, labels, configuration).compactMap { gathered in
            gathered.evidence.map {
                LabelledAnswer(
                    evidence: $0, right: gathered.right, strongRight: strong[gathered.row],
                    segment: rows[gathered.row].segment)
            }
        }
        return (judged, DataFingerprint(rows: rows.map(\.fields)))
    }

    private func gather(
        _ rows: [LabelledRow], _ route: Configuration.Route, _ labels: RouteLabels?, _ configuration: Configuration
    ) async throws -> [GatheredAnswer] {
        let model = try OpenModel(of: route, in: configuration)
        var gathering = AnswerGathering(model: model, labels: labels)
        (gathering.system, gathering.match, gathering.file) = (input.system, match, input.answers)
        return try await cancellingOnInterrupt { [gathering] in
            let gathered = try await gathering.gather(rows)
            await model.shutDown()
            return gathered
        }
    }

    /// Whether the closed model is right on each row.
    private func askClosed(
        _ rows: [LabelledRow], _ route: Configuration.Route, _ labels: RouteLabels?, _ configuration: Configuration
    ) async throws -> [Bool?] {
        guard let closed = route.closed else {
            throw Failure("the route '\(route.name)' has no 'closed' model that --ask-closed could ask")
        }
        var other = Configuration.Route(name: route.name, open: closed)
        other.maxTokens = route.maxTokens
        let model = try OpenModel(of: other, in: configuration)
        var gathering = AnswerGathering(model: model, labels: nil)
        (gathering.system, gathering.match, gathering.namedLabels) = (input.system, match, labels?.names)
        gathering.file = input.answers.map { $0 + ".closed" }
        let gathered = try await cancellingOnInterrupt { [gathering] in
            let gathered = try await gathering.gather(rows)
            await model.shutDown()
            return gathered
        }
        let right = Dictionary(gathered.map { ($0.row, $0.right) }, uniquingKeysWith: { $1 })
        return rows.indices.map { right[$0] }
    }

    private func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: path)) } catch {
            throw Failure("cannot write '\(path)': \((error as? CocoaError)?.reason ?? "\(error)")")
        }
    }
}

extension AnswerMatch: ExpressibleByArgument {}

extension Configuration.Route {
    /// A calibrator that does not fit any more is what a new one is fitted for.
    var withoutCalibrator: Configuration.Route {
        var route = self
        route.calibrator = nil
        return route
    }
}
