import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("The nucleus of a large vocabulary")
struct NucleusTests {
    /// The draw out of the fewest tokens that have `topP` of the mass, found by a sort; nil where rounding could decide.
    private func reference(_ row: [Float], _ sampling: Sampling, uniform: Double) -> TokenID? {
        var weights = row
        let total = row.withUnsafeBufferPointer { row in
            weights.withUnsafeMutableBufferPointer {
                LogitMath.weights(
                    of: row, maximum: LogitMath.maximum(row), scale: Float(1 / sampling.temperature), into: $0)
            }
        }
        let order = row.indices.sorted { row[$0] == row[$1] ? $0 < $1 : row[$0] > row[$1] }
        let target = sampling.topP * total
        var (mass, kept) = (0.0, [Int]())
        for id in order where mass < target {
            mass += Double(weights[id])
            kept.append(id)
            if abs(mass - target) < 1e-9 * total { return nil }
        }
        var sum = 0.0
        for id in kept.sorted() {
            sum += Double(weights[id])
            if abs(sum - uniform * mass) < 1e-9 * total { return nil }
            if sum > uniform * mass { return TokenID(id) }
        }
        return nil
    }

    @Test("Draws are those of the sorted definition, from peaked to flat", arguments: [0.1, 1, 3, 8] as [Float])
    func agreesWithSort(spread: Float) {
        var random = SplitMix64(seed: 9)
        var compared = 0
        for seed in 0..<24 as Range<UInt64> {
            // Sums of four are near to a bell; rounding some rows makes ties.
            let grain: Float = seed % 3 == 0 ? 8 : 0x1p20
            let row = (0..<20_000).map { _ in
                ((0..<4).reduce(0) { sum, _ in sum + random.symmetric() } * spread * grain).rounded() / grain
            }
            var sampling = Sampling()
            sampling.temperature = [0.7, 1, 1.5][Int(seed % 3)]
            for topP in [0.02, 0.5, 0.95, 0.999] {
                sampling.topP = topP
                let uniform = DrawStream(seed: seed, choice: 0).uniform(at: 0)
                guard let expected = reference(row, sampling, uniform: uniform) else { continue }
                compared += 1
                #expect(SamplerTests.draw(row, seed: seed) { $0 = sampling } == expected, "\(sampling)")
            }
        }
        #expect(compared > 80)
    }
}
