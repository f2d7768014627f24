/// A 64-bit checksum at memory speed, against damage and not against malice.
enum Checksum {
    private static let words: [UInt64] = [
        // The fractional parts of the square roots of 2, 3, 5, 7 and 11: odd or not, no structure.
        0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1,
        0x9B05_688C_2B3E_6C1F,
    ]

    /// Four lanes take sixteen bytes at a time: each is multiplied into 128 bits, whose halves are joined.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let (k0, k1, k2, k3, seed) = (words[0], words[1], words[2], words[3], words[4])
        var (a, b, c, d) = (seed ^ UInt64(bytes.count), seed &+ 1, seed &+ 2, seed &+ 3)
        func round(_ block: UnsafeRawBufferPointer, _ offset: Int) {
            func word(_ index: Int) -> UInt64 {
                UInt64(littleEndian: block.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self))
            }
            a = fold(a ^ word(0), k0 ^ word(1))
            b = fold(b ^ word(2), k1 ^ word(3))
            c = fold(c ^ word(4), k2 ^ word(5))
            d = fold(d ^ word(6), k3 ^ word(7))
        }
        let whole = bytes.count / 64 * 64
        for offset in stride(from: 0, to: whole, by: 64) { round(bytes, offset) }
        if whole < bytes.count {
            var rest = [UInt8](bytes[whole...])
            rest += [UInt8](repeating: 0, count: 64 - rest.count)
            rest.withUnsafeBytes { round($0, 0) }
        }
        return fold(fold(a ^ k1, b ^ k2), fold(c ^ k3, d ^ k0) ^ seed)
    }

    static func of(_ words: some Sequence<UInt64>) -> UInt64 {
        words.map(\.littleEndian).withUnsafeBytes { of($0) }
    }

    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
