import CLapwingKernels
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Floats to quantised blocks")
struct QuantizerTests {
    static let blockTypes: [TensorType] = [
        .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_nl, .iq4_xs,
    ]

    @Test("Every type that a file may be quantised to has a quantiser, and no other has one")
    func typesAreKnown() {
        let known = TensorType.allCases.filter { lw_can_quantize($0.rawValue) }
        #expect(Set(known) == Set(Self.blockTypes + [.f32, .f16, .bf16]))
        #expect(Set(QuantizationType.allCases.map(\.tensorType)).isSubset(of: known))
    }

    /// Root mean squares of the error over values of standard deviation one, somewhat above what the search reaches.
    private static let bounds: [(TensorType, Float)] = [
        (.q8_0, 0.0065), (.q6_K, 0.021), (.q5_K, 0.037), (.q5_1, 0.037), (.q5_0, 0.043), (.q4_K, 0.075),
        (.q4_1, 0.073), (.q4_0, 0.088), (.iq4_nl, 0.083), (.iq4_xs, 0.083), (.q3_K, 0.16), (.q2_K, 0.31),
    ]

    @Test("What comes back is as near as the type's bits allow", arguments: bounds)
    func roundTrip(type: TensorType, bound: Float) {
        let values = normal(16 * 256, seed: 1)
        #expect(rootMeanSquare(values, quantised(values, type)) < bound)
    }

    @Test("A block's error is never above that of plain rounding, with and without importance", arguments: blockTypes)
    func neverWorseThanPlain(type: TensorType) {
        for seed in 1...8 as ClosedRange<UInt64> {
            var values = normal(256, seed: seed), random = SplitMix64(seed: seed)
            // Outliers, one-sided blocks and constant ones are where a search could go wrong.
            values[random.below(256)] *= 20
            if seed % 3 == 0 { values = values.map { abs($0) + 0.5 } }
            if seed == 7 { values = values.map { _ in -0.37 } }
            let importance = (0..<256).map { _ in 0.01 + abs(random.symmetric()) * 3 }
            for weights in [nil, importance] {
                let plain = PlainRounding.roundTrip(values, as: type)
                let searched = quantised(values, type, importance: weights)
                let limit = weighted(values, plain, weights) * 1.0001 + 1e-12
                #expect(weighted(values, searched, weights) <= limit, "\(type) with seed \(seed)")
            }
        }
    }

    @Test("Importance moves the error to where it counts less", arguments: blockTypes)
    func importanceHelps(type: TensorType) {
        let values = normal(256 * 8, seed: 3)
        var random = SplitMix64(seed: 4)
        let importance = (0..<values.count).map { _ in random.below(8) == 0 ? Float(7) : 0.14 }
        let even = weighted(values, quantised(values, type), importance)
        #expect(weighted(values, quantised(values, type, importance: importance), importance) < even * 0.97)
    }

    @Test("Values on a block's own grid come back exactly", arguments: blockTypes)
    func exactOnGrid(type: TensorType) {
        var random = SplitMix64(seed: 9)
        for _ in 0..<20 {
            let values = Self.onGrid(type, using: &random)
            #expect(quantised(values, type) == values)
        }
    }

    @Test("Zero, constant, tiny and huge blocks have finite results", arguments: blockTypes)
    func extremes(type: TensorType) {
        for value in [0, 1e-42, -1e-30, 1e-7, 3, -60_000] as [Float] {
            let result = quantised([Float](repeating: value, count: 256), type)
            #expect(result.allSatisfy { $0.isFinite && abs($0 - value) <= abs(value) * 0.13 + 1e-7 }, "\(value)")
        }
        #expect(quantised([Float](repeating: 0, count: 256), type).allSatisfy { $0 == 0 && $0.sign == .plus })
        #expect(quantised(normal(256, seed: 1).map { $0 * 1e37 }, type).allSatisfy { !$0.isNaN })
    }

    @Test("Floats become the nearest halves and bfloat16s, and stay finite")
    func floats() {
        let values: [Float] = [0, -0.0, 1, 1.0009765625, 65504, 1e30, -1e30, 3.389e38, 1.00390625, 1.01171875, 6e-8]
        let halves = quantised(values, .f16), brains = quantised(values, .bf16)
        #expect(halves == [0, -0.0, 1, 1.0009765625, 65504, 65504, -65504, 65504, 1.00390625, 1.01171875, 0x1p-24])
        #expect(brains[..<3] == [0, -0.0, 1] && brains[7].isFinite)
        // Halfway between two, the even one.
        #expect(brains[8] == 1 && brains[9] == 1.015625)
        #expect(quantised(values, .f32) == values)
    }

    @Test("The blocks of a fixed row have had the same bytes ever since", arguments: blockTypes)
    func bytesAreFixed(type: TensorType) throws {
        let bytes = encoded(exactNormal(512, seed: 5), type)
        let sum = bytes.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        #expect(sum == Self.sums[type], "\(type): \(sum)")
    }

