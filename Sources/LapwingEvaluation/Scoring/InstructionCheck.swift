import Foundation
import LapwingAPI

/// Whether an answer follows the instructions of its prompt, after the 25 kinds of IFEval (Zhou et al. 2023,
/// arXiv 2311.07911). Sentences, languages and words in capitals are told by simpler rules than the authors' tools, see
/// Docs/Evaluation.md.
package enum InstructionCheck {
    /// For each instruction of a row (`instruction_id_list` with `kwargs`), in order.
    ///
    /// Loosely, an instruction is followed where one of eight forms of the answer follows it: as it is or without asterisks,
    /// and each whole, without its first line, without its last, without both.
    package static func followed(
        _ row: JSONMembers, answer: String, isLoose: Bool
    ) throws(EvaluationError) -> [Bool] {
        let names = (row["instruction_id_list"]?.array ?? []).compactMap(\.string)
        let arguments = row["kwargs"]?.array ?? []
        guard !names.isEmpty, arguments.count == names.count else {
            throw .badData(
                path: "ifeval", line: nil,
                reason:
                    "expected as many `kwargs` as `instruction_id_list` has names, found \(arguments.count) and \(names.count)"
            )
        }
        let forms = isLoose ? looseForms(of: answer) : [answer]
        var results: [Bool] = []
        for (name, arguments) in zip(names, arguments) {
            guard let instruction = Instruction(rawValue: name) else {
                throw .badData(path: "ifeval", line: nil, reason: "'\(name)' is no instruction that is known")
            }
            let terms = InstructionTerms(members: arguments.object ?? [:])
            results.append(
                forms.contains { form in
                    form.contains { !$0.isWhitespace } && instruction.isFollowed(by: form, terms)
                })
        }
        return results
    }

    package static func looseForms(of answer: String) -> [String] {
        let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
        func text(_ part: ArraySlice<Substring>) -> String {
            String(part.joined(separator: "\n").trimming(while: \.isWhitespace))
        }
        let cut = [text(lines.dropFirst()), text(lines.dropLast()), text(lines.dropFirst().dropLast())]
        let plain = [answer] + cut
        return plain + plain.map { $0.filter { $0 != "*" } }
    }
}

/// The parameters of one instruction.
struct InstructionTerms {
    var members: JSONMembers

    func text(_ name: String) -> String { members[name]?.string ?? "" }
    func count(_ name: String) -> Int {
        members[name]?.integer.map { Int($0) } ?? Int(min(max(members[name]?.double ?? 0, -1e9), 1e9))
    }
    func texts(_ name: String) -> [String] { (members[name]?.array ?? []).compactMap(\.string) }

    /// `less than` or `at least`.
    func holds(_ found: Int, _ count: String, relation: String = "relation") -> Bool {
        text(relation) == "less than" ? found < self.count(count) : found >= self.count(count)
    }
}

/// By the names of the data.
package enum Instruction: String, CaseIterable {
    case keywords = "keywords:existence"
    case keywordFrequency = "keywords:frequency"
    case forbiddenWords = "keywords:forbidden_words"
    case letterFrequency = "keywords:letter_frequency"
    case language = "language:response_language"
    case sentences = "length_constraints:number_sentences"
    case paragraphs = "length_constraints:number_paragraphs"
    case words = "length_constraints:number_words"
    case firstWordOfParagraph = "length_constraints:nth_paragraph_first_word"
    case placeholders = "detectable_content:number_placeholders"
    case postscript = "detectable_content:postscript"
    case bullets = "detectable_format:number_bullet_lists"
    case constrained = "detectable_format:constrained_response"
    case highlights = "detectable_format:number_highlighted_sections"
    case sections = "detectable_format:multiple_sections"
    case json = "detectable_format:json_format"
    case title = "detectable_format:title"
    case twoResponses = "combination:two_responses"
    case repeatPrompt = "combination:repeat_prompt"
    case end = "startend:end_checker"
    case quotation = "startend:quotation"
    case capitalWords = "change_case:capital_word_frequency"
    case capitals = "change_case:english_capital"
    case lowercase = "change_case:english_lowercase"
    case noComma = "punctuation:no_comma"
}
