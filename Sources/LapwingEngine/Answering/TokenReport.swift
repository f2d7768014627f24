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

    /// Whether a token's score says all that is reported; else its whole row is needed.
    var needsScoresOnly: Bool { topCount ?? 0 <= 1 }

    /// A token that is reported without log-probabilities.
    ///
    /// Control tokens are reported by their name, such as `<|im_end|>`; text never holds them.
    func bare(_ token: TokenID) -> ScoredToken {
        var bare = ScoredToken(id: token, bytes: bytes(token), logProbability: nil)
        bare.isText = !tokenizer.bytes(of: token).isEmpty
        return bare
    }

    /// A token whose row is at hand.
    func scored(_ token: TokenID, row: RowReader) -> ScoredToken {
        if needsScoresOnly { return scored(token, row.score(of: token)) }
        var scored = bare(token)
        scored.logProbability = Double(row.logProbability(of: token))
        scored.top = row.top(topCount ?? 0).map(alternative)
        return scored
    }

    /// A token whose score was kept.
    func scored(_ token: TokenID, _ score: TokenScore) -> ScoredToken {
        var scored = bare(token)
        scored.logProbability = Double(score.logProbability)
        if topCount == 1 { scored.top = [alternative(score.best, score.bestLogProbability)] }
        return scored
    }

    private func alternative(_ token: TokenID, _ logProbability: Float) -> TokenAlternative {
        TokenAlternative(id: token, bytes: bytes(token), logProbability: Double(logProbability))
    }

    private func bytes(_ token: TokenID) -> [UInt8] { tokenizer.bytes(of: token, renderSpecial: true) }
}
