import ArgumentParser
import LapwingEvaluation

/// `lapwing eval tasks`: the tasks that come with the program.
struct EvalTasks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "List the tasks that come with the program, or print one's file.",
        discussion: """
              lapwing eval tasks
              lapwing eval tasks mmlu > my-mmlu.yaml
            """)

    @Argument(help: "The task whose file is printed.") var name: String?

    func run() throws {
        if let name { return Output.standard.line(try TaskFile(named: name).text) }
        var table = Table([("task", .left), ("shots", .right), ("data", .left), ("what", .left)])
        table.rows = TaskFile.builtIn.map { file in
            [file.task.task, "\(file.task.shotCount)", file.task.data.file, file.task.about ?? ""]
        }
        for line in table.lines(for: Output.standard.terminal) { Output.standard.line(line) }
    }
}
