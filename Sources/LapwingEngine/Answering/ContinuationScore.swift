import LapwingAPI

/// The log-probabilities of one given continuation, as its scores come in.
struct ContinuationScore {
    let index: Int
    /// Whether the prompt counts as read by this continuation; it does for the first one that is not empty.
    let countsPrompt: Bool
    private let promptCount: Int
    /// Tokens of the prompt and the continuation after it.
    private let tokenCount: Int
    private(set) var result = ScoringResult.Continuation(logProbabilities: [], isGreedy: true)

    init(index: Int, promptCount: Int, continuationCount: Int, countsPrompt: Bool) {
        self.countsPrompt = countsPrompt
        self.index = index
        self.promptCount = promptCount
        tokenCount = promptCount + continuationCount
    }

    /// Takes in the score of the token at a position. Scores of the prompt, and those seen, are passed over.
    mutating func read(_ score: TokenScore, at position: Int) {
        guard position == promptCount + result.logProbabilities.count, position < tokenCount else { return }
        result.logProbabilities.append(Double(score.logProbability))
        result.isGreedy = result.isGreedy && score.isBest
    }
}
