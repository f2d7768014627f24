/// Reads JSON as RFC 8259 has it, one value after another, from bytes that nobody vouches for.
///
/// A name that an object has twice is refused: which of both holds is each reader's choice, and so one may be fooled.
struct JSONCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    /// Values within values; all that is read here has a few.
    static let depthLimit = 32

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Calls `member` at each member's value, with the member's name.
    mutating func object(
        _ member: (inout JSONCursor, String) throws(WeightsError) -> Void
    ) throws(WeightsError) {
        try expect(UInt8(ascii: "{"), "an object")
        guard !take(UInt8(ascii: "}")) else { return }
        var names: Set<String> = []
        repeat {
            skipSpace()
            let start = offset
            let name = try string()
            guard names.insert(name).inserted else { throw .duplicate(field: "name", offset: start, name: name) }
            try expect(UInt8(ascii: ":"), "a colon")
            try member(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "a comma or the end of the object")
    }

    /// Calls `element` at each element.
    mutating func array(_ element: (inout JSONCursor) throws(WeightsError) -> Void) throws(WeightsError) {
        try expect(UInt8(ascii: "["), "an array")
        guard !take(UInt8(ascii: "]")) else { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "a comma or the end of the array")
    }

    /// A whole number from 0 to 2^63 - 1.
    mutating func count() throws(WeightsError) -> Int {
        skipSpace()
        let start = offset
        guard let text = numberText(), let count = Int(text), count >= 0, text.first != "-" else {
            throw invalid(start, "a whole number from 0 to 2^63 - 1")
        }
        return count
    }

    /// Nothing but space is left.
    mutating func end() throws(WeightsError) {
        skipSpace()
        guard offset == bytes.count else { throw invalid(offset, "the end of the JSON text") }
    }

    mutating func string() throws(WeightsError) -> String {
        try expect(UInt8(ascii: "\""), "a string")
        let start = offset
        while offset < bytes.count, bytes[offset] >= 0x20, bytes[offset] != UInt8(ascii: "\""),
            bytes[offset] != UInt8(ascii: "\\")
        {
            offset += 1
        }
        let plain = start..<offset
        if take(UInt8(ascii: "\""), skippingSpace: false) { return try bytes.text(plain, "JSON string") }
        return try escapedString(from: plain)
    }

    // MARK: Parts

    private mutating func escapedString(from plain: Range<Int>) throws(WeightsError) -> String {
        var text = [UInt8](bytes[plain])
        while offset < bytes.count, bytes[offset] >= 0x20 {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else {
                    throw .invalid(
                        field: "JSON string", offset: plain.lowerBound, found: "bytes that are not UTF-8",
                        expected: "UTF-8 text")
                }
                return text
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            default: text.append(byte)
            }
        }
        throw invalid(offset, "the rest of a string")
    }

    private mutating func escape() throws(WeightsError) -> Unicode.Scalar {
        let start = offset
        guard offset < bytes.count else { throw invalid(start, "an escape") }
        offset += 1
        switch bytes[start] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let unit = unit() else { break }
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // The first half of a pair: the second follows as an escape too.
            guard (0xD800..<0xDC00).contains(unit), take(UInt8(ascii: "\\"), skippingSpace: false),
                take(UInt8(ascii: "u"), skippingSpace: false), let low = self.unit(), (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            else { break }
            return scalar
        default: break
        }
        throw invalid(start, "an escape")
    }

    private mutating func unit() -> UInt32? {
        guard offset + 4 <= bytes.count else { return nil }
        let digits = bytes[offset..<offset + 4]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        offset += 4
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// The text of a number by JSON's grammar; nil, and the cursor anywhere, for what is none.
    mutating func numberText() -> String? {
        skipSpace()
        let start = offset
        func isDigit(_ offset: Int) -> Bool {
            offset < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset])
        }
        func digits(_ offset: inout Int) -> Bool {
            let first = offset
            while isDigit(offset) { offset += 1 }
            return offset > first
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let whole = offset
        guard digits(&offset), bytes[whole] != UInt8(ascii: "0") || offset == whole + 1 else { return nil }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            guard digits(&offset) else { return nil }
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            guard digits(&offset) else { return nil }
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    /// The next byte that is no space.
    mutating func peek() -> UInt8? {
        skipSpace()
        return offset < bytes.count ? bytes[offset] : nil
    }

    mutating func takeWord(_ word: StaticString) -> Bool {
        skipSpace()
        let count = word.utf8CodeUnitCount
        guard offset + count <= bytes.count, (0..<count).allSatisfy({ bytes[offset + $0] == word.utf8Start[$0] })
        else { return false }
        offset += count
        return true
    }

    private mutating func take(_ byte: UInt8, skippingSpace: Bool = true) -> Bool {
        if skippingSpace { skipSpace() }
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(WeightsError) {
        guard take(byte) else { throw invalid(offset, what) }
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    func invalid(_ offset: Int, _ expected: String) -> WeightsError {
        let found =
            offset >= bytes.count
            ? "the end" : "\"\(String(decoding: bytes[offset...].prefix(16), as: UTF8.self))\""
        return .invalid(field: "JSON", offset: offset, found: found, expected: expected)
    }
}
