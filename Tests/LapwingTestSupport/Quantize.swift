import LapwingModel
import LapwingStatistics

/// Rows of floats as the bytes of a tensor type. The simplest rounding that decodes close to the values, no better.
package enum Quantize {
    /// Traps for a type that `randomBlocks` must be used for, and where the values are no whole number of blocks.
    package static func encode(_ values: [Float], as type: TensorType) -> [UInt8] {
        precondition(values.count % type.blockElementCount == 0, "only whole blocks can be encoded")
        switch type {
        case .f32: return values.flatMap { littleEndian($0.bitPattern) }
        case .f16: return values.flatMap { half($0) }
        case .bf16: return values.flatMap { littleEndian(UInt16(truncatingIfNeeded: $0.bitPattern >> 16)) }
        default: break
        }
        return stride(from: 0, to: values.count, by: type.blockElementCount).flatMap { start -> [UInt8] in
            let block = Array(values[start..<start + type.blockElementCount])
            switch type {
            case .q4_0: return symmetric(block, bits: 4)
            case .q5_0: return symmetric(block, bits: 5)
            case .q4_1: return affine(block, bits: 4)
            case .q5_1: return affine(block, bits: 5)
            case .q8_0: return eightBit(block)
            case .iq4_nl: return tabled(block)
            case .mxfp4: return microscaled(block)
            default: preconditionFailure("no encoder for \(type)")
            }
        }
    }

    /// Blocks of random quants whose values spread evenly about zero, up to about `magnitude`, for the K types.
    package static func randomBlocks(
        _ type: TensorType, elementCount: Int, magnitude: Float, using random: inout SplitMix64
    ) -> [UInt8] {
        precondition(elementCount % type.blockElementCount == 0, "only whole blocks can be made")
        return (0..<elementCount / type.blockElementCount).flatMap { _ -> [UInt8] in
            // A group's scale is its six or eight bits times the block's; the minimum centres the quants on zero.
            switch type {
            case .q2_K:
                // The minimum's nibble is that of the scale.
                (0..<16).map { _ in UInt8(4 + random.below(12)) * 17 } + random.bytes(64)
                    + half(magnitude / 15 / 1.5) + half(magnitude / 15)
            case .q3_K:
                random.bytes(108) + half(magnitude / 32 / 4)
            case .iq4_xs:
                half(magnitude / 32 / 127) + random.bytes(134)
            case .q4_K:
                half(magnitude / 63 / 7.5) + half(magnitude / 63) + groupScales(using: &random) + random.bytes(128)
            case .q5_K:
                half(magnitude / 63 / 15.5) + half(magnitude / 63) + groupScales(using: &random) + random.bytes(160)
            case .q6_K:
                random.bytes(208) + half(magnitude / 128 / 32)
            default: preconditionFailure("no random blocks for \(type)")
            }
        }
    }

    private static func symmetric(_ block: [Float], bits: Int) -> [UInt8] {
        let middle = 1 << (bits - 1)
        let greatest = block.map(abs).max() ?? 0
        let scale = Float16Bits.round(greatest / Float(middle - 1))
        let quants = block.map { scale == 0 ? middle : clamp($0 / scale + Float(middle), to: 2 * middle - 1) }
        return half(scale) + packed(quants, bits: bits)
    }

    private static func affine(_ block: [Float], bits: Int) -> [UInt8] {
        let top = (1 << bits) - 1
        let least = Float16Bits.round(block.min() ?? 0)
        let scale = Float16Bits.round(((block.max() ?? 0) - least) / Float(top))
        let quants = block.map { scale == 0 ? 0 : clamp(($0 - least) / scale, to: top) }
        return half(scale) + half(least) + packed(quants, bits: bits)
    }

    private static func eightBit(_ block: [Float]) -> [UInt8] {
        let scale = Float16Bits.round((block.map(abs).max() ?? 0) / 127)
        let quants = block.map { scale == 0 ? 0 : Int8(max(-127, min(127, ($0 / scale).rounded()))) }
        return half(scale) + quants.map { UInt8(bitPattern: $0) }
    }

    /// What the sixteen codes of IQ4_NL stand for.
    private static let table: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

    private static func tabled(_ block: [Float]) -> [UInt8] {
        let scale = Float16Bits.round((block.map(abs).max() ?? 0) / 113)
        func code(_ value: Float) -> Int {
            table.indices.min { abs(table[$0] * scale - value) < abs(table[$1] * scale - value) } ?? 0
        }
        return half(scale) + packed(block.map(code), bits: 4)
    }

    /// What the sixteen codes of MXFP4 stand for, times the block's power of two.
    private static let smallFloats: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, 0, -0.5, -1, -1.5, -2, -3, -4, -6]

    private static func microscaled(_ block: [Float]) -> [UInt8] {
        let greatest = block.map(abs).max() ?? 0
        // The greatest code is 6; what is over 7 of a unit is nearer to a code of twice the unit.
        let exponent = greatest > 0 ? (greatest / 7).exponent + 1 : 0
        let scale = Float(sign: .plus, exponent: exponent, significand: 1)
        func code(_ value: Float) -> Int {
            smallFloats.indices.min { abs(smallFloats[$0] * scale - value) < abs(smallFloats[$1] * scale - value) } ?? 0
        }
        return [UInt8(exponent + 127)] + packed(block.map(code), bits: 4)
    }

    /// Fifth bits first where there are any, then nibbles: weight i in the low and i + 16 in the high half of byte i.
    private static func packed(_ quants: [Int], bits: Int) -> [UInt8] {
        let high = quants.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element >> 4 & 1) << UInt32($1.offset) }
        let low = (0..<16).map { UInt8(quants[$0] & 15 | (quants[$0 + 16] & 15) << 4) }
        return (bits == 5 ? littleEndian(high) : []) + low
    }

    /// Eight six-bit scales, and minimums equal to them, in the twelve bytes of a K block.
    private static func groupScales(using random: inout SplitMix64) -> [UInt8] {
        let scales = (0..<8).map { _ in UInt8(16 + random.below(48)) }
        let whole = (0..<4).map { scales[$0] | (scales[$0 + 4] >> 4) << 6 }
        return whole + whole + (4..<8).map { scales[$0] & 15 | scales[$0] << 4 }
    }

    private static func clamp(_ value: Float, to top: Int) -> Int { max(0, min(top, Int(value.rounded()))) }
    private static func half(_ value: Float) -> [UInt8] { littleEndian(Float16Bits.bits(of: value)) }

    private static func littleEndian<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
}
