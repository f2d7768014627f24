import LapwingAPI

/// What is known about a request before its first call and decides when its answer is committed.
package struct CommitPolicy: Hashable, Sendable {
    /// The side that is called first; `closed` where the client or the gate chose it.
    package var first: CallReceipt.Side
    /// The decision where an open model answers in the place of the closed one that was called first.
    package var decisionOfStandIn = Decision.open
    /// What a gate found that sent the request to the closed model at once.
    package var gateConfidence: Confidence?
    /// Where the open answer is judged; `all` wherever there is more than one choice.
    package var hold: Hold
    /// nil where the route never escalates, so that no answer is too unsure.
    package var threshold: Double?
    package var unknown: UnknownEvidence
    /// Whether the closed model may be called: only then is anything held back.
    package var mayEscalate: Bool
    /// Whether the client reads a stream, and so gains from the closed model's first words.
    package var readsStream: Bool
    package var choiceCount: Int
    /// What the user said, where the answer's text is judged beside it; nil judges tokens alone.
    package var prompt: String?
    /// Of what the user said, where the route's calibrator compares prompts, or may learn to.
    package var promptVector: PromptVector?
    /// Whether another model may yet answer in the first one's place: the commitment, which names who does, then goes out
    /// with the first of the answer.
    package var commitsLate = false
    /// Alternatives that the client asked for with each token; nil is no log-probabilities at all.
    package var topLogProbabilities: Int?
    package var echo: Bool

    package init(
        first: CallReceipt.Side = .open, hold: Hold = .standard, threshold: Double? = nil,
        unknown: UnknownEvidence = .keep, mayEscalate: Bool = false, readsStream: Bool = true, choiceCount: Int = 1,
        topLogProbabilities: Int? = nil, echo: Bool = false
    ) {
        self.first = first
        self.hold = hold
        self.threshold = threshold
        self.unknown = unknown
        self.mayEscalate = mayEscalate
        self.readsStream = readsStream
        self.choiceCount = choiceCount
        self.topLogProbabilities = topLogProbabilities
        self.echo = echo
    }
}

extension CommitPolicy {
    /// The event as the client asked for it: log-probabilities that only the judge wanted are taken out.
    /// nil where nothing is left.
    func presented(_ event: GenerationEvent) -> GenerationEvent? {
        switch event {
        case .prompt(let choice, let tokens):
            echo ? .prompt(choice: choice, tokens: tokens.map(stripped)) : nil
        case .delta(let choice, let text, let tokens):
            if topLogProbabilities != nil {
                .delta(choice: choice, text: text, tokens: tokens.map(stripped))
            } else {
                text.isEmpty ? nil : .delta(choice: choice, text: text, tokens: [])
            }
        case .reasoning(_, let text): text.isEmpty ? nil : event
        case .toolCall, .finished: event
        case .committed, .checked, .completed: nil
        }
    }

    private func stripped(_ token: ScoredToken) -> ScoredToken {
        var token = token
        token.top = Array(token.top.prefix(topLogProbabilities ?? 0))
        if topLogProbabilities == nil { token.logProbability = nil }
        return token
    }
}
