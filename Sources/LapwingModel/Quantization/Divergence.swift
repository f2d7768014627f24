import Foundation

/// How far one model's predictions are from another's: the mean Kullback-Leibler divergence of the next token's
/// distribution, in nats.
package struct Divergence: Sendable, Equatable {
    package var mean: Double
    package var positionCount: Int
    /// The share of positions at which both hold the same token for the likeliest.
    package var agreement: Double

    /// Rows whose logits are kept at a time: some megabytes.
    private static let rowsAtOnce = 32

    /// Of `model` from `reference`, which has the same vocabulary, over a text; `progress` gets the tokens that are done.
    package init(
        of model: LanguageModel, from reference: LanguageModel, over text: CalibrationText,
        progress: (_ tokenCount: Int) -> Void = { _ in }
    ) throws {
        let vocabulary = reference.configuration.vocabularySize
        precondition(model.configuration.vocabularySize == vocabulary, "both models have one vocabulary")
        let caches = (try model.makeCache(for: text), try reference.makeCache(for: text))
        var expected = [Float](repeating: 0, count: Self.rowsAtOnce * vocabulary)
        var (sum, same, done) = (0.0, 0, 0)
        for sequence in text.sequences {
            for start in stride(from: 0, to: sequence.count, by: Self.rowsAtOnce) {
                try Task.checkCancellation()
                let tokens = sequence[start..<min(start + Self.rowsAtOnce, sequence.count)]
                expected.withUnsafeMutableBufferPointer { expected in
                    func place(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
                        UnsafeMutableBufferPointer(rebasing: expected[row * vocabulary..<(row + 1) * vocabulary])
                    }
                    reference.forward(ModelStep(tokens, at: start, in: caches.1), cache: caches.1) { row, logits in
                        _ = place(row).update(from: logits)
                    }
                    model.forward(ModelStep(tokens, at: start, in: caches.0), cache: caches.0) { row, logits in
                        let (p, q) = (UnsafeBufferPointer(place(row)), UnsafeBufferPointer(logits))
                        sum += Self.divergence(of: q, from: p)
                        same += LogitMath.argmax(p) == LogitMath.argmax(q) ? 1 : 0
                    }
                }
                done += tokens.count
                progress(done)
            }
        }
        guard sum.isFinite else { throw QuantizationError.divergenceNotFinite }
        (mean, positionCount, agreement) = (sum / Double(max(1, done)), done, Double(same) / Double(max(1, done)))
    }

    /// The sum of p (log p - log q) for logits of both: with d = p's logit - q's, the mean of d under p and the logarithm of
    /// the mean of e^-d. So no difference of great sums is taken, and the divergence of near copies keeps its digits.
    private static func divergence(of q: UnsafeBufferPointer<Float>, from p: UnsafeBufferPointer<Float>) -> Double {
        let greatest = Double(LogitMath.maximum(p))
        var (total, differences, ratios) = (0.0, 0.0, 0.0)
        for token in 0..<p.count {
            let difference = Double(p[token]) - Double(q[token]), weight = exp(Double(p[token]) - greatest)
            total += weight
            differences += weight * difference
            ratios += weight * exp(-difference)
        }
        let divergence = differences / total + log(ratios / total)
        // Rounding may take it below nothing; what is no number stays none.
        return divergence < 0 ? 0 : divergence
    }
}
