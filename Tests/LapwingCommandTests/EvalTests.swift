import Foundation
import LapwingAPI
import LapwingEvaluation
import LapwingTestSupport
import Testing
import lapwing

/// `lapwing eval` and `lapwing parity`, over tiny models.
@Suite struct EvalTests {
    private let program: Program
    /// Keep the weights.
    private let models: [WrittenModel]

    init() throws {
        models = [try TinyModel().write(), try TinyModel(seed: 99).write()]
        program = try Program(
            yaml: """
                models:
                  one: { weights: "\(models[0].path)", context: 512 }
                  two: { weights: "\(models[1].path)", context: 512 }
                routes:
                  front: { open: one }
                  asked: { open: one, labels: request }
                  labelled: { open: one, labels: [no, my card] }
                """)
        let questions = (0..<12).map { index in
            #"{"prompt": "the lapwing calls \#(index)", "choices": ["my card", "the nest is here", "no"], "gold": \#(index % 3)}"#
        }
        try program.write(questions.joined(separator: "\n") + "\n", to: "own.jsonl")
        try program.write(
            """
            task: short
            convention: test
            data: { file: own.jsonl }
            prompt: "{{prompt}}"
            target: "{{gold}}"
            answer: { max_tokens: 4 }
            metrics: [contains, rouge_l]
            """, to: "short.yaml")
    }

    private func runs(_ arguments: String...) throws -> [JSONValue] {
        let outcome = try program.run(["eval", "--json"] + arguments)
        #expect(outcome.status == 0, "\(outcome.error)")
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
        return value["runs"]?.array ?? []
    }

