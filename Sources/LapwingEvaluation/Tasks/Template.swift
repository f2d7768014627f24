import LapwingAPI

/// Text with places for a row's fields: `Question: {{question}}`.
package struct Template: Hashable, Sendable, Codable, ExpressibleByStringLiteral {
    package var text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral value: String) { text = value }
    package init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// A field that the row has not.
    package struct MissingField: Error, Hashable {
        package var name: String

        package init(name: String) { self.name = name }
    }

    package func filled(from row: JSONMembers) throws(MissingField) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            result += rest[..<open.lowerBound]
            let name = rest[open.upperBound..<close.lowerBound].trimming(while: \.isWhitespace)
            guard let value = row[String(name)] else { throw MissingField(name: String(name)) }
            result += value.plainText
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}

extension JSONValue {
    /// As it stands in a sentence.
    package var plainText: String {
        switch self {
        case .string(let text): text
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .bool(let value): String(value)
        case .null: ""
        case .array(let elements): elements.map(\.plainText).joined(separator: "\n")
        case .object: String(decoding: text, as: UTF8.self)
        }
    }
}

extension StringProtocol {
    /// Without the characters at both ends that are of a kind.
    func trimming(while isTrimmed: (Character) -> Bool) -> SubSequence {
        let start = firstIndex { !isTrimmed($0) } ?? endIndex
        let end = lastIndex { !isTrimmed($0) }.map(index(after:)) ?? endIndex
        return start < end ? self[start..<end] : self[endIndex...]
    }
}
