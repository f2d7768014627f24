import LapwingAPI
import LapwingText

/// How tokens are reported: with their own bytes, and with log-probabilities where the request asks for them.
package struct TokenReport {
    let tokenizer: Tokenizer
    /// nil reports no log-probabilities.
    let topCount: Int?

    package init(tokenizer: Tokenizer, topCount: Int?) {
        self.tokenizer = tokenizer
        self.topCount = topCount
    }

    /// Control tokens are reported by their name, such as `<|im_end|>`; text never holds them.
    func scored(_ token: TokenID, row: RowReader?) -> ScoredToken {
        var scored = ScoredToken(id: token, bytes: bytes(token), logProbability: nil)
        scored.isText = !tokenizer.bytes(of: token).isEmpty
        guard let topCount, let row else { return scored }
        scored.logProbability = row.logProbability(of: token)
        scored.top = row.top(topCount).map {
            TokenAlternative(id: $0.token, bytes: bytes($0.token), logProbability: $0.logProbability)
        }
        return scored
    }

    private func bytes(_ token: TokenID) -> [UInt8] { tokenizer.bytes(of: token, renderSpecial: true) }
}
