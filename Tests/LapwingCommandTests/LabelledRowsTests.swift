import Foundation
import LapwingRouter
import LapwingTestSupport
import Testing
import lapwing

@Suite("Labelled rows")
struct LabelledRowsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(_ text: String) throws -> [LabelledRow] {
        try LabelledRows.read(try folder.write(Array(text.utf8), to: "rows"))
    }

    @Test("A CSV file's columns are known by their names, and task and language name the segment")
    func csv() throws {
        let rows = try read("task,text,category\ncards,\"Where, is\nit?\",arrival\n,Hi,greeting\n")
        #expect(rows.map(\.prompt) == ["Where, is\nit?", "Hi"] && rows.map(\.answer) == ["arrival", "greeting"])
        #expect(rows[0].segment == Segment(task: "cards") && rows[0].choices == nil && !rows[0].isText)
    }

    @Test("Whether the closed model is right is a column, of which a cell may be empty, and a member")
    func strong() throws {
        let rows = try read("prompt,answer,strong\na,b,1\na,b,false\na,b,\n")
        #expect(rows.map(\.strong) == [true, false, nil])
        let members = try read(
            """
            {"prompt": "a", "answer": "b", "strong": true}
            {"prompt": "a", "answer": "b", "strong": 0}
            {"prompt": "a", "answer": "b"}
            """)
        #expect(members.map(\.strong) == [true, false, nil])
        #expect { try read("prompt,answer,strong\na,b,maybe\n") } throws: { "\($0)".contains(":2: `strong` is ") }
    }

    @Test("Rows that repeat another's prompt are counted")
    func repeats() throws {
        let rows = try read("prompt,answer\na,b\nc,d\na,b\na,e\n")
        #expect(try #require(LabelledRows.repeatsLine(rows)).hasPrefix("2 of 4 rows repeat"))
        #expect(LabelledRows.repeatsLine(Array(rows.prefix(2))) == nil)
    }

    @Test("Lines may end as on Windows")
    func carriageReturns() throws {
        let rows = try read("{\"prompt\": \"a\", \"answer\": \"b\"}\r\n\r\n{\"prompt\": \"c\", \"answer\": \"d\"}\r\n")
        #expect(rows.map(\.prompt) == ["a", "c"])
    }

    @Test("A multiple-choice object is text to go on with, and its answer one of its choices")
    func choices() throws {
        let rows = try read(
            """
            {"query": "Question: Which?\\n", "choices": [" one", "two "], "gold": 1}

            {"prompt": "Say", "answer": "word", "language": "en"}
            """)
        #expect(rows[0].prompt == "Question: Which?\nAnswer:" && rows[0].isText)
        #expect(rows[0].choices == ["one", "two"] && rows[0].answer == "two")
        #expect(!rows[1].isText && rows[1].segment == Segment(language: "en"))
    }

    @Test(
        "What is no row is refused with its line",
        arguments: [
            ("{\"prompt\": \"a\", \"answer\": \"b\"}\n{\"prompt\": \"a\"}\n", ":2: found no row"),
            ("{\"query\": \"a\", \"choices\": [\"b\"], \"gold\": 1}", ":1: found no row"),
            (
                "{\"prompt\": \"a\", \"choices\": [\"b\", \"c\"], \"answer\": \"d\"}",
                ":1: the answer 'd' is none of the row's choices"
            ),
            ("text,label\na,b\nc\n", ":3: found 1 columns, expected 2"),
            ("text,colour\na,b\n", "has the columns text, colour"), ("text,label\n", "has no rows"),
        ])
    func refused(text: String, reason: String) throws {
        let failure = #expect(throws: Failure.self) { try read(text) }
        #expect(failure?.message?.contains(reason) == true, "\(failure?.message ?? "")")
    }

    @Test(
        "An answer is right by the rule that was asked for",
        arguments: [
            (AnswerMatch.exact, " The Paris. ", "the paris", true), (.exact, "In Paris", "Paris", false),
            (.contains, "It is in Paris, I think", "paris", true), (.contains, "Parisian", "Paris", false),
            (.number, "5 and 3 make 1,008.", "#### 1008", true), (.number, "none", "3", false),
        ])
    func match(rule: AnswerMatch, answer: String, expected: String, isRight: Bool) {
        #expect(rule.isRight(answer, expected: expected) == isRight)
    }
}
