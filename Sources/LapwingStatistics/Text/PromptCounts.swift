import Foundation

/// What can be counted in a prompt without knowing its subject: lengths, numbers, signs, options, the kind of question.
package enum PromptCounts {
    /// The numbers' names, in their order.
    package static let names = [
        "length", "words", "wordLength", "numbers", "distinctNumbers", "largestNumber", "fractions", "percent",
        "dollar",
        "operators", "fullStops", "commas", "questionMarks", "endsAsQuestion", "capitals", "names", "lines", "options",
        "stemLength", "meanOption", "longestOption", "shortestOption", "numericOptions", "lowercaseOptions",
        "lastSentence", "negations", "which", "howMany", "statement", "truth", "blank", "following", "each",
    ]

    package static func values(_ text: String) -> [Double] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        let options = lines.compactMap(option)
        let stem = lines.prefix { option($0) == nil }.joined(separator: "\n")
        let words = text.split(whereSeparator: \.isWhitespace)
        let terms = Terms.words(of: text)
        let numbers = Numbers.all(in: text)
        let letters = text.unicodeScalars.count { $0.properties.isAlphabetic }
        let capitals = text.unicodeScalars.count { $0.properties.isUppercase }
        let lengths = options.map { Double($0.count) }
        let sentence = stem.split(whereSeparator: { ".?!".contains($0) }).last ?? ""
        func count(_ wanted: Set<String>) -> Double { Double(terms.count(where: wanted.contains)) }
        func followed(_ first: String, _ second: Set<String>) -> Double {
            Double(zip(terms, terms.dropFirst()).count { $0 == first && second.contains($1) })
        }
        func share(_ isSo: (Substring) -> Bool) -> Double {
            options.isEmpty ? 0 : Double(options.count(where: isSo)) / Double(options.count)
        }
        return [
            log1p(Double(text.count)), log1p(Double(words.count)),
            words.isEmpty ? 0 : Double(words.reduce(0) { $0 + $1.count }) / Double(words.count),
            log1p(Double(numbers.count)), log1p(Double(Set(numbers).count)), log1p(numbers.max() ?? 0),
            min(Double(numbers.count { $0 != $0.rounded() }), 5), min(count(["%"]), 5), min(count(["$"]), 5),
            log1p(count(["=", "^", "+", "*", "/", "\\", "<", ">"])), log1p(count(["."])), log1p(count([","])),
            log1p(count(["?"])), stem.last(where: { !$0.isWhitespace }) == "?" ? 1 : 0,
            letters == 0 ? 0 : Double(capitals) / Double(letters),
            log1p(Double(words.count { $0.first?.isUppercase == true })), log1p(Double(lines.count)),
            min(Double(options.count), 10), log1p(Double(stem.count)),
            log1p(lengths.isEmpty ? 0 : lengths.reduce(0, +) / Double(lengths.count)), log1p(lengths.max() ?? 0),
            log1p(lengths.min() ?? 0), share { $0.contains(where: \.isNumber) },
            share { $0.first?.isLowercase == true }, log1p(Double(sentence.count)),
            min(count(["not", "except", "least", "incorrect", "false", "never", "no", "none", "without"]), 4),
            min(count(["which"]), 2), min(followed("how", ["many", "much", "long", "far", "old"]), 2),
            min(count(["statement", "statements"]), 3), min(count(["true", "correct"]), 3),
            terms.contains { $0.hasPrefix("__") } ? 1 : 0, min(count(["following"]), 2),
            min(count(["each", "every", "per"]), 4),
        ]
    }

    /// What stands behind a line's "A." or "2)".
    private static func option(_ line: Substring) -> Substring? {
        guard let first = line.first, first.isASCII, first.isUppercase || first.isNumber,
            let second = line.dropFirst().first, second == "." || second == ")"
        else { return nil }
        return line.dropFirst(2).drop(while: \.isWhitespace)
    }
}
