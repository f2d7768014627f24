import LapwingAPI

/// The log-probabilities of one given continuation, as its rows come in.
struct ContinuationScore {
    let index: Int
    /// Whether the prompt counts as read by this continuation; it does for the first one that is not empty.
    let countsPrompt: Bool
    /// The prompt and the continuation after it.
    private let tokens: [TokenID]
    private let promptCount: Int
    private(set) var result = ScoringResult.Continuation(logProbabilities: [], isGreedy: true)

    init(index: Int, prompt: [TokenID], continuation: [TokenID], countsPrompt: Bool) {
        self.countsPrompt = countsPrompt
        self.index = index
        tokens = prompt + continuation
        promptCount = prompt.count
    }

    /// Takes in the logits at a position, which score the token after it. Rows of the prompt, and rows seen, are passed over.
    mutating func read(_ row: UnsafeBufferPointer<Float>, at position: Int) {
        guard position + 1 == promptCount + result.logProbabilities.count, position + 1 < tokens.count else { return }
        let reader = RowReader(row)
        let token = tokens[position + 1]
        result.logProbabilities.append(reader.logProbability(of: token))
        result.isGreedy = result.isGreedy && reader.isBest(token)
    }
}
