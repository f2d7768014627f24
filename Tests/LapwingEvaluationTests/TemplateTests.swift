import LapwingAPI
import LapwingEvaluation
import Testing

@Suite struct TemplateTests {
    @Test("A template takes a row's fields, and says which one is missing")
    func fills() throws {
        let row: JSONMembers = ["question": "2 + 2?", "n": 4, "list": ["a", "b"]]
        #expect(try Template("Q: {{question}}\nA: {{ n }}, {{list}}").filled(from: row) == "Q: 2 + 2?\nA: 4, a\nb")
        #expect(throws: Template.MissingField(name: "gold")) { try Template("{{gold}}").filled(from: row) }
    }
}
