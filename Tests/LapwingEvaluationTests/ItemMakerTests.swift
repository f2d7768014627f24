import Foundation
import LapwingAPI
import LapwingEvaluation
import LapwingTestSupport
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

    @Test("Where shots are of the questions themselves none has its own answer before it", arguments: [true, false])
    func ownShots(isDrawn: Bool) throws {
        var task = EvaluationTask(
            task: "h", convention: "test", data: DataSource(file: "hellaswag.jsonl", reader: .hellaswag),
            prompt: "{{query}}", choices: .field("choices"), gold: "gold", metrics: [.acc])
        task.shots = .init(count: 1, pick: isDrawn ? .drawn : .first)
        let items = try ItemMaker(task, folder: folder).items()
        #expect(items.count == 2)
        #expect(items[0].context.hasPrefix(items[1].question) && items[1].context.hasPrefix(items[0].question))
    }

    @Test("Each question has shots of its own draw, the same whatever the limit")
    func shotsOfEachQuestion() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<40).map { #"{"q":"q\#($0)","a":"a\#($0)"}"# }.joined(separator: "\n")
        try Data(rows.utf8).write(to: URL(filePath: folder.path + "/pool.jsonl"))
        try Data(#"{"q":"one","a":"1"}\#n{"q":"two","a":"2"}"#.utf8)
            .write(to: URL(filePath: folder.path + "/test.jsonl"))
        var task = EvaluationTask(
            task: "t", convention: "test", data: DataSource(file: "test.jsonl"), prompt: "{{q}}", metrics: [.exact])
        (task.target, task.answer) = ("{{a}}", .init(maxTokens: 4))
        task.shots = .init(count: 3, file: "pool.jsonl", pick: .drawn)
        let items = try ItemMaker(task, folder: DataFolder(path: folder.path)).items()
        var random = PythonRandom(seed: 1234)
        for item in items {
            let shots = random.sample(3, of: 40).map { "q\($0) a\($0)\n\n" }.joined()
            #expect(item.context == shots + item.question)
        }
        let one = try ItemMaker(task, folder: DataFolder(path: folder.path)).items(limit: 1)
        #expect(one.map(\.context) == [items[0].context])
    }

    @Test("A damaged archive is refused, or what is left of it is right: one byte changed at a time")
    func damagedArchive() throws {
        let bytes = try Data(contentsOf: URL(filePath: Fixtures.path + "/mmlu.zip"))
        let whole = Set(try ItemMaker(Fixtures.mmlu, folder: folder).items().map(\.context))
        let damaged = try TemporaryFolder()
        var refused = 0
        for place in bytes.indices {
            for change in [UInt8(1), 0x80] {
                var copy = bytes
                copy[place] ^= change
                try copy.write(to: URL(filePath: damaged.path + "/mmlu.zip"))
                do {
                    let items = try ItemMaker(Fixtures.mmlu, folder: DataFolder(path: damaged.path)).items()
                    // A changed name may be another subject's.
                    let questions = items.map { $0.context.split(separator: "\n\n", maxSplits: 1).last ?? "" }
                    #expect(questions.allSatisfy { text in whole.contains { $0.contains(text) } }, "byte \(place)")
                } catch is EvaluationError {
                    refused += 1
                }
            }
        }
        #expect(refused > bytes.count)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            try bytes.prefix(count).write(to: URL(filePath: damaged.path + "/mmlu.zip"))
            #expect(throws: EvaluationError.self) {
                try ItemMaker(Fixtures.mmlu, folder: DataFolder(path: damaged.path)).items()
            }
        }
    }

    @Test("A table without TruthfulQA's columns is refused")
    func otherTable() throws {
        let other = try TemporaryFolder()
        try Data("question,best_answer\nWhy?,So\n".utf8).write(to: URL(filePath: other.path + "/t.csv"))
        let task = EvaluationTask(
            task: "t", convention: "test", data: DataSource(file: "t.csv", reader: .truthfulqa),
            prompt: "{{question}}", choices: .field("mc1_choices"), gold: "mc1_gold", metrics: [.acc])
        #expect(
            throws: EvaluationError.badData(
                path: other.path + "/t.csv", line: 2,
                reason: "expected Question, Best Answer, Correct Answers and Incorrect Answers")
        ) { try ItemMaker(task, folder: DataFolder(path: other.path)).items() }
    }

    @Test("A choice that is no token after its question is refused: nothing would be certain")
    func emptyChoice() async throws {
        func tokenize(_ text: String) -> [TokenID] { text.utf8.map(TokenID.init) }
        let pairs = try await TokenPairs.make([" a"], after: "q ", tokenize: tokenize)
        #expect(pairs.context == [113] && pairs.continuations == [[32, 32, 97]])
        await #expect(throws: RequestError.self) {
            try await TokenPairs.make(["a", ""], after: "q", tokenize: tokenize)
        }
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
