/// The classes that pre-tokenizers tell apart: `\p{L}`, `\p{N}`, `\s` and the rest.
enum ScalarClass: UInt8 {
    case other, letter, number, space

    /// The class of every scalar up to the last one that is a letter or a number; what lies beyond is `.other`.
    private static let table: [ScalarClass] = {
        var table = [ScalarClass](repeating: .other, count: Int(ScalarClassRanges.letters.last ?? 0) + 1)
        func mark(_ ranges: [UInt32], as mark: ScalarClass) {
            for index in stride(from: 0, to: ranges.count, by: 2) {
                for scalar in ranges[index]...ranges[index + 1] { table[Int(scalar)] = mark }
            }
        }
        mark(ScalarClassRanges.letters, as: .letter)
        mark(ScalarClassRanges.numbers, as: .number)
        mark(whiteSpace, as: .space)
        return table
    }()

    /// The property White_Space, which has not changed since Unicode 6.3.
    private static let whiteSpace: [UInt32] = [
        0x09, 0x0D, 0x20, 0x20, 0x85, 0x85, 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x202F,
        0x205F, 0x205F, 0x3000, 0x3000,
    ]

    init(_ scalar: UInt32) {
        self = Int(scalar) < ScalarClass.table.count ? ScalarClass.table[Int(scalar)] : .other
    }
}

/// Valid UTF-8, read scalar by scalar.
struct ScalarView {
    private let bytes: UnsafeBufferPointer<UInt8>

    /// `bytes` must be valid UTF-8, as a `String`'s storage is, and outlive the view.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The scalar that starts at `offset`, and the offset after it.
    @inline(__always)
    func scalar(at offset: Int) -> (value: UInt32, end: Int) {
        let lead = UInt32(bytes[offset])
        if lead < 0x80 { return (lead, offset + 1) }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | tail(offset + 1), offset + 2) }
        if lead < 0xF0 { return ((lead & 0x0F) << 12 | tail(offset + 1) << 6 | tail(offset + 2), offset + 3) }
        return (
            (lead & 0x07) << 18 | tail(offset + 1) << 12 | tail(offset + 2) << 6 | tail(offset + 3), offset + 4
        )
    }

    @inline(__always)
    private func tail(_ offset: Int) -> UInt32 { UInt32(bytes[offset] & 0x3F) }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 { bytes[offset] }
}
