import LapwingStatistics
import Testing

@Suite("Counts of prompts and answers")
struct AnswerCountsTests {
    @Test(
        "Arithmetic is done again as people write it, and nothing else is",
        arguments: [
            ("9*2", 18.0), ("80,000 + 50,000", 130_000), ("(1+2) x 3 - 4/8", 8.5), ("-$3.50*2", -7), ("12 ÷ 4", 3),
            ("1/0", nil), ("2+", nil), ("two*3", nil), ("", nil), (String(repeating: "(", count: 5000), nil),
        ])
    func arithmetic(_ expression: String, _ value: Double?) {
        #expect(Arithmetic.value(of: expression) == value)
    }

    @Test("Numbers are read with commas and points, and a full stop is none of them")
    func numbers() {
        #expect(Numbers.all(in: "It cost $1,234.50 in 2020. Then 3, or 4.") == [1234.5, 2020, 3, 4])
    }

    private func counts(_ answer: String, prompt: String = "He has 9 eggs and sells 2.") -> [String: Double] {
        Dictionary(uniqueKeysWithValues: zip(AnswerCounts.names, AnswerCounts.values(answer, prompt: prompt)))
    }

    @Test("A sum that does not come out is seen, in a calculator's brackets and written out")
    func sums() {
        let right = counts("He sells 9 * 2 = <<9*2=18>>18.\n#### 18")
        #expect(right["hasWrongCall"] == 0 && right["hasWrongSum"] == 0 && right["isLastCall"] == 1)
        let wrong = counts("He sells <<9*2=19>>19, so 19 + 1 = 21 eggs.\n#### 21")
        #expect(wrong["wrongCalls"] == 1 && wrong["wrongSums"] == 1 && wrong["isLastCall"] == 0)
    }

    @Test(
        "Every value has a name, also of empty and odd texts",
        arguments: ["", "####", "<<=>>", "<<1", "=====", "{\"a\": [1]}"])
    func names(_ text: String) {
        #expect(AnswerCounts.values(text, prompt: text).count == AnswerCounts.names.count)
        #expect(PromptCounts.values(text).count == PromptCounts.names.count)
        #expect(AnswerCounts.values(text, prompt: text).allSatisfy { $0.isFinite })
        #expect(PromptCounts.values(text).allSatisfy { $0.isFinite })
    }
}