    /// FNV-1a over the bytes: the same on every machine, as no operation is left to the compiler.
    private static let sums: [TensorType: UInt64] = [
        .q4_0: 0x40B969E3F87905C3,
        .q4_1: 0x126388A0686B3296,
        .q5_0: 0x50536029F3A6C0A5,
        .q5_1: 0x5141ED2569DF5AF6,
        .q8_0: 0xD021A268414FE97E,
        .q2_K: 0x927D66CED28C492F,
        .q3_K: 0x757E446C45D3E946,
        .q4_K: 0x6EE471B5F7BB9BC6,
        .q5_K: 0x59CDEF49A96844F2,
        .q6_K: 0x354931947ECBE2E2,
        .iq4_nl: 0x6FCFB94B1F79BFA6,
        .iq4_xs: 0x4B7A0CFACF5ED013,
    ]

    // MARK: Values

    /// Sums of whole numbers, so that no library's logarithm decides on the last bit.
    private func exactNormal(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in (0..<12).reduce(Float(0)) { sum, _ in sum + random.symmetric() } / 2 }
    }

    private func normal(_ count: Int, seed: UInt64) -> [Float] { exactNormal(count, seed: seed) }

    /// A block whose scales use the whole of their range, with every code of the ends in each group.
    private static func onGrid(_ type: TensorType, using random: inout SplitMix64) -> [Float] {
        let table: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
        /// Numbers with the first as given, the others at random.
        func numbers(_ count: Int, first: [Float], from all: [Float]) -> [Float] {
            first + (first.count..<count).map { _ in all[random.below(all.count)] }
        }
        func whole(_ low: Int, _ high: Int) -> [Float] { (low...high).map(Float.init) }
        func blocks(_ first: [Float], _ all: [Float], _ minimum: Float = 0) -> [Float] {
            (0..<8).flatMap { _ in numbers(32, first: first, from: all).map { $0 * 0.25 + minimum } }
        }
        func groups(_ count: Int, scales: [Float], depths: [Float]?, first: [Float], _ all: [Float]) -> [Float] {
            (0..<count).flatMap { group -> [Float] in
                // The first group has the greatest scale and depth, which the block's own follow from.
                let scale = group == 0 ? scales[0] : scales[random.below(scales.count)]
                let depth = depths.map { group == 0 ? $0[0] : $0[random.below($0.count)] } ?? 0
                return numbers(256 / count, first: first, from: all).map { $0 * scale * 0x1p-6 - depth * 0x1p-4 }
            }
        }
        switch type {
        case .q4_0: return blocks([-8], whole(-8, 7))
        case .q5_0: return blocks([-16], whole(-16, 15))
        case .q8_0: return blocks([-127], whole(-127, 127))
        case .q4_1: return blocks([0, 15], whole(0, 15), -1.75)
        case .q5_1: return blocks([0, 31], whole(0, 31), 0.5)
        case .iq4_nl: return blocks([-127], table)
        case .iq4_xs: return groups(8, scales: [-32, 7, 20, 31], depths: nil, first: [-127], table)
        case .q3_K: return groups(16, scales: [-32, 9, 20, 31], depths: nil, first: [-4, 3], whole(-4, 3))
        case .q6_K: return groups(16, scales: [-128, 50, 100, 127], depths: nil, first: [-32, 31], whole(-32, 31))
        case .q4_K: return groups(8, scales: [63, 40, 50], depths: [63, 0, 30, 45], first: [0, 15], whole(0, 15))
        case .q5_K: return groups(8, scales: [63, 40, 50], depths: [63, 0, 30, 45], first: [0, 31], whole(0, 31))
        case .q2_K: return groups(16, scales: [15, 9, 12], depths: [15, 0, 7, 11], first: [0, 1, 2, 3], whole(0, 3))
        default: preconditionFailure("no grid for \(type)")
        }
    }

    private func encoded(_ values: [Float], _ type: TensorType, importance: [Float]? = nil) -> [UInt8] {
        let byteCount = values.count / type.blockElementCount * type.blockByteCount
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
        defer { memory.deallocate() }
        if let base = memory.baseAddress { lw_quantize(type.rawValue, values, importance, values.count, base) }
        return Array(memory)
    }

    private func quantised(_ values: [Float], _ type: TensorType, importance: [Float]? = nil) -> [Float] {
        encoded(values, type, importance: importance).withUnsafeBytes { type.dequantize($0) }
    }

    private func rootMeanSquare(_ one: [Float], _ other: [Float]) -> Float {
        (weighted(one, other, nil) / Float(one.count)).squareRoot()
    }

    private func weighted(_ one: [Float], _ other: [Float], _ weights: [Float]?) -> Float {
        zip(one, other).enumerated().reduce(0) { sum, pair in
            let error = pair.element.0 - pair.element.1
            return sum + (weights?[pair.offset] ?? 1) * error * error
        }
    }
}
