/// Reads a JSON text (RFC 8259) from a client: nesting is bounded, and an error says what is wrong at which byte.
///
/// Stricter than most: a key that occurs twice in an object is refused, because readers disagree on which one counts.
package struct JSONParser {
    private let bytes: [UInt8]
    private let maxDepth: Int
    private var index = 0

    package static func parse(_ bytes: [UInt8], maxDepth: Int) throws(RequestError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, maxDepth: maxDepth)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        if parser.index < bytes.count { throw parser.problem("the text goes on after the value") }
        return value
    }

    private init(bytes: [UInt8], maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    private mutating func value(depth: Int) throws(RequestError) -> JSONValue {
        skipSpace()
        guard let byte = peek() else { throw problem(bytes.isEmpty ? "it is empty" : "it ends too early") }
        if depth >= maxDepth, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            throw problem("values are nested deeper than \(maxDepth)")
        }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw problem("a value cannot begin with \(named(byte))")
        }
    }

    private mutating func object(depth: Int) throws(RequestError) -> JSONValue {
        index += 1
        var members = JSONMembers()
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else { throw expected("a key in double quotes") }
            let start = index
            let key = try string()
            skipSpace()
            guard take(":") else { throw expected("':'") }
            let member = try value(depth: depth)
            guard !members.contains(key) else {
                index = start
                throw problem("a key occurs twice in one object")
            }
            members[key] = member
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw expected("',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(RequestError) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw expected("',' or ']'") }
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(RequestError) -> JSONValue {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count, bytes[index..<end].elementsEqual(word.description.utf8) else {
            throw expected("'\(word)'")
        }
        index = end
        return value
    }

    // MARK: Numbers

    private mutating func number() throws(RequestError) -> JSONValue {
        let start = index
        var isInteger = true
        _ = take("-")
        let leadingZero = peek() == UInt8(ascii: "0")
        let wholeDigits = skipDigits()
        if wholeDigits == 0 || (leadingZero && wholeDigits > 1) { throw problem("a number is malformed") }
        if take(".") {
            isInteger = false
            if skipDigits() == 0 { throw problem("a number is malformed") }
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            if skipDigits() == 0 { throw problem("a number is malformed") }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw problem("a number is out of range") }
        return .number(value)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        return index - start
    }

    // MARK: Strings

    /// Most strings have no escapes and are taken in one piece.
    private mutating func string() throws(RequestError) -> String {
        index += 1
        let start = index
        var unescaped: [UInt8] = []
        var runStart = index
        while true {
            guard let byte = peek() else { throw problem("a string does not end") }
            switch byte {
            case UInt8(ascii: "\""):
                let tail = bytes[runStart..<index]
                let text =
                    runStart == start
                    ? String(validating: tail, as: UTF8.self) : String(validating: unescaped + tail, as: UTF8.self)
                guard let text else {
                    index = start
                    throw problem("a string is not valid UTF-8")
                }
                index += 1
                return text
            case UInt8(ascii: "\\"):
                unescaped.append(contentsOf: bytes[runStart..<index])
                try escape(into: &unescaped)
                runStart = index
            case 0..<0x20: throw problem("a control character in a string must be escaped")
            default: index += 1
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(RequestError) {
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
    private mutating func escapedScalar() throws(RequestError) -> Unicode.Scalar {
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
            throw problem("an escape is half of a surrogate pair")
        }
        let second = try hexadecimalUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw problem("an escape is half of a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(RequestError) -> UInt16 {
        let digits = bytes[index..<min(index + 4, bytes.count)]
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("'\\u' needs four hexadecimal digits") }
        index += 4
        return unit
    }

    // MARK: Bytes

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private func expected(_ what: String) -> RequestError {
        guard let byte = peek() else { return problem("it ends too early, expected \(what)") }
        return problem("found \(named(byte)), expected \(what)")
    }

    private func problem(_ reason: String) -> RequestError { .malformedBody(reason: "\(reason) (at byte \(index))") }

    private func named(_ byte: UInt8) -> String {
        (0x21..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }
}