    @Test("Every task that comes with the program reads as one, and is printed as its file")
    func builtIn() throws {
        #expect(
            TaskFile.builtIn.map(\.task.task).sorted() == [
                "arc_challenge", "arc_easy", "banking77", "extraction", "gsm8k", "gsm8k_cot", "hellaswag", "ifeval",
                "mmlu",
                "mmlu_cloze", "openbookqa", "piqa", "rag", "summaries", "truthfulqa_mc1", "truthfulqa_mc2",
            ])
        // Each makes its questions from rows with the fields that it names.
        for file in TaskFile.builtIn where file.task.shots?.fixed != nil {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(
                atPath: folder.path + "/gsm8k", withIntermediateDirectories: true)
            try Data("{\"question\":\"Two and two?\",\"answer\":\"#### 4\"}".utf8)
                .write(to: URL(filePath: folder.path + "/gsm8k/test.jsonl"))
            let items = try ItemMaker(file.task, folder: DataFolder(path: folder.path)).items()
            #expect(items[0].target == "#### 4" && items[0].context.contains("A: Olivia had 23 dollars."))
        }
        #expect(try program.run(["eval", "tasks", "arc_easy"]).output.contains("choices: choices"))
        #expect(try program.run(["eval", "tasks"]).output.contains("mmlu_cloze"))
        let unknown = try program.run(["eval", "--tasks", "arc_eazy"])
        #expect(unknown.status == 1)
        #expect(unknown.error.contains("arc_easy"))
    }

    @Test("Own questions are scored, kept, and printed again without asking; another limit is another run")
    func ownQuestions() throws {
        let first = try #require(try runs("--tasks", "own.jsonl", "--model", "one").first)
        #expect(first["questions"]?.integer == 12)
        #expect(first["task"]?.string == "own")
        #expect(first["model_sha256"]?.string?.count == 64)
        let id = try #require(first["id"]?.string)
        let samples = try String(
            contentsOfFile: "\(program.path)/data/evaluations/\(id)/samples.jsonl", encoding: .utf8)
        #expect(samples.split(separator: "\n").count == 12)
        let again = try #require(try runs("--tasks", "own.jsonl", "--model", "one").first)
        #expect(again == first)
        let limited = try #require(try runs("--tasks", "own.jsonl", "--model", "one", "--limit", "5").first)
        #expect(limited["questions"]?.integer == 5)
        #expect(limited["id"] != first["id"])
    }

    @Test("Written answers and a route's answers are scored too, and a route's calls are in the ledger")
    func writtenAndRouted() throws {
        let written = try #require(try runs("--tasks", "short.yaml", "--model", "one").first)
        #expect(written["metrics"]?.array?.compactMap { $0["metric"]?.string } == ["contains", "rouge_l"])
        #expect(written["tokens"]?["completion"]?.integer ?? 0 > 0)
        let direct = try #require(try runs("--tasks", "own.jsonl", "--model", "one").first)
        let routed = try #require(try runs("--tasks", "own.jsonl", "--model", "front").first)
        #expect(routed["metrics"] == direct["metrics"])
        #expect(routed["wording"]?.string == "scored by its open model alone" && routed["decisions"] == nil)
        let front = try #require(try runs("--tasks", "short.yaml", "--model", "front").first)
        #expect(front["decisions"] == ["open": 12])
        #expect(written["decisions"] == nil)
        let report = try program.run(["report", "--by", "route", "--json"])
        #expect(report.output.contains("front"))
    }

    @Test("A route that answers with labels is scored by what it answers", arguments: ["asked", "labelled"])
    func labels(route: String) throws {
        let run = try #require(try runs("--tasks", "own.jsonl", "--model", route).first)
        #expect(run["metrics"]?.array?.compactMap { $0["metric"]?.string } == ["acc"])
        #expect(run["decisions"] == ["open": 12] && run["wording"]?.string == "the route's own answer")
        let samples = try String(
            contentsOfFile: "\(program.path)/data/evaluations/\(run["id"]?.string ?? "")/samples.jsonl", encoding: .utf8
        )
        let allowed = route == "asked" ? ["my card", "the nest is here", "no"] : ["no", "my card"]
        for line in samples.split(separator: "\n") {
            let sample = try JSONDecoder().decode(Sample.self, from: Data(line.utf8))
            #expect(allowed.contains(sample.answer ?? "") && sample.logLikelihoods == nil)
            #expect(sample.chosen == ["my card", "the nest is here", "no"].firstIndex(of: sample.answer ?? ""))
        }
        let text = try program.run(["eval", "--tasks", "own.jsonl", "--model", route]).output
        #expect(text.contains("decisions: 100.0% open"))
        let parity = try program.run(["parity", "one", route, "--task", "own.jsonl", "--margin", "0.9"])
        #expect(parity.output.contains("own, acc ") && parity.output.contains(", 100% of its answers open"))
    }

    @Test("Extraction, summaries, answers from passages and worked numbers run over files of their form")
    func writtenTasks() throws {
        let folder = program.path + "/sets"
        try FileManager.default.createDirectory(atPath: folder + "/gsm8k", withIntermediateDirectories: true)
        func write(_ rows: String, to name: String) throws {
            try Data((rows + "\n").utf8).write(to: URL(filePath: folder + "/" + name))
        }
        try write(#"{"text": "Ann, 3", "fields": "name, n", "json": {"name": "Ann", "n": 3}}"#, to: "extraction.jsonl")
        try write(#"{"text": "A nest. It is here.", "summary": "A nest."}"#, to: "summaries.jsonl")
        try write(#"{"passages": ["The nest."], "question": "What?", "answer": "nest"}"#, to: "rag.jsonl")
        let solved = (1...5).map { #"{"question": "\#($0)+0?", "answer": "So #### \#($0)"}"# }.joined(separator: "\n")
        try write(solved, to: "gsm8k/train.jsonl")
        try write(#"{"question": "2+2?", "answer": "So #### 4"}"#, to: "gsm8k/test.jsonl")
        let found = try runs("--tasks", "extraction,summaries,rag,gsm8k", "--model", "one", "--data", folder)
        let metrics = found.map { $0["metrics"]?.array?.compactMap { $0["metric"]?.string } ?? [] }
        #expect(
            metrics == [
                ["json", "json_f1"], ["rouge_l"], ["contains", "token_f1"], ["gsm8k_strict", "gsm8k_flexible"],
            ])
        #expect(found.last?["shots"]?.integer == 5)
        #expect(found.first?["wording"]?.string?.contains("chat template") == true)
    }

    @Test("The board shows all runs as text, as CSV and as one page")
    func board() throws {
        #expect(try program.run(["eval", "board"]).status == 1)
        _ = try runs("--tasks", "own.jsonl,short.yaml", "--model", "one")
        _ = try runs("--tasks", "own.jsonl", "--model", "two")
        let text = try program.run(["eval", "board"]).output
        #expect(text.contains("own") && text.contains("one") && text.contains("two") && text.contains("acc_norm"))
        // acc and acc_norm of two models, two metrics of the other task, and the header.
        #expect(try program.run(["eval", "board", "--csv"]).output.split(separator: "\n").count == 7)
        #expect(try program.run(["eval", "board", "--html", "board.html"]).status == 0)
        #expect(try String(contentsOfFile: program.path + "/board.html", encoding: .utf8).hasPrefix("<!doctype html>"))
    }

    @Test("Parity passes for a model beside itself, lacks data over a few questions, and its status says which")
    func parity() throws {
        let same = try program.run([
            "parity", "one", "one", "--task", "own.jsonl", "--margin", "0.5", "--metric", "acc",
        ])
        #expect(same.status == 0, "\(same.error)")
        #expect(same.output.contains("PASS at margin 50%"))
        #expect(same.error.contains("fixed now"))
        let other = try program.run(["parity", "one", "two", "--task", "own.jsonl", "--margin", "0.01", "--json"])
        let report = try JSONDecoder().decode(JSONValue.self, from: Data(other.output.utf8))["reports"]?[0]
        let verdict = report?["verdict"]?.string
        #expect(verdict == "not enough data" && other.status == 3, "\(other.output)")
        #expect(try program.run(["parity", "one", "two"]).error.contains("--task"))
    }
}
