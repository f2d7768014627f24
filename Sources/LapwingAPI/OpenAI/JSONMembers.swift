/// The members of a JSON object, in the order in which they came.
///
/// The order says nothing in JSON, and so nothing about equality; but a model writes the members of an answer in the order
/// of their schema, and a provider's cache knows a prompt by its bytes.
package struct JSONMembers: Sendable {
    package private(set) var keys: [String] = []
    private var values: [String: JSONValue] = [:]

    package init() {}

    /// By their names' order, as a dictionary has none.
    package init(_ members: [String: JSONValue]) {
        (keys, values) = (members.keys.sorted(), members)
    }

    package var count: Int { keys.count }
    package var isEmpty: Bool { keys.isEmpty }

    package func contains(_ key: String) -> Bool { values.index(forKey: key) != nil }

    /// A new member is the last; `nil` takes one out.
    package subscript(key: String) -> JSONValue? {
        get { values[key] }
        set {
            guard let newValue else {
                values.removeValue(forKey: key)
                return keys.removeAll { $0 == key }
            }
            if !contains(key) { keys.append(key) }
            values[key] = newValue
        }
    }
}

extension JSONMembers: Sequence {
    package func makeIterator() -> some IteratorProtocol<(key: String, value: JSONValue)> {
        keys.lazy.compactMap { key in values[key].map { (key: key, value: $0) } }.makeIterator()
    }
}

extension JSONMembers: Hashable {
    package static func == (a: JSONMembers, b: JSONMembers) -> Bool { a.values == b.values }
    package func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension JSONMembers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONMembers: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// In whatever order the decoder has them.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys { self[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (key, value) in self { try container.encode(value, forKey: Name(stringValue: key)) }
    }
}
