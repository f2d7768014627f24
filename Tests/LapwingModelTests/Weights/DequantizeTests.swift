import CLapwingKernels
import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Dequantisation")
struct DequantizeTests {
    /// One line of the file that `Scripts/make_dequantize_vectors.py` makes.
    struct Vector: CustomTestStringConvertible {
        let type: TensorType
        let blocks: [UInt8]
        let bits: [UInt32]
        var testDescription: String { type.description }
    }

    @Test("Blocks decode to the bits that the format's own package gives", arguments: try vectors())
    func matchesReference(vector: Vector) {
        let values = decode(vector.type, vector.blocks)
        #expect(values.map(\.bitPattern) == vector.bits)
    }

    @Test("The vectors cover every type but F32, which is copied")
    func vectorsCoverTypes() throws {
        let covered = try Set(Self.vectors().map(\.type))
        #expect(covered == Set(TensorType.readable).subtracting([.f32]))
    }

    @Test("Q4_0 is (quant - 8) * scale, low nibbles before high ones")
    func fourBitsByHand() {
        // Scale 0.5; byte i holds i and 15 - i.
        let values = decode(.q4_0, [0x00, 0x38] + (0..<16).map { UInt8($0 | (15 - $0) << 4) })
        for (i, value) in values.enumerated() {
            let quant = i < 16 ? i : 15 - (i - 16)
            #expect(value == Float(quant - 8) / 2)
        }
    }

    @Test("Q4_1 is quant * scale + minimum")
    func fourBitsWithMinimumByHand() {
        // Scale 2, minimum -3.
        let values = decode(.q4_1, [0x00, 0x40, 0x00, 0xC2] + [UInt8](repeating: 0xF1, count: 16))
        #expect(values == [Float](repeating: -1, count: 16) + [Float](repeating: 27, count: 16))
    }

    @Test("Q5_0 takes its fifth bits in the order of the weights")
    func fiveBitsByHand() {
        // Scale 1; fifth bits of weights 0, 8 and 31; nibbles 0.
        let values = decode(.q5_0, [0x00, 0x3C, 0x01, 0x01, 0x00, 0x80] + [UInt8](repeating: 0, count: 16))
        #expect(values == (0..<32).map { [0, 8, 31].contains($0) ? 0 : -16 })
    }

    @Test("Q5_1 is quant * scale + minimum with five bits")
    func fiveBitsWithMinimumByHand() {
        // Scale 1, minimum 0.5; all fifth bits; nibbles 2 and 3.
        let values = decode(
            .q5_1, [0x00, 0x3C, 0x00, 0x38, 0xFF, 0xFF, 0xFF, 0xFF] + [UInt8](repeating: 0x32, count: 16))
        #expect(values == [Float](repeating: 18.5, count: 16) + [Float](repeating: 19.5, count: 16))
    }

    @Test("Q8_0 is a signed byte * scale")
    func eightBitsByHand() {
        let quants = (0..<32).map { Int8($0 * 8 - 128) }
        let values = decode(.q8_0, [0x00, 0xB8] + quants.map { UInt8(bitPattern: $0) })
        #expect(values == quants.map { Float($0) * -0.5 })
    }

    @Test("Q4_K unpacks six-bit scales and minimums of eight groups")
    func fourBitGroupsByHand() {
        // Scale 1, minimum 2; every quant is 5.
        let header: [UInt8] = [0x00, 0x3C, 0x00, 0x40] + packedScales
        let values = decode(.q4_K, header + [UInt8](repeating: 0x55, count: 128))
        for (i, value) in values.enumerated() {
            let group = i / 32
            #expect(value == Float(5 * scale(group) - 2 * minimum(group)))
        }
    }

