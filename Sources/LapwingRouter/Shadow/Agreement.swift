import LapwingAPI

/// Whether two answers to one prompt say the same, as far as that can be told without understanding them.
package enum Agreement {
    /// nil where one of them is prose: that texts differ in words says nothing, and to count those alone that do not would
    /// make every answer right.
    ///
    /// JSON is compared by value, members in any order. Text as short as a label, a number or a name is compared without
    /// case, white space around and punctuation at the ends of its words.
    package static func between(_ first: String, _ second: String) -> Bool? {
        if let a = json(first), let b = json(second) { return a == b }
        let (a, b) = (normalized(first), normalized(second))
        guard max(a.utf8.count, b.utf8.count) <= longestLabelByteCount, !(a.isEmpty && b.isEmpty) else { return nil }
        return a == b
    }

    private static let longestLabelByteCount = 64
    private static let deepestJSON = 64

    /// An object or a list, perhaps in a fence as chat models write it; whole numbers are integers however they are written.
    private static func json(_ text: String) -> JSONValue? {
        var body = text.trimmed
        if body.hasPrefix("```"), body.hasSuffix("```"), let line = body.firstIndex(of: "\n") {
            body = String(body[line...].dropLast(3)).trimmed
        }
        guard body.hasPrefix("{") || body.hasPrefix("[") else { return nil }
        return (try? JSONParser.parse(Array(body.utf8), maxDepth: deepestJSON))?.canonical
    }

    private static func normalized(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).map { word in
            var word = word[...]
            while let first = word.first, isMark(first), !isPoint(word) { word.removeFirst() }
            while let last = word.last, isMark(last) { word.removeLast() }
            return String(word)
        }.filter { $0.contains { !isMark($0) && $0 != "-" } }.joined(separator: " ")
    }

    /// What stands around words and is no part of them, as `#` is of C# and `-` of a number.
    private static func isMark(_ character: Character) -> Bool { ".,;:!?\"'`*_()[]{}“”‘’«»…".contains(character) }

    /// Whether it is a number that begins with its point.
    private static func isPoint(_ word: Substring) -> Bool {
        word.first == "." && word.dropFirst().first?.isNumber == true
    }
}

extension JSONValue {
    fileprivate var canonical: JSONValue {
        switch self {
        case .number(let value): Int64(exactly: value).map(JSONValue.integer) ?? self
        case .array(let elements): .array(elements.map(\.canonical))
        case .object(let members):
            .object(JSONMembers(Dictionary(members.map { ($0.key, $0.value.canonical) }) { $1 }))
        case .null, .bool, .integer, .string: self
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
