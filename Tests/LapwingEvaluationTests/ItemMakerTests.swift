import Foundation
import LapwingAPI
import LapwingEvaluation
import Testing

@Suite struct ItemMakerTests {
    private let folder = DataFolder(path: Fixtures.path)

    @Test("A question of MMLU has the authors' prompt with its subject's five examples, as lm_eval writes it")
    func mmlu() throws {
        let items = try ItemMaker(Fixtures.mmlu, folder: folder).items()
        #expect(items.map(\.group) == ["abstract algebra", "abstract algebra", "anatomy"])
        #expect(
            items[0].context == """
                The following are multiple choice questions (with answers) about abstract algebra.

                Dev one?
                A. 0
                B. 1
                C. 2
                D. 3
                Answer: B

                Dev two, with "quotes",
                a comma and a line break?
                A. True, True
                B. False, False
                C. True, False
                D. False, True
                Answer: D

                Find the degree for the given field extension Q(sqrt(2), sqrt(3), sqrt(18)) over Q.
                A. 0
                B. 4
                C. 2
                D. 6
                Answer:
                """)
        #expect(items[0].choices == ["A", "B", "C", "D"])
        #expect(items.map(\.gold) == [[1], [2], [0]])
        #expect(items[0].question.hasPrefix("Find the degree"))
    }

    @Test("A limit is one for each group, and the questions taken are the first")
    func limit() throws {
        let items = try ItemMaker(Fixtures.mmlu, folder: folder).items(limit: 1)
        #expect(items.map(\.id) == [0, 2])
        var plain = Fixtures.mmlu
        plain.group = nil
        plain.shots = nil
        plain.description = nil
        #expect(try ItemMaker(plain, folder: folder).items(limit: 1).map(\.id) == [0])
    }

    @Test("HellaSwag's marks are taken out of question and endings")
    func hellaswag() throws {
        var task = EvaluationTask(
            task: "hellaswag", convention: "test", data: DataSource(file: "hellaswag.jsonl", reader: .hellaswag),
            prompt: "{{query}}", choices: .field("choices"), gold: "gold", metrics: [.acc, .accNorm])
        let items = try ItemMaker(task, folder: folder).items()
        #expect(items[0].context == "Roof shingle removal: A man is sitting on a roof. He starts")
        #expect(items[0].choices.first == "is using wrap to wrap a pair of skis.")
        #expect(items[1].context == "Home and garden: How to plant. Dig a hole. Then water the tree")
        #expect(items.map(\.gold) == [[3], [0]])
        task.gold = "missing"
        #expect(throws: EvaluationError.self) { try ItemMaker(task, folder: folder).items() }
    }

    @Test("TruthfulQA's table becomes one right choice against the wrong ones, and all right ones against them")
    func truthfulQA() throws {
        func items(_ choices: String, _ gold: String, _ metric: Metric) throws -> [Item] {
            let task = EvaluationTask(
                task: "t", convention: "test", data: DataSource(file: "truthfulqa.csv", reader: .truthfulqa),
                prompt: "Q: {{question}}\nA:", choices: .field(choices), gold: gold, metrics: [metric])
            return try ItemMaker(task, folder: folder).items()
        }
        let one = try items("mc1_choices", "mc1_gold", .acc)[0], many = try items("mc2_choices", "mc2_gold", .mc2)[0]
        #expect(one.choices == ["They pass through", "You grow melons", "You get sick"])
        #expect(one.gold == [0])
        #expect(many.choices == ["Nothing happens", "They pass through", "You grow melons", "You get sick"])
        #expect(many.gold == [0, 1])
    }

    @Test("Shots drawn at random are those of Python's generator, others for each question")
    func drawnShots() throws {
        var random = PythonRandom(seed: 1234)
        // random.Random(1234).sample(range(7473), 5), twice
        #expect(random.sample(5, of: 7473) == [6374, 3610, 957, 61, 742])
        #expect(random.sample(5, of: 7473) == [7462, 6610, 4769, 286, 5501])
        var many = PythonRandom(seed: 1234)
        #expect(many.sample(8, of: 200) == [199, 112, 29, 1, 23, 149, 8, 171])
        // random.Random(1234).sample(range(12), 5), from a list, as 12 is less than 21
        var small = PythonRandom(seed: 1234)
        #expect(small.sample(5, of: 12) == [7, 1, 0, 10, 9])
    }

    @Test("What a row lacks is said with its line, and what a task lacks with its name")
    func mistakes() throws {
        var task = Fixtures.mmlu
        task.prompt = "{{nothing}}"
        let error = #expect(throws: EvaluationError.self) { try ItemMaker(task, folder: folder).items() }
        #expect("\(error.map { "\($0)" } ?? "")".contains("no field 'nothing'"))
        task = Fixtures.mmlu
        task.shots?.count = 9
        let few = #expect(throws: EvaluationError.self) { try ItemMaker(task, folder: folder).items() }
        #expect("\(few.map { "\($0)" } ?? "")".contains("found 2 examples"))
        task.metrics = [.exact]
        #expect(
            throws: EvaluationError.badTask(
                task: "mmlu", reason: "'exact' is for written answers, and it has choices")
        ) { try task.check() }
    }
}

enum Fixtures {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures"

    static var mmlu: EvaluationTask {
        var task = EvaluationTask(
            task: "mmlu", convention: "test", data: DataSource(file: "mmlu.zip", reader: .mmlu, split: "test"),
            prompt: "{{question}}\nA. {{A}}\nB. {{B}}\nC. {{C}}\nD. {{D}}\nAnswer:",
            choices: .templates(["A", "B", "C", "D"]), gold: "gold", metrics: [.acc])
        task.description = "The following are multiple choice questions (with answers) about {{subject}}.\n\n"
        task.group = "subject"
        task.shots = .init(count: 2, split: "dev", pick: .first)
        return task
    }
}