    @Test("Q5_K takes the fifth bit of group g from bit g")
    func fiveBitGroupsByHand() {
        // As above with the quant 5, and 21 in groups 0, 2, 5 and 7.
        let header: [UInt8] = [0x00, 0x3C, 0x00, 0x40] + packedScales
        let highBits = [UInt8](repeating: 0b1010_0101, count: 32)
        let values = decode(.q5_K, header + highBits + [UInt8](repeating: 0x55, count: 128))
        for (i, value) in values.enumerated() {
            let group = i / 32
            let quant = [0, 2, 5, 7].contains(group) ? 21 : 5
            #expect(value == Float(quant * scale(group) - 2 * minimum(group)))
        }
    }

    @Test("Q6_K spreads six bits over two arrays, run by run")
    func sixBitsByHand() {
        // Scale 0.5, group scales -8 ... 7. Low nibbles 1 (runs 0, 1) and 2 (runs 2, 3); run r's high bits are r.
        let lowBits = [UInt8](repeating: 0x21, count: 128)
        let highBits = [UInt8](repeating: 0b1110_0100, count: 64)
        let scales = (0..<16).map { UInt8(bitPattern: Int8($0 - 8)) }
        let values = decode(.q6_K, lowBits + highBits + scales + [0x00, 0x38])
        for (i, value) in values.enumerated() {
            let run = i / 32 % 4
            let quant = (run < 2 ? 1 : 2) + 16 * run - 32
            #expect(value == Float(quant * (i / 16 - 8)) / 2)
        }
    }

    @Test("Q2_K has a scale and a minimum in each byte, and four runs of 32 weights in 32 bytes")
    func twoBitsByHand() {
        // Group g has scale g and minimum 15 - g; run r of each half has the quant r. Scale 1, minimum 2.
        let scales = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let quants = [UInt8](repeating: 0b1110_0100, count: 64)
        let values = decode(.q2_K, scales + quants + [0x00, 0x3C, 0x00, 0x40])
        for (i, value) in values.enumerated() {
            let group = i / 16
            #expect(value == Float(i / 32 % 4 * group - 2 * (15 - group)))
        }
    }

    @Test("Q3_K takes four off where its high bit is not set, and 32 off its scales")
    func threeBitsByHand() {
        // Low bits 3, high bits of runs 1, 4 and 6. Scale 0.5; group g has the scale 3 * g + 2.
        let scales = (0..<16).map { 3 * $0 + 2 }
        let low: [UInt8] = (0..<8).map { UInt8(scales[$0] & 15 | (scales[$0 + 8] & 15) << 4) }
        var high = [UInt8](repeating: 0, count: 4)
        for (group, scale) in scales.enumerated() { high[group % 4] |= UInt8(scale >> 4) << UInt8(group / 4 * 2) }
        let highBits = [UInt8](repeating: 0b0101_0010, count: 32)
        let quants = [UInt8](repeating: 0xFF, count: 64), half: [UInt8] = [0x00, 0x38]
        let values = decode(.q3_K, highBits + quants + low + high + half)
        for (i, value) in values.enumerated() {
            let quant = [1, 4, 6].contains(i / 32) ? 3 : -1
            #expect(value == Float(quant * (scales[i / 16] - 32)) / 2)
        }
    }

    @Test("IQ4_NL and IQ4_XS look their weights up in a table, IQ4_XS with six bits of scale for each 32")
    func tablesByHand() {
        // Byte i holds i and 15 - i.
        let nibbles = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let table: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
        let expected = table + table.reversed()
        #expect(decode(.iq4_nl, [0x00, 0x38] + nibbles) == expected.map { $0 / 2 })
        // Group g has the scale 8 * g + 3, less 32.
        let scales = (0..<8).map { 8 * $0 + 3 }
        var high = 0
        var low = [UInt8](repeating: 0, count: 4)
        for (group, scale) in scales.enumerated() {
            high |= (scale >> 4) << (2 * group)
            low[group / 2] |= UInt8(scale & 15) << UInt8(group % 2 * 4)
        }
        let half: [UInt8] = [0x00, 0x38], highBytes = [UInt8(high & 255), UInt8(high >> 8)]
        let quants: [UInt8] = (0..<8).flatMap { _ in nibbles }
        let values = decode(.iq4_xs, half + highBytes + low + quants)
        for (i, value) in values.enumerated() {
            #expect(value == expected[i % 32] * Float(scales[i / 32] - 32) / 2)
        }
    }

