import LapwingAPI
import LapwingModel

/// Memory that draws share: as large as the vocabulary, and never asked for again while the engine runs.
package struct SamplerScratch {
    private var row: [Float] = []
    var candidates = Candidates()
    /// The vocabulary's weights, relative to the most probable token's.
    private(set) var weights: [Float] = []

    package init() {}

    mutating func takeRow(copying source: UnsafeBufferPointer<Float>) -> [Float] {
        var taken: [Float] = []
        swap(&taken, &row)
        taken.removeAll(keepingCapacity: true)
        taken += source
        return taken
    }

    mutating func giveBack(_ taken: inout [Float]) { swap(&taken, &row) }

    /// Writes each token's weight, `exp((logit - maximum) * scale)`, and gives their sum.
    mutating func weigh(_ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float) -> Double {
        if weights.count != row.count { weights = Array(repeating: 0, count: row.count) }
        return weights.withUnsafeMutableBufferPointer {
            LogitMath.weights(of: row, maximum: maximum, scale: scale, into: $0)
        }
    }
}

extension Sampler {
    /// The token at share `uniform` of the whole vocabulary's mass, in the order of ids.
    func chooseFromAll(
        _ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, uniform: Double, scratch: inout SamplerScratch
    ) -> TokenID? {
        let target = uniform * scratch.weigh(row, maximum: maximum, scale: scale)
        var sum = 0.0
        let drawn = scratch.weights.firstIndex { weight in
            sum += Double(weight)
            return sum > target
        }
        // The two sums round differently, so the target may be a hair past the end.
        return (drawn ?? scratch.weights.lastIndex { $0 > 0 }).map { TokenID($0) }
    }

    func chooseFiltered(
        _ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, uniform: Double, scratch: inout SamplerScratch
    ) -> TokenID? {
        let total: Double
        if let topK = sampling.topK {
            gather(topK, of: row, maximum: maximum, scale: scale, scratch: &scratch)
            total = scratch.candidates.mass
        } else {
            total = scratch.weigh(row, maximum: maximum, scale: scale)
            gather(mass: sampling.topP * total, total: total, of: row, scratch: &scratch)
        }
        // Damaged weights make logits that are no numbers, of which none has a weight.
        guard total > 0 else { return nil }
        if sampling.topP < 1 { scratch.candidates.keepMass(sampling.topP * total) }
        scratch.candidates.keepWeights(from: Float(sampling.minP))
        return scratch.candidates.drawn(uniform)
    }

    /// Collects at least the most probable tokens that together have `mass`, less those that `minP` drops.
    private func gather(
        mass: Double, total: Double, of row: UnsafeBufferPointer<Float>, scratch: inout SamplerScratch
    ) {
        // What is lighter than this sums up to less than `mass` leaves out. The few near the top are often enough.
        let lightest = Float((total - mass) / Double(row.count)) * 0.99
        for floor in [3.4e-4, lightest] {
            scratch.candidates.gather(row, weights: scratch.weights, floor: max(floor, Float(sampling.minP)))
            if floor <= Float(sampling.minP) || scratch.candidates.mass >= mass { return }
        }
    }

    /// Up to this many are found by one scan of the logits; for more, the vocabulary is weighed and cut.
    private static let fewTokens = 256

    /// Collects the `count` most probable tokens.
    private func gather(
        _ count: Int, of row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, scratch: inout SamplerScratch
    ) {
        guard count > Self.fewTokens else {
            let ids = LogitMath.top(count, row).sorted()
            return scratch.candidates.gather(ids, of: row, maximum: maximum, scale: scale)
        }
        _ = scratch.weigh(row, maximum: maximum, scale: scale)
        // The few near the top are nearly always enough (e^-8, e^-16); in a flat distribution all are taken.
        for floor in [3.4e-4, 1.1e-7, 0] as [Float] {
            scratch.candidates.gather(row, weights: scratch.weights, floor: floor)
            if scratch.candidates.count >= count { return scratch.candidates.keepMostProbable(count) }
        }
    }
}
