import Foundation
import Testing
import lapwing

@Suite struct QuestionFileTests {
    private func read(_ text: String, limit: Int = 100) throws -> [Question] {
        try QuestionFile.parse(text, path: "q.csv", limit: limit)
    }

    @Test("The column is found by name, with its labels and quoted text")
    func columns() throws {
        let questions = try read(
            "id,tier,feature,question\r\na1,free,billing,\"One, \"\"two\"\"\nand three?\"\r\n\r\na2,pro,,Four?\r\n")
        #expect(questions.map(\.id) == ["a1", "a2"])
        #expect(questions.map(\.text) == ["One, \"two\"\nand three?", "Four?"])
        #expect(questions.map(\.labels) == [["tier": "free", "feature": "billing"], ["tier": "pro"]])
        #expect(try read("category,Text\ncard,Where is it?").map(\.text) == ["Where is it?"])
        #expect(try read("Query\nWhere?").map(\.text) == ["Where?"])
        #expect(try read("what,other\nWhere?,x").map(\.text) == ["Where?"])
        #expect(try read("\u{FEFF}question\nÜber?").map(\.text) == ["Über?"])
    }

    @Test("No more than asked for, and rows without a question are passed over")
    func limit() throws {
        #expect(try read("question\na\n\" \"\nb\nc\n", limit: 2).map(\.text) == ["a", "b"])
    }

    @Test(
        "What is no such file is refused with its line",
        arguments: [
            ("", QuestionFile.ReadError.empty(path: "q.csv")),
            ("question\n", .empty(path: "q.csv")),
            ("id,question\n1,a\n2\n", .malformed(path: "q.csv", line: 3, reason: "found 1 column, expected 2")),
            (
                "question\nok\n\"open\nstill",
                .malformed(path: "q.csv", line: 3, reason: "found a quote that is never closed")
            ),
            (
                "question\n\"a\"b\n",
                .malformed(path: "q.csv", line: 2, reason: "found text after a closing quote, expected a comma")
            ),
        ])
    func refuses(text: String, expected: QuestionFile.ReadError) {
        #expect(throws: expected) { try read(text) }
    }

    @Test("The project's own questions are 40, of several tiers and features, each different")
    func ownQuestions() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let questions = try QuestionFile.read(
            path: root.appending(path: "Examples/support-questions.csv").path, limit: 1000)
        #expect(questions.count == 40)
        #expect(Set(questions.map(\.text)).count == 40)
        #expect(Set(questions.map(\.id)).count == 40)
        #expect(Set(questions.compactMap { $0.labels["tier"] }) == ["free", "pro", "enterprise"])
        #expect(Set(questions.compactMap { $0.labels["feature"] }).count > 10)
    }

    @Test("The configuration that the demo writes is valid and complete")
    func defaultConfiguration() throws {
        let configuration = try Configuration(
            yaml: DefaultConfiguration.text, file: "/a/lapwing.yaml", day: "2026-01-01", environment: [:])
        #expect(configuration.models.map(\.unavailable) == [nil, "OPENAI_API_KEY is not set"])
        #expect(configuration.routes.map(\.name) == ["support"])
        #expect(configuration.counterfactual == "gpt-4")
        let lines = ConfigurationSummary.lines(of: configuration)
        #expect(lines.contains { $0.contains("unavailable: OPENAI_API_KEY is not set") })
        #expect(lines.contains("support  smollm2  gpt-4   below 0.92  48 tokens"))
    }

    @Test("A key in the file is never shown by check")
    func checkHidesKeys() throws {
        let configuration = try Configuration(
            yaml: "models: { m: { provider: openai, key: sk-topsecret } }", file: "/a/l.yaml", day: "2026-01-01",
            environment: [:])
        #expect(!ConfigurationSummary.lines(of: configuration).joined().contains("topsecret"))
    }
}
