import LapwingAPI

/// Reads the members of one JSON object, each by name and type, and keeps count of those that nobody asked for.
///
/// `null` counts as absent, as in the OpenAI API. Errors name the path, what was found and what was expected.
struct FieldReader {
    let path: String
    private let members: JSONMembers
    private var asked: Set<String> = []
    private var unaskedWithin: Set<String> = []

    init(_ value: JSONValue, path: String = "") throws(RequestError) {
        guard case .object(let members) = value else {
            throw .invalid(field: path.isEmpty ? "body" : path, found: value.kind, expected: "an object")
        }
        self.members = members
        self.path = path
    }

    /// Members that no call asked for, sorted, with those of the objects within.
    var unasked: [String] {
        unaskedWithin.union(members.keys.filter { !asked.contains($0) }.map(pathOf)).sorted()
    }

    /// Takes over what nobody asked of an object within, under `name` where its own path is one of many.
    mutating func adopt(_ reader: FieldReader, as name: String? = nil) {
        for path in reader.unasked { unaskedWithin.insert((name ?? reader.path) + path.dropFirst(reader.path.count)) }
    }

    func pathOf(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    mutating func value(_ key: String) -> JSONValue? {
        guard let value = members[key] else { return nil }
        asked.insert(key)
        return value == .null ? .none : .some(value)
    }

    mutating func string(_ key: String) throws(RequestError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else { throw wrong(key, value, expected: "a string") }
        return text
    }

    /// As `string`, of so many UTF-8 bytes.
    mutating func string(_ key: String, atMost limit: Int) throws(RequestError) -> String? {
        let text = try string(key)
        if let text, text.utf8.count > limit {
            throw .invalid(
                field: pathOf(key), found: "a string of \(text.utf8.count) bytes", expected: "at most \(limit) bytes")
        }
        return text
    }

    mutating func requiredString(_ key: String, atMost limit: Int = .max) throws(RequestError) -> String {
        guard let text = try string(key, atMost: limit) else { throw missing(key, expected: "a string") }
        return text
    }

    mutating func boolean(_ key: String) throws(RequestError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .bool(let flag) = value else { throw wrong(key, value, expected: "true or false") }
        return flag
    }

    mutating func number(_ key: String, in range: ClosedRange<Double>) throws(RequestError) -> Double? {
        guard let value = value(key) else { return nil }
        let expected = "a number from \(range.lowerBound.plain) to \(range.upperBound.plain)"
        guard let number = value.double, range.contains(number) else { throw wrong(key, value, expected: expected) }
        return number
    }

    /// A whole number; `2.0` counts as one.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(RequestError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.wholeNumber, range.contains(Int(integer)) else {
            throw wrong(key, value, expected: Self.words(for: range))
        }
        return Int(integer)
    }

    mutating func array(_ key: String) throws(RequestError) -> [JSONValue]? {
        guard let value = value(key) else { return nil }
        guard case .array(let elements) = value else { throw wrong(key, value, expected: "an array") }
        return elements
    }

    mutating func object(_ key: String) throws(RequestError) -> FieldReader? {
        guard let value = value(key) else { return nil }
        return try FieldReader(value, path: pathOf(key))
    }

    func wrong(_ key: String, _ value: JSONValue, expected: String) -> RequestError {
        .invalid(field: pathOf(key), found: value.kind, expected: expected)
    }

    func missing(_ key: String, expected: String) -> RequestError {
        .invalid(field: pathOf(key), found: "nothing", expected: expected)
    }

    private static func words(for range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (.min, .max): "an integer"
        case (let low, .max): "an integer of at least \(low)"
        case (let low, let high): "an integer from \(low) to \(high)"
        }
    }
}

extension JSONValue {
    /// What the value is, in words: the type, and the value itself where it is a number or a Boolean. Never a string's text.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .integer(let value): "\(value)"
        case .number(let value): value.plain
        case .string: "a string"
        case .array(let elements): elements.isEmpty ? "an empty array" : "an array"
        case .object: "an object"
        }
    }

    var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }
}

extension Double {
    /// Without the fraction that a whole number does not need.
    fileprivate var plain: String {
        if let whole = Int(exactly: self) { "\(whole)" } else { "\(self)" }
    }
}
