/// A JSON text (RFC 8259) whose objects keep their members as they stand.
///
/// Swift's dictionaries take keys that Unicode calls equivalent for one, and a vocabulary has such tokens side by side.
enum JSONTree: Sendable {
    case null
    case bool(Bool)
    /// A number written without a fraction, if an `Int` holds it.
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([(key: String, value: JSONTree)])

    subscript(key: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    var string: String? { if case .string(let text) = self { text } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSONTree]? { if case .array(let elements) = self { elements } else { nil } }
    var int32: Int32? { number.flatMap { Int32(exactly: $0) } }

    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var isNull: Bool { if case .null = self { true } else { false } }
}

extension JSONTree {
    /// Of the files that hold tokenizers none is nested deeper than a dozen.
    private static let depthLimit = 64

    /// - Parameter file: Its name, for errors.
    init(_ bytes: [UInt8], file: String) throws(TextError) {
        var reader = JSONTreeReader(bytes: bytes, file: file, depthLimit: JSONTree.depthLimit)
        self = try reader.whole()
    }
}

private struct JSONTreeReader {
    let bytes: [UInt8]
    let file: String
    let depthLimit: Int
    private var index = 0

    init(bytes: [UInt8], file: String, depthLimit: Int) {
        self.bytes = bytes
        self.file = file
        self.depthLimit = depthLimit
    }

    mutating func whole() throws(TextError) -> JSONTree {
        let tree = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw problem("the text goes on after the value") }
        return tree
    }

    private mutating func value(depth: Int) throws(TextError) -> JSONTree {
        skipSpace()
        guard depth < depthLimit else { throw problem("values are nested deeper than \(depthLimit)") }
        switch peek() ?? 0 {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw problem("expected a value")
        }
    }

    private mutating func object(depth: Int) throws(TextError) -> [(key: String, value: JSONTree)] {
        index += 1
        var members: [(key: String, value: JSONTree)] = []
        skipSpace()
        if take("}") { return members }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw problem("expected a key") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw problem("expected ':'") }
            members.append((key, try value(depth: depth)))
            skipSpace()
            if take("}") { return members }
            guard take(",") else { throw problem("expected ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(TextError) -> [JSONTree] {
        index += 1
        var elements: [JSONTree] = []
        skipSpace()
        if take("]") { return elements }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if take("]") { return elements }
            guard take(",") else { throw problem("expected ',' or ']'") }
        }
    }

    private mutating func literal(_ word: String, _ value: JSONTree) throws(TextError) -> JSONTree {
        guard bytes[index...].starts(with: word.utf8) else { throw problem("expected '\(word)'") }
        index += word.utf8.count
        return value
    }

    private mutating func number() throws(TextError) -> JSONTree {
        let start = index
        while let byte = peek(), isPartOfNumber(byte) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw problem("a number is malformed") }
        return .number(value)
    }

    private func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func string() throws(TextError) -> String {
        index += 1
        var text: [UInt8] = []
        var start = index
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                text.append(contentsOf: bytes[start..<index])
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("a string is not valid UTF-8")
                }
                index += 1
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: bytes[start..<index])
                try escape(into: &text)
                start = index
            case 0..<0x20: throw problem("a control character in a string must be escaped")
            default: index += 1
            }
        }
        throw problem("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(TextError) {
        index += 1
        guard let byte = peek() else { throw problem("a string does not end") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try escapedScalar())).utf8)
        default: throw problem("an escape is unknown")
        }
    }

    /// The scalar of a `\u` escape, or of two that form a surrogate pair (RFC 8259, section 7).
    private mutating func escapedScalar() throws(TextError) -> Unicode.Scalar {
        let first = try unit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
            throw problem("an escape is half of a surrogate pair")
        }
        let second = try unit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw problem("an escape is half of a surrogate pair") }
        return scalar
    }

    private mutating func unit() throws(TextError) -> UInt16 {
        let digits = bytes[index..<min(index + 4, bytes.count)]
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("'\\u' needs four hexadecimal digits") }
        index += 4
        return unit
    }

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private func problem(_ reason: String) -> TextError {
        .malformedTokenizerFile(file: file, reason: "\(reason) (at byte \(index))")
    }
}
