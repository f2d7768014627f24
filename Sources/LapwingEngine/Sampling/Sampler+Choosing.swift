import Foundation
import LapwingAPI
import LapwingModel

/// Memory that draws share: as large as the vocabulary, and never asked for again while the engine runs.
package struct SamplerScratch {
    private var row: [Float] = []
    var candidates = Candidates()
    /// Weights relative to the most probable token.
    var weights: [Float] = []

    package init() {}

    mutating func takeRow(copying source: UnsafeBufferPointer<Float>) -> [Float] {
        var taken: [Float] = []
        swap(&taken, &row)
        taken.removeAll(keepingCapacity: true)
        taken += source
        return taken
    }

    mutating func giveBack(_ taken: inout [Float]) { swap(&taken, &row) }
}

extension Sampler {
    /// The token at share `uniform` of the whole vocabulary's mass, in the order of ids.
    func chooseFromAll(
        _ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, uniform: Double, scratch: inout SamplerScratch
    ) -> TokenID? {
        let target = uniform * weigh(row, maximum: maximum, scale: scale, into: &scratch.weights)
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
        // Of the whole vocabulary: with top_k the nucleus is taken from what that leaves, see below.
        let nucleusMass =
            sampling.topK == nil && sampling.topP < 1
            ? sampling.topP * weigh(row, maximum: maximum, scale: scale, into: &scratch.weights) : 0
        gather(row, maximum: maximum, scale: scale, nucleusMass: nucleusMass, into: &scratch.candidates)
        if let topK = sampling.topK { scratch.candidates.keepMostProbable(max(topK, 1)) }
        if sampling.topP < 1 {
            scratch.candidates.keepMass(sampling.topK == nil ? nucleusMass : sampling.topP * scratch.candidates.mass)
        }
        if sampling.minP > 0 { scratch.candidates.keepAtLeast(leastLogit) }
        return scratch.candidates.drawn(uniform)
    }

    /// What `minP` asks for, as a logit relative to the most probable token.
    private var leastLogit: Float { Float(log(sampling.minP)) }

    /// Collects enough of the most probable tokens for the filters to choose from.
    private func gather(
        _ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, nucleusMass: Double,
        into candidates: inout Candidates
    ) {
        // The few tokens near the top are nearly always enough; in a flat distribution all are taken.
        for floor in [-8, -16, -Float.infinity] {
            candidates.gather(row, maximum: maximum, scale: scale, floor: floor)
            let isEnough =
                if let topK = sampling.topK { candidates.count >= topK } else if sampling.topP < 1 {
                    candidates.mass >= nucleusMass
                } else { floor <= leastLogit }
            if isEnough { return }
        }
    }
}

/// Writes each token's weight, `exp((logit - maximum) * scale)`, and gives their sum.
private func weigh(
    _ row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, into weights: inout [Float]
) -> Double {
    if weights.count != row.count { weights = Array(repeating: 0, count: row.count) }
    return weights.withUnsafeMutableBufferPointer {
        LogitMath.weights(of: row, maximum: maximum, scale: scale, into: $0)
    }
}
