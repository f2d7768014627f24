import LapwingAPI
import LapwingRouter
import Testing

@Suite("Agreement of two answers")
struct AgreementTests {
    @Test(
        "Labels, numbers and JSON agree or differ; of prose nothing can be told, not even that it agrees",
        arguments: [
            ("card_arrival", "Card_arrival.", true), ("card_arrival", "lost_card", false), (" 42\n", "**42**", true),
            ("42", "43", false), ("4.2", "42", false), ("-5", "5", false), (".5", "5", false),
            ("C#", "C", false), ("(.5)", ".5", true), ("It's Paris!", "it's  paris", true),
            (#"{"a": 1, "b": [2.0]}"#, #"{"b":[2],"a":1.0}"#, true), (#"{"a":1}"#, #"{"a":2}"#, false),
            ("```json\n{\"a\": 1}\n```", #"{"a":1}"#, true), (#"[1,2]"#, #"[2,1]"#, false),
            (#"{"a":1}"#, "no idea", false), ("", "", nil), ("...", "!", nil), ("yes", "", false),
            (String(repeating: "a long answer ", count: 9), String(repeating: "another answer ", count: 9), nil),
            (String(repeating: "a long answer ", count: 9), "short", nil),
            (String(repeating: "A long answer. ", count: 9), String(repeating: "a long answer ", count: 9), nil),
        ] as [(String, String, Bool?)])
    func between(first: String, second: String, expected: Bool?) {
        #expect(Agreement.between(first, second) == expected)
        #expect(Agreement.between(second, first) == expected)
    }

    @Test("A text is taken whole, alone and of one choice, or not at all")
    func answerText() {
        func whole(_ events: [GenerationEvent]) -> String? {
            var text = AnswerText()
            for event in events { text.add(event) }
            return text.whole
        }
        let end = answer([])
        #expect(whole(answer(["a", "b"])) == "ab")
        #expect(whole(answer(["a"]).dropLast()) == nil)
        #expect(whole([delta("a", -1, choice: 1)] + end) == nil)
        #expect(whole([delta("a", -1), .toolCall(choice: 0, ToolCallDelta(index: 0))] + end) == nil)
        let cut = GenerationEvent.finished(choice: 0, reason: .length)
        #expect(whole([delta("a", -1), cut] + end.suffix(1)) == nil)
        #expect(whole([delta(String(repeating: "x", count: (64 << 10) + 1), -1)] + end) == nil)
    }
}

@Suite("A judge of two answers")
struct JudgeQuestionTests {
    private let prompts = [Prompt.messages([ChatMessage(role: "user", content: "the question")])]

    @Test("It is asked in both orders, the same but for which answer stands first")
    func orders() throws {
        let question = try #require(JudgeQuestion(prompts, open: "OPEN", closed: "CLOSED"))
        let texts = JudgeQuestion.Order.allCases.map { order -> String in
            let request = question.request(order, model: "umpire")
            #expect(request.model == "umpire" && request.sampling.temperature == 0 && request.maxTokens == 8)
            guard case .messages(let messages)? = request.prompts.first else { return "" }
            return messages.map(\.content).joined()
        }
        #expect(texts[0].contains("<answer_1>\nOPEN\n") && texts[1].contains("<answer_1>\nCLOSED\n"))
        #expect(texts[0].contains("user: the question"))
        #expect(
            texts[0].replacing("OPEN", with: "X").replacing("CLOSED", with: "OPEN").replacing("X", with: "CLOSED")
                == texts[1])
    }

    @Test("Its word is read whatever stands around it")
    func reply() {
        for (text, first) in [("1", true), ("Answer 2.", false), ("**1**", true), ("The better one is 2", false)] {
            #expect(JudgeQuestion.preference(in: text, .openFirst) == (first ? .open : .closed))
            #expect(JudgeQuestion.preference(in: text, .closedFirst) == (first ? .closed : .open))
        }
        #expect(JudgeQuestion.preference(in: " Tie", .openFirst) == .tie)
        for text in ["", "both", "12", "neither"] { #expect(JudgeQuestion.preference(in: text, .openFirst) == nil) }
    }

    @Test("It counts only where both orders say the same")
    func verdict() {
        typealias Preference = JudgeQuestion.Preference
        let all: [Preference?] = [.open, .closed, .tie, nil]
        for first in all {
            for second in all {
                let expected: Bool? = first == nil || first != second ? nil : first != .closed
                #expect(JudgeQuestion.verdict(first, second) == expected)
            }
        }
    }

    @Test("What is no conversation of texts, or too long, is not put to it")
    func refused() {
        #expect(JudgeQuestion([.text("a")], open: "a", closed: "b") == nil)
        #expect(JudgeQuestion(prompts, open: String(repeating: "x", count: 64 << 10), closed: "b") == nil)
    }
}

@Suite("Draws by name")
struct DrawTests {
    /// Computed by a Python program of the same formula.
    @Test(
        "They are the same everywhere",
        arguments: [
            ("req_1", "shadow", 0.597899327410757, "990fee298793bb14"),
            ("req_1", "canary", 0.6469789227722619, "a5a069228217bb83"),
            ("", "shadow", 0.38778496198150303, "6345e011975637a1"),
            ("ü", "x", 0.09378973846952254, "18029ab36d4f66cb"),
        ])
    func pinned(name: String, purpose: String, fraction: Double, digest: String) {
        #expect(Draw.fraction(of: name, for: purpose) == fraction)
        #expect(Draw.digest(of: name, for: purpose) == digest)
    }

    @Test("A share of many names is drawn, whatever they look like, and each purpose draws its own")
    func share() {
        let names = (0..<20_000).map { "req_01J9\($0)" }
        let first = names.filter { Draw.isWithin(0.1, $0, for: "shadow") }
        // Four standard deviations of a binomial of 20,000 draws at 0.1.
        #expect(abs(first.count - 2000) < 170)
        let both = first.count { Draw.isWithin(0.1, $0, for: "canary") }
        #expect(abs(both - 200) < 57)
        #expect(names.allSatisfy { Draw.isWithin(1, $0, for: "shadow") })
        #expect(!names.contains { Draw.isWithin(0, $0, for: "shadow") })
    }
}
