import LapwingAPI
import LapwingModel

/// Log-probabilities of the unmodified distribution, read off one row of logits. Valid as long as the row is.
struct RowReader {
    private let row: UnsafeBufferPointer<Float>
    private let normalizer: Double

    init(_ row: UnsafeBufferPointer<Float>) {
        self.row = row
        normalizer = Double(LogitMath.logSumExp(row))
    }

    /// The same token always gives the same number, so that "is it the best?" can be asked with `==`.
    ///
    /// Damaged weights can make logits that are no numbers; those count as `unlikeliest`, because JSON cannot hold them.
    func logProbability(of token: TokenID) -> Float {
        let value = Float(Double(row[Int(token)]) - normalizer)
        return value.isFinite ? value : Self.unlikeliest
    }

    private static let unlikeliest: Float = -9999

    func score(of token: TokenID) -> TokenScore {
        let best = TokenID(LogitMath.argmax(row))
        return TokenScore(
            logProbability: logProbability(of: token), best: best, bestLogProbability: logProbability(of: best))
    }

    /// The `count` most probable tokens, best first, of equals the lowest id first.
    func top(_ count: Int) -> [(token: TokenID, logProbability: Float)] {
        LogitMath.top(count, row).map { (TokenID($0), logProbability(of: TokenID($0))) }
    }
}
