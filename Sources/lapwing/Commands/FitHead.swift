import ArgumentParser
import Foundation
import LapwingRouter
import LapwingStore

/// `lapwing calibrate head`: from labelled texts to what labels the next ones.
struct FitHead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "Fit what labels a route's texts.",
        discussion: """
            Where the route's open model makes vectors, a multinomial logistic regression on them; where it is a language \
            model, weights for its own scores of the labels. The result is the next version of the head, which \
            `labels: { head: NAME }` in the route uses. Fit the calibrator to other rows than the head.

              lapwing calibrate head intents --data train.csv
              lapwing calibrate head intents --data train.csv --answers scores.jsonl --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var input: LabelledDataOptions
    @Argument(help: "The route.") var route: String
    @Option(help: "The head's name. The default is the one that the route names, else the route's own name.")
    var name: String?
    @Option(help: "For the rows that are held out; the same seed gives the same fit.") var seed: UInt64 = 1
    @Flag(help: "Write nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws { try FileName.check(name) }

    func run() async throws {
        let configuration = try options.load()
        let route = try configuration.route(named: route)
        let rows = try input.rows()
        let given = try labels(of: route, rows, configuration)
        let model = try OpenModel(of: route, in: configuration)
        let fit = try await cancellingOnInterrupt {
            let fit =
                if model.binding.scoring != nil, !route.isOfVectors(model.binding) {
                    try await scored(rows, given, model)
                } else {
                    try await HeadFit.vectors(of: rows, labels: given, model: model, seed: seed)
                }
            await model.shutDown()
            return fit
        }
        func head(_ version: Int) -> LabelHead {
            var head = LabelHead(
                name: name ?? route.headName ?? route.name, version: version, model: route.open, labels: given,
                form: fit.form, data: DataFingerprint(rows: rows.map(\.fields)), c: fit.c, accuracy: fit.accuracy,
                logLoss: fit.logLoss)
            if case .scores(let scale) = fit.form, scale.similarity != nil { head.embedder = route.embedder }
            return head
        }
        let path =
            dryRun
            ? "not written"
            : try RouteFiles.heads(in: configuration.dataFolder).write(name ?? route.headName ?? route.name, head)
        if json {
            return try Output.standard.json(
                Result(
                    head: path, rows: rows.count, labels: given.count, c: fit.c, accuracy: fit.accuracy,
                    logLoss: fit.logLoss))
        }
        let kind = given.isEmpty ? "choices of their own" : "\(given.count) labels"
        Output.standard.line(
            "\(path): \(Figures.grouped(rows.count)) rows, \(kind); of held-out rows "
                + "\(Figures.fixed(100 * fit.accuracy, places: 1))% right, log loss \(Figures.fixed(fit.logLoss, places: 3)) (C \(fit.c))"
        )
        if !dryRun, route.headName == nil {
            Output.standard.line(
                "`labels: { head: \(name ?? route.name) }` in the route uses it; fit its calibrator to other rows")
        }
    }

    private struct Result: Encodable {
        var head: String
        var rows: Int
        var labels: Int
        var c: Double
        var accuracy: Double
        var logLoss: Double
    }

    private func scored(_ rows: [LabelledRow], _ labels: [String], _ model: OpenModel) async throws -> HeadFit {
        var gathering = AnswerGathering(model: model, labels: .scored(labels))
        (gathering.system, gathering.file) = (input.system, input.answers)
        return try HeadFit.scores(of: try await gathering.gather(rows), rows, labels: labels, seed: seed)
    }

    /// Those that the route names, else all that the rows have; none where each row has choices of its own.
    private func labels(
        of route: Configuration.Route, _ rows: [LabelledRow], _ configuration: Configuration
    ) throws -> [String] {
        let known = Array(Set(rows.map(\.answer))).sorted()
        let given: [String]
        let haveChoices = rows.allSatisfy { $0.choices != nil }
        switch route.labels {
        case _ where haveChoices && !route.hasOwnLabels: return []
        case .request: throw LabelledRows.lacksChoices(route.name)
        case .head, nil: given = known
        case .list(let labels): given = labels
        case .file(let path): given = try RouteFiles.read(path)
        }
        try LabelledRows.check(rows, for: route.name, labels: given)
        if let other = known.first(where: { !given.contains($0) }) {
            throw Failure("the data has the label '\(other)', which is none of the route's \(given.count)")
        }
        return given
    }
}

extension Configuration.Route {
    /// Whether it lists them.
    fileprivate var hasOwnLabels: Bool {
        switch labels {
        case .list, .file: true
        case .head, .request, nil: false
        }
    }

    fileprivate var headName: String? { if case .head(let name) = labels { name } else { nil } }

    /// A decoder with `pooling` serves both, and its own labels are then scored only where the route lists them.
    fileprivate func isOfVectors(_ binding: LapwingRouter.ModelBinding) -> Bool {
        guard binding.embedding != nil else { return false }
        if case .head = labels { return true }
        return labels == nil
    }
}
