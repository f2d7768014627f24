import Foundation
import LapwingAPI

extension Instruction {
    func isFollowed(by answer: String, _ terms: InstructionTerms) -> Bool {
        let trimmed = String(answer.trimming(while: \.isWhitespace))
        switch self {
        case .keywords: return terms.texts("keywords").allSatisfy { Self.count($0, in: answer) > 0 }
        case .keywordFrequency:
            return terms.holds(
                Self.count(String(terms.text("keyword").trimming(while: \.isWhitespace)), in: answer), "frequency")
        case .forbiddenWords:
            return terms.texts("forbidden_words").allSatisfy { Self.count("\\b\($0)\\b", in: answer) == 0 }
        case .letterFrequency:
            let letter = terms.text("letter").lowercased()
            return terms.holds(
                answer.lowercased().count { String($0) == letter }, "let_frequency", relation: "let_relation")
        case .language: return LanguageGuess.mayBe(terms.text("language"), answer)
        case .sentences: return terms.holds(Sentences.count(in: answer), "num_sentences")
        case .words: return terms.holds(answer.matches(of: /\w+/).count, "num_words")
        case .paragraphs: return Self.parts(answer, between: /\s?\*\*\*\s?/) == terms.count("num_paragraphs")
        case .firstWordOfParagraph: return Self.hasFirstWord(answer, terms)
        case .placeholders: return answer.matches(of: /\[[^\n]*?\]/).count >= terms.count("num_placeholders")
        case .postscript: return Self.hasPostscript(answer.lowercased(), marker: terms.text("postscript_marker"))
        case .bullets:
            let stars = answer.matches(of: /^\s*\*[^*].*$/.anchorsMatchLineEndings()).count
            let dashes = answer.matches(of: /^\s*-.*$/.anchorsMatchLineEndings()).count
            return stars + dashes == terms.count("num_bullets")
        case .constrained:
            return ["My answer is yes.", "My answer is no.", "My answer is maybe."].contains(where: trimmed.contains)
        case .highlights:
            let single = answer.matches(of: /\*[^\n*]*\*/).count { Self.saysSomething($0.0) }
            let double = answer.matches(of: /\*\*[^\n*]*\*\*/).count { Self.saysSomething($0.0) }
            return single + double >= terms.count("num_highlights")
        case .sections:
            let mark = String(terms.text("section_spliter").trimming(while: \.isWhitespace))
            return Self.count("\\s?\(mark)\\s?\\d+\\s?", in: answer, ignoringCase: false) >= terms.count("num_sections")
        case .json: return Self.isJSON(trimmed)
        case .title:
            return answer.matches(of: /<<[^\n]+>>/).contains { match in
                match.0.contains { !$0.isWhitespace && $0 != "<" && $0 != ">" }
            }
        case .twoResponses: return Self.isTwoResponses(answer)
        case .repeatPrompt:
            let wanted = terms.text("prompt_to_repeat").trimming(while: \.isWhitespace).lowercased()
            return !wanted.isEmpty && trimmed.lowercased().hasPrefix(wanted)
        case .end:
            let end = terms.text("end_phrase").trimming(while: \.isWhitespace).lowercased()
            return trimmed.trimming(while: { $0 == "\"" }).lowercased().hasSuffix(end)
        case .quotation: return trimmed.count > 1 && trimmed.hasPrefix("\"") && trimmed.hasSuffix("\"")
        case .capitalWords:
            return terms.holds(
                Self.wordsInCapitals(answer), "capital_frequency", relation: "capital_relation")
        case .capitals: return Self.isCased(answer, upper: true) && LanguageGuess.mayBe("en", answer)
        case .lowercase: return Self.isCased(answer, upper: false) && LanguageGuess.mayBe("en", answer)
        case .noComma: return !answer.contains(",")
        }
    }

    /// How often a pattern is found; one that is no pattern is looked for as it is written.
    private static func count(_ pattern: String, in text: String, ignoringCase: Bool = true) -> Int {
        guard let regex = try? Regex(pattern) else { return text.lowercased().ranges(of: pattern.lowercased()).count }
        return text.matches(of: regex.ignoresCase(ignoringCase).wordBoundaryKind(.simple)).count
    }

    /// Between dividers; nothing may stand between two of them, but before the first and after the last.
    private static func parts(_ text: String, between divider: some RegexComponent) -> Int? {
        let parts = text.split(separator: divider, omittingEmptySubsequences: false)
        let empty = parts.indices.filter { parts[$0].allSatisfy(\.isWhitespace) }
        guard empty.allSatisfy({ $0 == parts.startIndex || $0 == parts.index(before: parts.endIndex) }) else {
            return nil
        }
        return parts.count - empty.count
    }

    private static func isTwoResponses(_ text: String) -> Bool {
        let parts = text.components(separatedBy: "******").map { $0.trimming(while: \.isWhitespace) }
        let said = parts.filter { !$0.isEmpty }
        let hasGap = parts.dropFirst().dropLast().contains(where: \.isEmpty)
        return !hasGap && said.count == 2 && said[0] != said[1]
    }

    private static func hasFirstWord(_ text: String, _ terms: InstructionTerms) -> Bool {
        let paragraphs = text.components(separatedBy: "\n\n")
        let said = paragraphs.count { $0.contains { !$0.isWhitespace } }
        let number = terms.count("nth_paragraph")
        guard (1...max(1, said)).contains(number), said == terms.count("num_paragraphs") else { return false }
        guard let word = paragraphs[number - 1].split(whereSeparator: \.isWhitespace).first else { return false }
        let bare = word.drop { $0 == "'" }.drop { $0 == "\"" }.prefix { !".,?!'\"".contains($0) }
        return bare.lowercased() == terms.text("first_word").lowercased()
    }

    /// `text` is in lower case.
    private static func hasPostscript(_ text: String, marker: String) -> Bool {
        switch marker.trimming(while: \.isWhitespace) {
        case "P.P.S": text.firstMatch(of: /p\.\s?p\.\s?s/) != nil
        case "P.S.": text.firstMatch(of: /p\.\s?s\./) != nil
        default: text.contains(marker.lowercased())
        }
    }

    private static func saysSomething(_ highlight: Substring) -> Bool {
        highlight.contains { $0 != "*" && !$0.isWhitespace }
    }

    /// A fence of three backticks may stand around it.
    private static func isJSON(_ text: String) -> Bool {
        var text = text[...]
        if text.hasPrefix("```") {
            text = text.dropFirst(3)
            if text.lowercased().hasPrefix("json") { text = text.dropFirst(4) }
        }
        if text.hasSuffix("```") { text = text.dropLast(3) }
        let bytes = Data(text.trimming(while: \.isWhitespace).utf8)
        return (try? JSONSerialization.jsonObject(with: bytes, options: .fragmentsAllowed)) != nil
    }

    /// At least one letter, and none of the other case.
    private static func isCased(_ text: some StringProtocol, upper: Bool) -> Bool {
        let cased = text.unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && cased.allSatisfy { upper ? !$0.properties.isLowercase : !$0.properties.isUppercase }
    }

    /// Runs of letters, digits, hyphens and apostrophes; one letter is a word.
    private static func wordsInCapitals(_ text: String) -> Int {
        text.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "'") }.count { isCased($0, upper: true) }
    }
}
