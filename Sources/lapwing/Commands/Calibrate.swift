import ArgumentParser

/// `lapwing calibrate`: from answers with known outcomes to probabilities that hold.
struct Calibrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fit what judges a route's answers, and what labels or gates its texts.",
        discussion: """
            `lapwing calibrate ROUTE` is short for `lapwing calibrate fit ROUTE`.

              lapwing calibrate support --data answered.csv
              lapwing calibrate gate support --data outcomes.jsonl --share 0.2
              lapwing calibrate head intents --data train.csv
              lapwing calibrate --simulate support
            """,
        subcommands: [FitCalibrator.self, FitGate.self, FitHead.self, SimulatePolicy.self],
        defaultSubcommand: FitCalibrator.self)
}

/// What both fits read.
struct LabelledDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Prompts and their right answers: a CSV file with the columns prompt and answer, or a JSON object a line.",
            valueName: "file"))
    var data: String?
    @Option(help: "Read only so many rows.") var limit: Int?
    @Option(help: "The system message before each prompt, as the route's clients send it.") var system: String?
    @Option(
        help: ArgumentHelp(
            "Keep each answer in this file as it comes, and do not ask again for what it has.", valueName: "file"))
    var answers: String?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected 1 or more.") }
    }

    /// Throws `Failure` where no file is named.
    func rows() throws -> [LabelledRow] {
        guard let data else { throw Failure("name a file of prompts and their right answers with --data FILE") }
        return try LabelledRows.read(data, limit: limit ?? .max)
    }
}
