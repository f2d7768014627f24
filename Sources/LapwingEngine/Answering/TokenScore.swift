import LapwingAPI

/// What the row of logits before a token says of it, and of the token that it finds most probable.
///
/// Kept beside the page that holds the token, so that a prompt's log-probabilities need not be computed again: 12 bytes.
package struct TokenScore: Hashable, Sendable {
    package var logProbability: Float
    /// The most probable token, of equals the one with the lowest id.
    package var best: TokenID
    package var bestLogProbability: Float

    package init(logProbability: Float, best: TokenID, bestLogProbability: Float) {
        self.logProbability = logProbability
        self.best = best
        self.bestLogProbability = bestLogProbability
    }

    /// Whether no token is more probable.
    var isBest: Bool { logProbability >= bestLogProbability }
}
