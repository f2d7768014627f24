import ArgumentParser
import Foundation
import LapwingEvaluation
import LapwingHub

/// `lapwing eval board`: all stored runs side by side.
struct EvalBoard: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "board", abstract: "Put all stored runs side by side.",
        discussion: """
            A row a model, a column a task: the raw score with its standard error, and in brackets normalised as the Open \
            LLM Leaderboard v2 does, from 0 for guessing to 100. Of several runs the one with the most questions counts.

              lapwing eval board
              lapwing eval board --html board.html
              lapwing eval board --csv > runs.csv
            """)

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var stored: StoredRuns
    @Option(help: ArgumentHelp("Write one HTML page to this file.", valueName: "file")) var html: String?
    @Flag(help: "Print every metric of every run as CSV.") var csv = false

    func validate() throws {
        if csv, html != nil { throw ValidationError("--csv and --html are two forms, expected one.") }
    }

    func run() throws {
        let folder = try stored.path(options)
        let runs = RunFolder(path: folder).runs { Output.error.line("left out: \($0)") }
        guard runs.contains(where: \.isFinished) else {
            throw Failure("there are no runs in \(folder); `lapwing eval --tasks arc_easy` makes one")
        }
        if csv { return Output.standard.write(BoardCSV.text(runs)) }
        let board = Board(runs)
        guard let html else {
            for line in Self.lines(board, terminal: Output.standard.terminal) { Output.standard.line(line) }
            return
        }
        do {
            try Data(BoardHTML.text(board).utf8).write(to: URL(filePath: html), options: .atomic)
        } catch {
            throw Failure("cannot write '\(html)': \((error as? CocoaError)?.reason ?? "\(error)")")
        }
        Output.error.line("\(html): \(board.rows.count) models, \(board.columns.count) tasks")
    }

    static func lines(_ board: Board, terminal: Terminal = .plain) -> [String] {
        var table = Table([("model", .left), ("average", .right)] + board.columns.map { (board.name(of: $0), .right) })
        table.rows = board.rows.map { row in
            [row.model, row.average.map { Figures.fixed($0, places: 1) } ?? "–"] + row.cells.map(cell)
        }
        let notes = board.columns.map { column in
            "\(board.name(of: column)): \(column.metric), \(column.shots) shots, \(column.convention), \(column.wording)"
        }
        return table.lines(for: terminal) + [""] + notes.map { terminal.paint($0, .dim) }
    }

    /// `54.1 ± 1.0 (38.8)`, with the count where a run was limited.
    private static func cell(_ cell: Board.Cell?) -> String {
        guard let cell else { return "–" }
        let error = cell.standardError.map { " ± " + Figures.fixed($0 * 100, places: 1) } ?? ""
        let count = cell.run.limit == nil ? "" : ", n=\(cell.run.questions)"
        return Figures.fixed(cell.value * 100, places: 1) + error
            + " (\(Figures.fixed(cell.normalised, places: 1))\(count))"
    }
}
