import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEvaluation

/// `lapwing eval run`, which is meant where `eval` stands alone.
struct EvalRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run tasks and store what comes out.",
        discussion: """
            The model is a local one, or, with the configuration, a route or a remote model, whose calls go into the ledger; \
            with --url any OpenAI-compatible server. Tasks with choices need log-probabilities of given text, which a server \
            gives by `echo` and `logprobs` on /v1/completions; a remote model of the configuration is told the choices, and a \
            route with labels answers with one.

            Each question's outcome is stored as it comes. After Ctrl-C the same command goes on where it was; a run that is \
            whole is printed again.

              lapwing eval --tasks arc_easy,piqa
              lapwing eval --tasks mmlu --limit 10 --model models/file.gguf
              lapwing eval --tasks intents.yaml --model support
              lapwing eval --tasks questions.jsonl --url http://127.0.0.1:8080 --model smollm2 --json
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var stored: StoredRuns
    @Option(
        help: ArgumentHelp(
            "Names of tasks, .yaml files of tasks, or .jsonl files of questions, with commas between them.",
            valueName: "tasks"))
    var tasks: String
    @Option(help: "No more than so many questions; of each group, such as MMLU's subjects, where a task has groups.")
    var limit: Int?
    @Option(help: "So many solved examples before each question, in place of the task's own number.") var shots: Int?
    @Option(help: ArgumentHelp("Ask this OpenAI-compatible server.", valueName: "url")) var url: String?
    @Option(help: ArgumentHelp("The environment variable with that server's key.", valueName: "name"))
    var keyVariable: String?
    @Flag(help: "Drop what is stored of the same run, and begin anew.") var startOver = false
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected 1 or more.") }
        if let shots, !(0...100).contains(shots) { throw ValidationError("--shots is \(shots), expected 0 to 100.") }
        if url == nil, keyVariable != nil { throw ValidationError("--key-variable goes with --url.") }
    }

    private struct Result: Encodable {
        var runs: [RunRecord]
    }

    func run() async throws {
        let files = try tasks.split(separator: ",").map { name in
            var file = try TaskFile(named: name.trimmingCharacters(in: .whitespaces))
            if let shots { try file.setShots(shots) }
            return file
        }
        guard !files.isEmpty else { throw ValidationError("--tasks names none; `lapwing eval tasks` lists them.") }
        let folder = try stored.path(model.options)
        let records = try await cancellingOnInterrupt { try await runAll(files, in: folder) }
        if json { return try Output.standard.json(Result(runs: records)) }
    }

    private func runAll(_ files: [TaskFile], in folder: String) async throws -> [RunRecord] {
        let candidate = try await Candidate.make(model, url: url, keyVariable: keyVariable)
        let session = EvaluationSession(
            candidate: candidate, runs: RunFolder(path: folder), dataFolder: stored.dataSets, limit: limit,
            startsOver: startOver, showsProgress: !json)
        var records: [RunRecord] = []
        do {
            for file in files {
                let record = try await session.run(file)
                records.append(record)
                if !json {
                    let lines = RunText.lines(
                        record, folder: session.runs.folder(of: record.id), terminal: .init(.output))
                    for line in lines { Output.standard.line(line) }
                }
            }
        } catch {
            await candidate.shutDown()
            if error is CancellationError || error as? RequestError == .cancelled {
                Output.error.line("stopped; the same command goes on from here")
                throw CancellationError()
            }
            throw error
        }
        await candidate.shutDown()
        return records
    }
}

/// Where runs and data sets are.
struct StoredRuns: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of stored runs. The default is `evaluations` in the configuration's data folder, else in ./data.",
            valueName: "folder"))
    var runs: String?
    @Option(
        help: ArgumentHelp(
            "The folder of data sets. The default is the variable LAPWING_DATA, else ./datasets.", valueName: "folder"))
    var data: String?

    var dataSets: String { data ?? ProcessInfo.processInfo.environment["LAPWING_DATA"] ?? "datasets" }

    func path(_ options: ConfigurationOptions) throws -> String {
        if let runs { return runs }
        return (try options.loadIfPresent()?.dataFolder ?? "data") + "/evaluations"
    }
}

/// A run as a person reads it.
enum RunText {
    static func lines(_ run: RunRecord, folder: String, terminal: Terminal = .plain) -> [String] {
        let shots = run.shots == 1 ? "1 shot" : "\(run.shots) shots"
        var lines = [
            terminal.paint(run.task, .bold) + "  \(run.model), \(Figures.grouped(run.questions)) questions, \(shots)"
        ]
        let width = run.metrics.map(\.metric.count).max() ?? 0
        for metric in run.metrics {
            let name = metric.metric.padding(toLength: width, withPad: " ", startingAt: 0)
            lines.append("  \(name)  \(score(metric))")
        }
        if let decisions = run.decisions { lines.append("  " + words(decisions)) }
        lines.append("  " + terminal.paint(conventions(run), .dim))
        lines.append("  " + terminal.paint(effort(run) + "; kept in \(folder)", .dim))
        return lines
    }

    /// `0.5412 ± 0.0102`.
    static func score(_ metric: MetricSummary) -> String {
        let error = metric.standardError.map { " ± " + Figures.fixed($0, places: 4) } ?? ""
        return Figures.fixed(metric.value, places: 4) + error
    }

    /// `decisions: 82% open, 18% escalated`.
    private static func words(_ decisions: [String: Int]) -> String {
        let total = decisions.values.reduce(0, +)
        let parts = decisions.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { word, count in
            "\(Figures.percent(count, of: total)) \(word)"
        }
        let lacking = decisions[Decision.unavailable.rawValue].map {
            "; the closed model failed for \(Figures.grouped($0)), and --start-over asks all again"
        }
        return "decisions: " + parts.joined(separator: ", ") + (lacking ?? "")
    }

    private static func conventions(_ run: RunRecord) -> String {
        let hashes = [run.modelHash.map { "weights \($0.prefix(12))" }, "data \(run.dataHash.prefix(12))"]
        return "\(run.convention); \(run.wording); " + hashes.compactMap(\.self).joined(separator: ", ")
    }

    private static func effort(_ run: RunRecord) -> String {
        var parts = [
            "\(Figures.grouped(run.tokens.prompt)) tokens read, \(Figures.percent(run.tokens.cached, of: run.tokens.prompt)) "
                + "from the cache"
        ]
        if run.tokens.completion > 0 { parts.append("\(Figures.grouped(run.tokens.completion)) written") }
        if let time = run.tokens.computeNanoseconds {
            parts.append(Figures.duration(milliseconds: time / 1_000_000) + " of machine time")
        }
        parts.append(run.cost.map(Figures.dollars) ?? "unpriced")
        return parts.joined(separator: ", ")
    }
}