    @Test("MXFP4 is a power of two times a float of four bits, low nibbles before high ones")
    func smallFloatsByHand() {
        let table: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6]
        let nibbles = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        // The exponents of 1, of the least scale, of the next one, and of the greatest whose weights are all floats.
        for (exponent, power) in [(127, 0), (0, -127), (1, -126), (252, 125)] {
            let scale = Float(sign: .plus, exponent: power, significand: 1)
            let expected = (table + table.reversed()).map { $0 * scale }
            #expect(decode(.mxfp4, [UInt8(exponent)] + nibbles) == expected)
        }
    }

    @Test("Every MXFP4 weight is packed without loss, whatever its exponent")
    func smallFloatsPackExactly() {
        // A row of 32 blocks has each eighth exponent, and every row other ones; each block has all codes twice.
        let codes = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let bytes = (0..<8).flatMap { row in (0..<32).flatMap { [UInt8(8 * $0 + row)] + codes } }
        let columns = 32 * 32
        let matrix = TestMatrix(.mxfp4, rows: 8, columns: columns, bytes: bytes)
        for row in 0..<8 {
            var found = [Float](repeating: 0, count: columns)
            withUnsafePointer(to: matrix.packed) { lw_matrix_row($0, row, &found) }
            #expect(found == Array(matrix.weights[row * columns..<(row + 1) * columns]))
        }
    }

    @Test("Rows encoded for tests decode close to what they were", arguments: encodable)
    func encoderRoundTrip(type: TensorType, tolerance: Float) {
        var random = SplitMix64(seed: 7)
        let values = (0..<256).map { _ in random.symmetric() }
        let decoded = decode(type, Quantize.encode(values, as: type))
        #expect(zip(values, decoded).allSatisfy { abs($0 - $1) <= tolerance })
    }

    /// Half a step of each type over values in [-1, 1].
    private static let encodable: [(TensorType, Float)] = [
        (.f32, 0), (.f16, 0.0003), (.bf16, 0.008), (.q8_0, 0.0045), (.q5_0, 0.035), (.q5_1, 0.034),
        (.q4_0, 0.072), (.q4_1, 0.068), (.iq4_nl, 0.11), (.mxfp4, 0.13),
    ]

    private func scale(_ group: Int) -> Int { 8 * group + 1 }
    private func minimum(_ group: Int) -> Int { 7 * group + 3 }

    /// The eight groups' scales and minimums, packed bit by bit as the format's description says.
    private var packedScales: [UInt8] {
        let scales = (0..<8).map { UInt8(scale($0)) }
        let minimums = (0..<8).map { UInt8(minimum($0)) }
        let first = (0..<4).map { scales[$0] | (scales[$0 + 4] >> 4) << 6 }
        let second = (0..<4).map { minimums[$0] | (minimums[$0 + 4] >> 4) << 6 }
        let third = (4..<8).map { scales[$0] & 15 | minimums[$0] << 4 }
        return first + second + third
    }

    private func decode(_ type: TensorType, _ blocks: [UInt8]) -> [Float] {
        blocks.withUnsafeBytes { type.dequantize($0) }
    }

    private static func vectors() throws -> [Vector] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/dequantize", withExtension: "txt"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            let values = bytes(hexadecimal: words[2])
            return Vector(
                type: try #require(TensorType.readable.first { $0.description == words[0] }),
                blocks: bytes(hexadecimal: words[1]),
                bits: stride(from: 0, to: values.count, by: 4).map { start in
                    (0..<4).reduce(0) { $0 | UInt32(values[start + $1]) << UInt32(8 * $1) }
                })
        }
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
