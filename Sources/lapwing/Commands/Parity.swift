import ArgumentParser
import Foundation
import LapwingAPI
import LapwingEvaluation

/// `lapwing parity`: whether one model is as good as another on the same questions.
struct Parity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether B keeps A's quality, within a margin fixed beforehand.",
        discussion: """
            A and B are stored runs (as `lapwing eval` names their folders), or models and routes, which are then run on \
            --task, or gone on with where they were stored. The same questions are compared one by one: the interval of \
            Tango for right and wrong, a bootstrap over pairs for scores between, McNemar's exact test beside them. B passes \
            where the one-sided 95% bound of its score less A's lies above minus the margin. How many questions that takes is \
            told before anything is run.

            Ends with 0 for PASS, 1 for FAIL and 3 for NOT ENOUGH DATA, of several tasks with the worst.

              lapwing parity gpt-4 smollm2 --task banking77 --margin 0.03
              lapwing parity arc_easy-big-1a2b3c4d arc_easy-small-5e6f7a8b --margin 0.05
              lapwing parity models/f16.gguf models/q4.gguf --task arc_easy,piqa --limit 500 --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var stored: StoredRuns
    @Argument(help: ArgumentHelp("The reference: a stored run, a model or a route.", valueName: "a")) var reference:
        String
    @Argument(help: ArgumentHelp("The candidate.", valueName: "b")) var candidate: String
    @Option(help: ArgumentHelp("Tasks or their files, with commas between them.", valueName: "tasks")) var task: String?
    @Option(help: "How much lower B's score may be, on its scale from 0 to 1.") var margin = 0.05
    @Option(help: "The metric that is compared; the default is acc_norm where there is one, else the task's first.")
    var metric: String?
    @Option(help: "No more than so many questions; of each group, where a task has groups.") var limit: Int?
    @Option(
        help: "The share of questions on which the two are taken to differ, for the number that is told beforehand.")
    var differing = 0.2
    @Option(help: "How many of the questions that turned are listed.") var flips = 10
    @Flag(help: "Print one JSON object.") var json = false

    static let notEnoughData: Int32 = 3

    func validate() throws {
        guard margin > 0, margin < 1 else {
            throw ValidationError("--margin is \(margin), expected more than 0 and less than 1.")
        }
        guard differing > 0, differing <= 1 else {
            throw ValidationError("--differing is \(differing), expected more than 0 and at most 1.")
        }
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected 1 or more.") }
    }

    private struct Result: Encodable {
        var reports: [ParityReport]
    }

    func run() async throws {
        let terms = ParityTerms(margin: margin)
        let needed = terms.neededCount(differing: differing)
        if !json {
            Output.error.line(
                "margin \(ParityText.percent(margin)), fixed now: shown with 80% power by \(Figures.grouped(needed)) questions, if "
                    + "the two differ on \(ParityText.percent(differing)) of them and are equally good")
        }
        let runs = RunFolder(path: try stored.path(options))
        let reports = try await cancellingOnInterrupt { try await compare(in: runs, terms) }
        if json {
            try Output.standard.json(Result(reports: reports))
        } else {
            for report in reports {
                for line in ParityText.lines(report, flips: flips, terminal: Output.standard.terminal) {
                    Output.standard.line(line)
                }
            }
        }
        if reports.contains(where: { $0.verdict == .fail }) { throw ExitCode(1) }
        if reports.contains(where: { $0.verdict != .pass }) { throw ExitCode(Self.notEnoughData) }
    }

    private func compare(in runs: RunFolder, _ terms: ParityTerms) async throws -> [ParityReport] {
        if let first = try runs.read(reference), let second = try runs.read(candidate) {
            return [try report(first, second, in: runs, terms)]
        }
        guard let task else {
            throw Failure(
                "'\(reference)' and '\(candidate)' are not both stored runs, and models need --task to say what to run them on"
            )
        }
        let files = try task.split(separator: ",").map { try TaskFile(named: String($0)) }
        let first = try await records(of: reference, files, in: runs)
        let second = try await records(of: candidate, files, in: runs)
        return try zip(first, second).map { try report($0, $1, in: runs, terms) }
    }

    /// One after the other, so that two models need not fit at once.
    private func records(of name: String, _ files: [TaskFile], in runs: RunFolder) async throws -> [RunRecord] {
        let model = try ModelOptions.parse(["--config", options.config, "--model", name])
        let who = try await Candidate.make(model, url: nil, keyVariable: nil)
        let session = EvaluationSession(
            candidate: who, runs: runs, dataFolder: stored.dataSets, limit: limit, startsOver: false,
            showsProgress: !json)
        do {
            var records: [RunRecord] = []
            for file in files { records.append(try await session.run(file)) }
            await who.shutDown()
            return records
        } catch {
            await who.shutDown()
            throw error as? RequestError == .cancelled ? CancellationError() : error
        }
    }

    private func report(
        _ first: RunRecord, _ second: RunRecord, in runs: RunFolder, _ terms: ParityTerms
    ) throws -> ParityReport {
        for run in [first, second] where !run.isFinished {
            throw Failure("the run \(run.id) is not whole; `lapwing eval` goes on with it")
        }
        let names = first.metrics.map(\.metric).filter { second.metric($0) != nil }
        let name = metric ?? (names.contains(Metric.accNorm.rawValue) ? Metric.accNorm.rawValue : names.first ?? "")
        guard names.contains(name) else {
            throw Failure(
                "\(first.id) and \(second.id) do not both have a metric '\(name)'; they share "
                    + (names.isEmpty ? "none" : names.joined(separator: ", ")))
        }
        return try ParityReport(
            (first, try runs.readSamples(of: first.id)), (second, try runs.readSamples(of: second.id)), metric: name,
            terms: terms)
    }
}

/// A comparison as a person reads it.
enum ParityText {
    static func lines(_ report: ParityReport, flips: Int, terminal: Terminal = .plain) -> [String] {
        let colour: Terminal.Style =
            switch report.verdict {
            case .pass: .green
            case .fail: .red
            case .notEnoughData: .yellow
            }
        var lines = [
            terminal.paint("\(report.task), \(report.metric)", .bold) + "  \(Figures.grouped(report.count)) questions",
            sentence(report) + terminal.paint(report.verdict.words, .bold, colour)
                + " at margin \(percent(report.terms.margin))",
            "  A \(report.reference) \(percent(report.referenceScore)), B \(report.candidate) \(percent(report.candidateScore)): "
                + "B less A \(points(report.difference)) [\(points(report.interval.lowerBound)), "
                + "\(points(report.interval.upperBound))] points, one-sided bound \(points(report.lowerBound))",
        ]
        let lost = report.flips.count { $0.candidate < $0.reference }
        var detail =
            "  \(report.flips.count) questions turned (\(percent(report.differing))): \(lost) lost, "
            + "\(report.flips.count - lost) won"
        if let p = report.pValue { detail += "; McNemar's exact p \(Figures.fixed(p, places: 4))" }
        lines.append(detail)
        for flip in report.flips.prefix(flips) {
            let turn = flip.candidate < flip.reference ? "lost" : "won "
            lines.append("    \(turn) \(flip.id): \(Figures.shortened(flip.question, to: 90))")
        }
        if report.flips.count > flips { lines.append("    … \(report.flips.count - flips) more in --json") }
        return lines
    }

    /// `B keeps 96.1% [94.7, 97.4] of A's quality at 11% of its cost: `.
    static func sentence(_ report: ParityReport) -> String {
        guard let kept = report.kept else { return "A got nothing right, so that B has nothing to keep: " }
        let share = report.candidateScore / report.referenceScore
        let cost = report.costShare.map { " at \(Figures.fixed($0 * 100, places: 0))% of its cost" } ?? ""
        var open = report.openShare.map { ", \(percent($0)) of its answers open" } ?? ""
        if let share = report.unavailableShare, share > 0 { open += " (\(percent(share)) as the closed model failed)" }
        return "B keeps \(percent(share)) [\(Figures.fixed(kept.lowerBound * 100, places: 1)), "
            + "\(Figures.fixed(kept.upperBound * 100, places: 1))] of A's quality\(cost)\(open): "
    }

    /// `5%`, `12.5%`.
    static func percent(_ share: Double) -> String {
        let text = Figures.fixed(share * 100, places: 1)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "%"
    }

    private static func points(_ difference: Double) -> String {
        (difference > 0 ? "+" : "") + Figures.fixed(difference * 100, places: 1)
    }
}
