import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// `lapwing calibrate gate`: from prompts that both models answered to a gate that reads the next ones.
struct FitGate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate", abstract: "Fit what sends prompts to the closed model before anything is generated.",
        discussion: """
            Each line of the file is one JSON object: the prompt, and whether the open (weak) and the closed (strong) model \
            were right, 1 or 0. With --route in its place the route's own traffic teaches, where `evidence: { prompts: true \
            }` keeps prompts and a `shadow` holds answers against the closed model's. What is fitted is the gain of asking \
            the closed one; every figure is of prompts that the model was not fitted on. The gate becomes the next version \
            of data/gates/NAME, which `gate: NAME` in a route uses.

              lapwing calibrate gate support --data answered.jsonl --share 0.2
              lapwing calibrate gate support --data answered.jsonl --keep 0.94 --embedding minilm
              lapwing calibrate gate support --route support --share 0.17
            """)

    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The gate's name.") var name: String
    @Option(help: ArgumentHelp("The prompts with both outcomes.", valueName: "file")) var data: String?
    @Option(help: "In its place: the route whose own traffic is learned from.") var route: String?
    @Option(help: ArgumentHelp("A local embedding model of the configuration, for neighbours too.", valueName: "model"))
    var embedding: String?
    @Option(help: "The share of prompts that is to go to the closed model. The default is 0.2.") var share: Double?
    @Option(help: "In its place: the share of the closed model's quality that is to be kept.") var keep: Double?
    @Option(help: "Parts that are held out in turn.") var folds = 5
    @Option(help: "For the parts; the same seed gives the same gate.") var seed: UInt64 = 1
    @Flag(help: "Write nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        try FileName.check(name)
        if (data == nil) == (route == nil) {
            throw ValidationError("Expected either --data FILE or --route NAME: where prompts with both outcomes are.")
        }
        if share != nil, keep != nil { throw ValidationError("--share and --keep exclude each other.") }
        for (option, value) in [("--share", share), ("--keep", keep)] {
            if let value, !(0...1).contains(value) { throw ValidationError("\(option) is \(value), expected 0 to 1.") }
        }
        if !(2...20).contains(folds) { throw ValidationError("--folds is \(folds), expected 2 to 20.") }
    }

    func run() async throws {
        let configuration = try options.load()
        let rows = try rows(configuration)
        let samples = GainSamples(prompts: rows.prompts, embeddings: try await vectors(of: rows, configuration))
        let fit = try await GateFit(rows, samples, folds: folds, seed: seed)
        let chosen = try chosenShare(fit)
        func file(_ version: Int) -> GateFile {
            GateFile(
                name: name, version: version, embedding: fit.model.embeddingLength == nil ? nil : embedding,
                model: fit.model, outOfFold: fit.scores,
                threshold: GateFile.quantile(1 - chosen, of: fit.scores.sorted()), fingerprint: rows.fingerprint)
        }
        var path = "not written"
        if !dryRun {
            try configuration.makeDataFolder()
            path = try GateFile.folder(configuration.dataFolder).write(name, file)
        }
        if embedding != nil, fit.model.embeddingLength == nil {
            Output.error.line("the prompts' vectors gained nothing on held-out prompts, and the gate does without them")
        }
        let figures = GateFigures(path: path, rows, share: chosen, fit)
        if figures.strongQuality <= figures.weakQuality {
            Output.error.line(
                "on these prompts the closed model is right no more often than the open one: what the gate sends there costs "
                    + "more and gains nothing")
        }
        if json { return try Output.standard.json(figures) }
        for line in figures.lines(for: Output.standard.terminal) { Output.standard.line(line) }
    }

    private func rows(_ configuration: Configuration) throws -> GateRows {
        switch (data, route) {
        case (let data?, _): return try GateRows(path: data)
        case (nil, let route?): return try GateRows(try configuration.route(named: route), in: configuration)
        case (nil, nil): preconditionFailure("validate() asks for one of them")
        }
    }

    private func chosenShare(_ fit: GateFit) throws -> Double {
        guard let keep else { return share ?? 0.2 }
        let wanted = keep * fit.curve.quality(atCallShare: 1)
        let count = fit.scores.count
        guard let calls = (0...count).first(where: { fit.curve.quality[$0] >= wanted }) else {
            throw Failure("no share of calls keeps \(keep) of the closed model's quality on these prompts")
        }
        return Double(calls) / Double(count)
    }

    private func vectors(of rows: GateRows, _ configuration: Configuration) async throws -> [[Float]]? {
        guard let embedding else { return nil }
        guard let local = configuration.model(named: embedding)?.local else {
            throw Failure("'\(embedding)' is not a local model under 'models', and a gate embeds every prompt")
        }
        let model = try LocalModel(embedding, local)
        let plan = try MemoryBudget(configuration.machine.memory).plan([model])
        guard let engine = try model.load(plan.shares[0], workers: .init()).embedding else {
            throw Failure("'\(embedding)' makes no vectors")
        }
        var vectors: [[Float]] = []
        var progress = ProgressDisplay(label: "embed", output: .error)
        defer { progress.finish() }
        for start in stride(from: 0, to: rows.prompts.count, by: 64) {
            let part = Array(rows.prompts[start..<min(start + 64, rows.prompts.count)])
            vectors += try await GatePrompt.vectors(
                of: part, by: engine, model: engine.name, context: RequestContext(requestID: UUID().uuidString))
            progress.update(
                done: Int64(vectors.count), total: Int64(rows.prompts.count),
                detail: "\(vectors.count) of \(rows.prompts.count) prompts")
        }
        engine.shutDown()
        return vectors
    }
}
