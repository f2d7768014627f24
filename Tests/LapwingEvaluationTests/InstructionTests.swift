import LapwingAPI
import LapwingEvaluation
import Testing

/// Each kind of instruction with an answer that follows it and one that does not.
@Suite struct InstructionTests {
    struct Case: Sendable {
        var name: String
        var terms: JSONMembers
        var follows: String
        var fails: String
    }

    static let cases: [Case] = [
        Case(
            name: "keywords:existence", terms: ["keywords": ["heron", "reed"]], follows: "A Heron in reeds.",
            fails: "A heron."),
        Case(
            name: "keywords:frequency", terms: ["keyword": "duck", "frequency": 2, "relation": "at least"],
            follows: "Duck, duckling.", fails: "One duck."),
        Case(
            name: "keywords:frequency", terms: ["keyword": "duck", "frequency": 2, "relation": "less than"],
            follows: "One duck.", fails: "Duck duck."),
        Case(
            name: "keywords:forbidden_words", terms: ["forbidden_words": ["cat"]], follows: "A category.",
            fails: "A Cat."),
        Case(
            name: "keywords:letter_frequency", terms: ["letter": "Q", "let_frequency": 2, "let_relation": "at least"],
            follows: "Quick queen", fails: "quick"),
        Case(
            name: "keywords:letter_frequency", terms: ["letter": "!", "let_frequency": 2, "let_relation": "at least"],
            follows: "Oh! No!", fails: "Oh!"),
        Case(
            name: "language:response_language", terms: ["language": "de"],
            follows: "Das ist nicht der Hund und die Katze.",
            fails: "This is not the dog and the cat."),
        Case(
            name: "language:response_language", terms: ["language": "kn"], follows: "ನಾನು ಶಾಲೆಗೆ ಹೋಗುತ್ತೇನೆ", fails: "मैं स्कूल जाता हूँ"),
        Case(
            name: "length_constraints:number_sentences", terms: ["num_sentences": 3, "relation": "at least"],
            follows: "Mr. Fox ran. \"Stop!\" He did?", fails: "Dr. A. Fox ran e.g. home. He slept."),
        Case(
            name: "length_constraints:number_paragraphs", terms: ["num_paragraphs": 2],
            follows: "***\nOne\n***\nTwo\n***", fails: "One\n***\n***\nTwo"),
        Case(
            name: "length_constraints:number_words", terms: ["num_words": 4, "relation": "less than"],
            follows: "one two-three",
            fails: "it's one two"),
        Case(
            name: "length_constraints:nth_paragraph_first_word",
            terms: ["first_word": "then", "nth_paragraph": 2, "num_paragraphs": 2], follows: "A.\n\n\"Then, b.",
            fails: "A.\n\nThen b.\n\nC."),
        Case(
            name: "detectable_content:number_placeholders", terms: ["num_placeholders": 2],
            follows: "[name] at [place]",
            fails: "[name] at place"),
        Case(
            name: "detectable_content:postscript", terms: ["postscript_marker": "P.P.S"], follows: "Bye\nP. P.S Again",
            fails: "Bye\nP.S. Again"),
        Case(
            name: "detectable_content:postscript", terms: ["postscript_marker": "P.S."], follows: "Bye\np.s. Again",
            fails: "Bye\nps again"),
        Case(
            name: "detectable_format:number_bullet_lists", terms: ["num_bullets": 2], follows: "Two:\n* one\n  - two",
            fails: "**bold**\n* one"),
        Case(
            name: "detectable_format:constrained_response", terms: [:], follows: "\nMy answer is maybe.\n",
            fails: "Maybe."),
        Case(
            name: "detectable_format:number_highlighted_sections", terms: ["num_highlights": 2],
            follows: "*one* and *two*", fails: "*one* and * *"),
        Case(
            name: "detectable_format:multiple_sections", terms: ["section_spliter": "SECTION", "num_sections": 2],
            follows: "SECTION 1\na\nSECTION 2\nb", fails: "SECTION 1\na\nsection 2\nb"),
        Case(
            name: "detectable_format:json_format", terms: [:], follows: "```json\n{\"a\": [1, null]}\n```",
            fails: "Here: {\"a\": 1}"),
        Case(name: "detectable_format:title", terms: [:], follows: "<<a song>>\nla", fails: "<< >>\n<song>"),
        Case(name: "combination:two_responses", terms: [:], follows: "one\n******\ntwo", fails: "same\n******\nsame"),
        Case(
            name: "combination:repeat_prompt", terms: ["prompt_to_repeat": "Say it. "], follows: "say it.\nSaid.",
            fails: "Said. Say it."),
        Case(
            name: "startend:end_checker", terms: ["end_phrase": "Any more?"], follows: "Done. \"any more?\"",
            fails: "Any more? No."),
        Case(name: "startend:quotation", terms: [:], follows: " \"All of it.\"\n", fails: "\"Some\" of it."),
        Case(
            name: "change_case:capital_word_frequency",
            terms: ["capital_frequency": 2, "capital_relation": "less than"],
            follows: "NASA flew.", fails: "NASA and ESA flew."),
        Case(name: "change_case:english_capital", terms: [:], follows: "THIS IS THE END.", fails: "THIS is THE END."),
        Case(
            name: "change_case:english_lowercase", terms: [:], follows: "this is the end 2.", fails: "This is the end."),
        Case(name: "punctuation:no_comma", terms: [:], follows: "no; none", fails: "no, none"),
    ]

    @Test("An instruction is followed or not", arguments: cases.indices)
    func instructions(index: Int) throws {
        let test = Self.cases[index]
        #expect(try followed(test, test.follows) == [true], "\(test.name) should be followed")
        #expect(try followed(test, test.fails) == [false], "\(test.name) should not be followed")
        #expect(try followed(test, "  \n") == [false], "\(test.name): nothing follows nothing")
    }

    @Test("All 25 kinds are tried")
    func all() {
        #expect(Set(Self.cases.map(\.name)) == Set(Instruction.allCases.map(\.rawValue)))
        #expect(Instruction.allCases.count == 25)
    }

    @Test("Loosely, first and last line and asterisks may be in the way")
    func loose() throws {
        let row: JSONMembers = [
            "instruction_id_list": ["startend:quotation", "detectable_format:json_format"], "kwargs": [[:], [:]],
        ]
        #expect(try InstructionCheck.followed(row, answer: "Sure:\n**\"yes\"**", isLoose: false) == [false, false])
        #expect(try InstructionCheck.followed(row, answer: "Sure:\n**\"yes\"**", isLoose: true) == [true, true])
        #expect(
            InstructionCheck.looseForms(of: "a\nb*\nc") == [
                "a\nb*\nc", "b*\nc", "a\nb*", "b*", "a\nb\nc", "b\nc", "a\nb", "b",
            ])
    }

    @Test("A name that is not known is refused, and so are lists of different lengths")
    func refusals() {
        #expect(throws: EvaluationError.self) {
            try InstructionCheck.followed(
                ["instruction_id_list": ["a:b"], "kwargs": [[:]]], answer: "", isLoose: false)
        }
        #expect(throws: EvaluationError.self) {
            try InstructionCheck.followed(["instruction_id_list": ["a:b"], "kwargs": []], answer: "", isLoose: false)
        }
    }

    private func followed(_ test: Case, _ answer: String) throws -> [Bool] {
        let row: JSONMembers = [
            "instruction_id_list": .array([.string(test.name)]), "kwargs": .array([.object(test.terms)]),
        ]
        return try InstructionCheck.followed(row, answer: answer, isLoose: false)
    }
}
