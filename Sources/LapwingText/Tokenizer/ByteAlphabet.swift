/// The printable stand-ins for bytes in which GPT-2's vocabulary is written: a space is `Ġ`, a newline `Ċ`.
///
/// Printable Latin-1 bytes stand for themselves; the other 68 take the scalars from U+0100 on, in ascending order.
enum ByteAlphabet {
    /// Byte to scalar.
    static let scalars: [Unicode.Scalar] = {
        var scalars: [Unicode.Scalar] = []
        var next: UInt16 = 0x100
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: scalars.append(Unicode.Scalar(byte))
            default:
                scalars.append(Unicode.Scalar(next) ?? "\u{FFFD}")
                next += 1
            }
        }
        return scalars
    }()

    /// Scalar to byte, for the scalars below U+0144; nil for the few that stand for nothing.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
        return bytes
    }()

    /// Whether `text` is written in the alphabet alone.
    static func spells(_ text: String) -> Bool {
        let bytes = bytes
        return text.unicodeScalars.allSatisfy { $0.value < bytes.count && bytes[Int($0.value)] != nil }
    }

    /// Appends what `text`, which is UTF-8, stands for. A scalar outside the alphabet stands for itself.
    static func appendBytes(of text: some Sequence<UInt8>, to out: inout [UInt8]) {
        let bytes = bytes
        var lead: UInt8?
        for byte in text {
            if let high = lead {
                lead = nil
                let scalar = Int(high & 0x1F) << 6 | Int(byte & 0x3F)
                if scalar < bytes.count, let meant = bytes[scalar] {
                    out.append(meant)
                } else {
                    out.append(high)
                    out.append(byte)
                }
            } else if (0xC2...0xC5).contains(byte) {
                // All of the alphabet beyond ASCII lies between U+00A1 and U+0143: two bytes, the first C2 to C5.
                lead = byte
            } else {
                out.append(byte)
            }
        }
    }
}
