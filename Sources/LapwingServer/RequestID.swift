/// Names requests: `req_` and 26 characters that sort by time.
///
/// The characters are Crockford's base 32 of 48 bits of milliseconds since 1970 and 80 random bits (as in a ULID).
package struct RequestIDGenerator: Sendable {
    static let prefix = "req_"
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private let milliseconds: @Sendable () -> Int64
    private let random: @Sendable () -> (UInt64, UInt16)

    package init(
        milliseconds: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> (UInt64, UInt16) = { (.random(in: 0 ... .max), .random(in: 0 ... .max)) }
    ) {
        self.milliseconds = milliseconds
        self.random = random
    }

    package func next() -> String {
        let (low, high) = random()
        let time = UInt64(clamping: milliseconds()) & 0xFFFF_FFFF_FFFF
        var bits = UInt128(time) << 80 | UInt128(high) << 64 | UInt128(low)
        var name = Array(Self.prefix.utf8) + Array(repeating: 0, count: 26)
        for place in name.indices.suffix(26).reversed() {
            name[place] = Self.alphabet[Int(bits & 31)]
            bits >>= 5
        }
        return String(decoding: name, as: UTF8.self)
    }
}

/// The client's `x-request-id`, where it is safe to repeat: 1 to 128 characters of a small alphabet.
func saneRequestID(_ text: String?) -> String? {
    guard let text, (1...128).contains(text.utf8.count) else { return nil }
    let isSane = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
    return isSane ? text : nil
}
