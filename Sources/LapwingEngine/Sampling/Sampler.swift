import Foundation
import LapwingAPI
import LapwingModel

/// Draws tokens from rows of logits.
///
/// In this order: `logitBias` is added; the repetition penalty divides positive and multiplies negative logits of every
/// token of prompt and answer; presence and frequency penalties are taken off the tokens of the answer; then
/// `temperature`, `topK`, `topP` (of what `topK` left) and `minP` (relative to the most probable token). Temperature 0
/// takes the most probable token, of equals the one with the lowest id. The row itself is never changed, so that
/// reported log-probabilities are those of the unmodified distribution. The vocabulary is never sorted.
package struct Sampler: Sendable {
    package let sampling: Sampling
    private let stream: DrawStream

    /// Under this the division would only lose digits: the most probable token has all the mass long before.
    private static let leastTemperature = 1e-6

    package init(_ sampling: Sampling, seed: UInt64, choice: Int) {
        self.sampling = sampling
        stream = DrawStream(seed: seed, choice: choice)
    }

    /// Whether the prompt's tokens make a difference to the draws.
    var readsPrompt: Bool { sampling.repetitionPenalty != 1 }

    /// The next token after `history`. `scratch` is overwritten; one is enough for all sequences.
    package func draw(
        from row: UnsafeBufferPointer<Float>, history: TokenHistory, scratch: inout SamplerScratch
    ) -> TokenID {
        guard changesLogits else { return choose(from: row, place: history.drawnCount, scratch: &scratch) }
        var edited = scratch.takeRow(copying: row)
        defer { scratch.giveBack(&edited) }
        applyBiasAndPenalties(to: &edited, history: history)
        return edited.withUnsafeBufferPointer { choose(from: $0, place: history.drawnCount, scratch: &scratch) }
    }

    private var changesLogits: Bool {
        !sampling.logitBias.isEmpty || sampling.repetitionPenalty != 1 || sampling.presencePenalty != 0
            || sampling.frequencyPenalty != 0
    }

    private func applyBiasAndPenalties(to row: inout [Float], history: TokenHistory) {
        for (token, bias) in sampling.logitBias where row.indices.contains(Int(token)) {
            row[Int(token)] += Float(bias)
        }
        if sampling.repetitionPenalty != 1 {
            let penalty = Float(sampling.repetitionPenalty)
            for token in history.promptTokens.union(history.drawnCounts.keys) {
                let logit = row[Int(token)]
                row[Int(token)] = logit > 0 ? logit / penalty : logit * penalty
            }
        }
        if sampling.presencePenalty != 0 || sampling.frequencyPenalty != 0 {
            for (token, count) in history.drawnCounts {
                row[Int(token)] -= Float(sampling.presencePenalty + sampling.frequencyPenalty * Double(count))
            }
        }
    }

    private func choose(
        from row: UnsafeBufferPointer<Float>, place: Int, scratch: inout SamplerScratch
    ) -> TokenID {
        let best = LogitMath.argmax(row)
        guard sampling.temperature >= Self.leastTemperature else { return TokenID(best) }
        let scale = Float(1 / sampling.temperature)
        let isFiltered = sampling.topK != nil || sampling.topP < 1 || sampling.minP > 0
        let uniform = stream.uniform(at: place)
        let drawn =
            isFiltered
            ? chooseFiltered(row, maximum: row[best], scale: scale, uniform: uniform, scratch: &scratch)
            : chooseFromAll(row, maximum: row[best], scale: scale, uniform: uniform, scratch: &scratch)
        return drawn ?? TokenID(best)
    }
}
