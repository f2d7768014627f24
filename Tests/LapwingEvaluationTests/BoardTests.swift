import LapwingAPI
import LapwingEvaluation
import Testing

@Suite struct BoardTests {
    @Test("A score is normalised from guessing to all right, and less than guessing is nothing")
    func normalised() {
        #expect(Board.normalised(0.25, chance: 0.25) == 0)
        #expect(Board.normalised(0.2, chance: 0.25) == 0)
        #expect(Board.normalised(0.625, chance: 0.25) == 50)
        #expect(abs(Board.normalised(0.29, chance: 0) - 29) < 1e-9)
    }

    @Test("A model's row has its largest run of each task, and an average where it has them all")
    func rows() throws {
        let runs = [
            run("a", "arc", 0.5, questions: 100, started: "2026-11-02"),
            run("a", "arc", 0.4, questions: 2000, started: "2026-11-01"),
            run("a", "piqa", 0.75, chance: 0.5, questions: 500, started: "2026-11-01"),
            run("b<", "arc", 0.7, questions: 2000, started: "2026-11-01"),
        ]
        let board = Board(runs)
        #expect(board.columns.map(\.task) == ["arc", "piqa"])
        #expect(board.rows.map(\.model) == ["a (12345678)", "b< (12345678)"])
        #expect(board.rows[0].cells[0]?.value == 0.4)
        // (0.4 - 0.25) / 0.75 and (0.75 - 0.5) / 0.5
        #expect(abs((board.rows[0].average ?? 0) - (20 + 50) / 2) < 1e-9)
        #expect(board.rows[1].average == nil)
        #expect(board.rows[1].cells[1] == nil)

        let page = BoardHTML.text(board)
        #expect(page.contains("b&lt; (12345678)"))
        #expect(page.contains("40.0 ± 1.0<small>20.0"))
        #expect(!page.contains("http"))
        let lines = BoardCSV.text(runs).split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[1].hasPrefix("arc,a,acc_norm,0.5,0.01,33.33"))
        #expect(lines[1].contains("\"text, plain\""))
    }

    @Test("Runs with other shots are another column, and IFEval stands by the mean of its strict scores")
    func columns() {
        var shots = run("a", "arc", 0.5, questions: 10, started: "1")
        shots.shots = 5
        var ifeval = run("a", "ifeval", 0, chance: 0, questions: 10, started: "1")
        ifeval.metrics = [(Metric.ifevalPromptStrict, 0.2), (.ifevalInstructionStrict, 0.4)].map { metric, value in
            var summary = MetricSummary(metric, [])
            summary.value = value
            return summary
        }
        let board = Board([run("a", "arc", 0.4, questions: 10, started: "1"), shots, ifeval])
        #expect(board.columns.map(\.shots) == [0, 5, 0])
        #expect(abs((board.rows[0].cells[2]?.value ?? 0) - 0.3) < 1e-12)
    }

    @Test("The same task over other data is another column, and the same model of another server another row")
    func otherData() {
        var (corrected, elsewhere) = (
            run("a", "own", 0.4, questions: 50, started: "2"), run("a", "own", 0.6, questions: 200, started: "1")
        )
        corrected.dataHash = "e"
        (elsewhere.modelHash, elsewhere.server) = (nil, "http://two")
        let board = Board([run("a", "own", 0.5, questions: 200, started: "1"), corrected, elsewhere])
        #expect(board.columns.map(board.name) == ["own (td)", "own (te)"])
        #expect(board.rows.map(\.model).sorted() == ["a (12345678)", "a (http://two)"])
        let row = board.rows.first { $0.model == "a (12345678)" }
        #expect(row?.cells.map { $0?.value } == [0.5, 0.4])
    }

    private func run(
        _ model: String, _ task: String, _ value: Double, chance: Double = 0.25, questions: Int, started: String
    ) -> RunRecord {
        var definition = EvaluationTask(
            task: task, convention: "text, plain", data: DataSource(file: "x.jsonl"), prompt: "", metrics: [.accNorm])
        definition.chance = chance
        var run = RunRecord(
            id: "\(task)-\(model)-\(started)", task: definition, model: model, modelHash: "123456789abc", dataHash: "d",
            taskHash: "t", limit: nil, software: "s", startedAt: started, questions: questions)
        var summary = MetricSummary(.accNorm, [])
        (summary.value, summary.standardError, summary.count) = (value, 0.01, questions)
        run.metrics = [summary]
        run.finishedAt = started
        return run
    }
}
