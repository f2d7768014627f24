import LapwingAPI
import LapwingEvaluation
import Testing

@Suite struct ScoreTests {
    @Test("The likeliest choice is right, by its sum and by its characters, and of equal ones the first is taken")
    func choices() {
        let score = ChoiceScore(logLikelihoods: [-6, -5, -9], choices: ["ab", "a", "abcdef"], gold: [2])
        #expect(score.best == 1)
        // -3, -5, -1.5 a character
        #expect(score.bestNormalised == 2)
        #expect(score.value(of: .acc) == 0)
        #expect(score.value(of: .accNorm) == 1)
        #expect(ChoiceScore(logLikelihoods: [0, 0, 0], choices: ["a", "b", "c"], gold: [1]).best == 0)
        // Two code points, one grapheme: the harness counts two.
        let accented = ChoiceScore(logLikelihoods: [-4, -3], choices: ["e\u{301}e\u{301}", "éa"], gold: [0])
        #expect(accented.bestNormalised == 0)
    }

    @Test("TruthfulQA's second score is the share of probability on true answers")
    func mass() {
        let score = ChoiceScore(
            logLikelihoods: [-1000, -1000, -1000, -1001], choices: ["a", "b", "c", "d"], gold: [0, 1])
        #expect(abs(score.rightMass - 2 / (3 + 0.367_879_441_171_442_3)) < 1e-12)
    }

    @Test("A mean has the sample's standard error, and groups are pooled as the harness does")
    func errors() throws {
        let plain = [1, 0, 1, 1].enumerated().map { sample($0.offset, Double($0.element), group: nil) }
        let summary = MetricSummary(.acc, plain)
        #expect(summary.value == 0.75)
        // sqrt(0.25 / 4)
        #expect(summary.standardError == 0.25)
        // Sizes 3 and 2 with errors 1/3 and 1/2: sqrt((2/9 * 3 + 1/4 * 2) / (5 - 2) / 5)
        let grouped =
            [1, 1, 0].enumerated().map { sample($0.offset, Double($0.element), group: "a") }
            + [1, 0].enumerated().map { sample(3 + $0.offset, Double($0.element), group: "b") }
        let pooled = MetricSummary(.acc, grouped)
        #expect(pooled.groups?.map(\.count) == [3, 2])
        let expected = ((2.0 / 9 * 3 + 1.0 / 4 * 2) / 3 / 5).squareRoot()
        #expect(abs((pooled.standardError ?? 0) - expected) < 1e-12)
        #expect(MetricSummary(.acc, [sample(0, 1, group: nil)]).standardError == nil)
    }

    @Test("Instructions count one by one where they count, without a standard error")
    func weights() {
        var first = sample(0, 0, group: nil), second = sample(1, 0, group: nil)
        let name = Metric.ifevalInstructionStrict.rawValue
        (first.scores[name], first.weights) = (1, [name: 1])
        (second.scores[name], second.weights) = (1.0 / 3, [name: 3])
        let summary = MetricSummary(.ifevalInstructionStrict, [first, second])
        #expect(summary.value == 0.5)
        #expect(summary.standardError == nil)
    }

    @Test("GSM8K's answers are read strictly behind ####, and flexibly as the last number")
    func gsm8k() throws {
        let target = "He makes 9 * 2 = $<<9*2=18>>18 a day.\n#### 1,018"
        func value(_ metric: Metric, _ answer: String) throws -> Double {
            try AnswerScore.value(metric, answer: answer, target: target, id: 0)
        }
        #expect(try value(.gsm8kStrict, "So it is 1018.\n#### 1018\n\nQuestion: 5 #### 7") == 1)
        #expect(try value(.gsm8kStrict, "The answer is 1018.") == 0)
        #expect(try value(.gsm8kFlexible, "The answer is $1,018.") == 1)
        #expect(try value(.gsm8kFlexible, "It is 1018, and then 3") == 0)
        #expect(try value(.gsm8kFlexible, "none") == 0)
        let worked = "6 - 2 is 4. The answer is 4."
        #expect(
            try AnswerScore.value(.gsm8kCoTStrict, answer: "So. The answer is 4. Q: x", target: "#### 4", id: 0) == 1)
        #expect(try AnswerScore.value(.gsm8kCoTStrict, answer: worked, target: "#### 5", id: 0) == 0)
    }

    @Test(
        "Written answers are compared as their metric says",
        arguments: [
            (Metric.exact, " Paris \n", "Paris", 1.0), (.exact, "paris", "Paris", 0),
            (.contains, "It is PARIS.", "paris", 1),
            (.contains, "Rome", "paris", 0), (.regex, "order 1234 sent", "[0-9]{4}", 1),
            (.regex, "order sent", "[0-9]{4}", 0),
            (.json, "{\"a\": 1}", "{\"a\": 1, \"b\": []}", 0), (.json, "{\"a\": null}", "{\"a\": \"\"}", 0),
            (.json, "{\"a\": \"true\"}", "{\"a\": true}", 0),
            (.json, "{\"a\": 9007199254740993}", "{\"a\": 9007199254740992}", 0),
            (.number, "There are 42 birds...", "42", 1), (.number, "-$5", "-5", 1),
            (.number, "so $1,234.50.", "1234.5", 1), (.number, "1234", "1234.5", 0),
            (.json, "Here:\n```json\n{\"a\": 1, \"b\": {\"c\": \"X\"}}\n```", "{\"b\":{\"c\":\"x\"},\"a\":1.0}", 1),
            (.json, "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", 0), (.jsonF1, "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", 2.0 / 3),
            (.jsonF1, "no object", "{\"a\": 1}", 0),
            (.tokenF1, "The cat, sat!", "a cat sat down", 0.8), (.tokenF1, "dog", "cat", 0),
            // 4 of "the cat was found under the bed" and "the cat hid under a bed": the cat under bed
            (
                .rougeL, "The cat was found under the bed", "the cat hid under a bed",
                2 * (4.0 / 7) * (4.0 / 6) / (4.0 / 7 + 4.0 / 6)
            ),
        ] as [(Metric, String, String, Double)])
    func written(metric: Metric, answer: String, target: String, value: Double) throws {
        #expect(abs(try AnswerScore.value(metric, answer: answer, target: target, id: 0) - value) < 1e-12)
    }

    @Test("A row of one's own names its match, and an unknown one is refused")
    func matches() throws {
        var item = Item(id: 4, context: "", question: "", row: ["match": "contains"])
        item.target = "yes"
        #expect(try AnswerScore.score(.match, answer: "oh yes!", item: item).value == 1)
        item.row = ["match": "contain"]
        #expect(throws: EvaluationError.self) { try AnswerScore.score(.match, answer: "", item: item) }
        item.row = [:]
        #expect(try AnswerScore.score(.match, answer: "oh yes!", item: item).value == 0)
    }

    private func sample(_ id: Int, _ value: Double, group: String?) -> Sample {
        var item = Item(id: id, context: "", question: "", row: [:])
        item.group = group
        var sample = Sample(item, usage: Usage(promptTokens: 1, completionTokens: 0), cost: nil)
        sample.scores = ["acc": value]
        return sample
    }
}
