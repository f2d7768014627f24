import ArgumentParser
import LapwingEvaluation

/// `lapwing eval`: tasks to scores, and what is stored of them.
struct Eval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a model or a route on tasks.",
        discussion: """
            A task is a small file: its prompt, shots, scores and data. `lapwing eval tasks` lists those that come with the \
            program. Runs are kept under the data folder, each with every question's outcome.
            """,
        subcommands: [EvalRun.self, EvalBoard.self, EvalTasks.self], defaultSubcommand: EvalRun.self)
}
