/// Turns a stream of tokens' bytes into text without ever cutting a character in two.
///
/// The pieces joined are what `String(decoding:as:)` makes of all bytes at once: malformed bytes become U+FFFD as soon
/// as it is certain that nothing can complete them.
package struct TextStream: Sendable {
    /// A character's first bytes; at most three.
    private var pending: [UInt8] = []

    package init() {}

    /// The text that `bytes` complete; empty while a character is in its middle.
    package mutating func append(_ bytes: [UInt8]) -> String {
        pending += bytes
        let whole = pending.count - TextStream.unfinishedCount(of: pending)
        defer { pending.removeFirst(whole) }
        return String(decoding: pending[..<whole], as: UTF8.self)
    }

    /// What is left at the end; U+FFFD where a character was never completed.
    package mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end begin a character that more bytes could complete.
    private static func unfinishedCount(of bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let lead = bytes[bytes.count - count]
            if lead & 0xC0 == 0x80 { continue }
            guard let (length, second) = sequence(after: lead), length > count else { return 0 }
            return count == 1 || second.contains(bytes[bytes.count - count + 1]) ? count : 0
        }
        return 0
    }

    /// The length of the sequence that `lead` begins and the bytes that may come second (Unicode 15, table 3-7).
    private static func sequence(after lead: UInt8) -> (length: Int, second: ClosedRange<UInt8>)? {
        switch lead {
        case 0xC2...0xDF: (2, 0x80...0xBF)
        case 0xE0: (3, 0xA0...0xBF)
        case 0xED: (3, 0x80...0x9F)
        case 0xE1...0xEF: (3, 0x80...0xBF)
        case 0xF0: (4, 0x90...0xBF)
        case 0xF1...0xF3: (4, 0x80...0xBF)
        case 0xF4: (4, 0x80...0x8F)
        default: nil
        }
    }
}
