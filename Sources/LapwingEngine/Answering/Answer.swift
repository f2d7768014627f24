import LapwingAPI
import LapwingModel
import LapwingText

/// One answer on its way: draws tokens, makes text of them, and knows when it is over. Knows no pages and no steps.
package struct Answer {
    /// What does not change while the answer grows.
    package struct Terms {
        package var choice: Int
        package var prompt: [TokenID]
        package var sampler: Sampler
        package var maxTokens: Int
        package var stop: [String]
        /// Tokens that end the answer; empty where the request ignores them.
        package var endTokens: Set<TokenID>
        package var report: TokenReport
        package var promptReport: TokenReport
        /// Whether the prompt's tokens are reported.
        package var echoes: Bool
        /// Whether the prompt counts as read by this answer; it does for the first one to each prompt.
        package var countsPrompt: Bool

        package init(
            choice: Int, prompt: [TokenID], sampler: Sampler, maxTokens: Int, stop: [String],
            endTokens: Set<TokenID>, report: TokenReport, promptReport: TokenReport, echoes: Bool, countsPrompt: Bool
        ) {
            self.choice = choice
            self.prompt = prompt
            self.sampler = sampler
            self.maxTokens = maxTokens
            self.stop = stop
            self.endTokens = endTokens
            self.report = report
            self.promptReport = promptReport
            self.echoes = echoes
            self.countsPrompt = countsPrompt
        }
    }

    let terms: Terms
    private var history: TokenHistory
    private var characters = TextStream()
    private var stops: StopMatcher
    private var promptReport: [ScoredToken] = []
    private var events: [GenerationEvent] = []

    package init(_ terms: Terms) {
        self.terms = terms
        history = TokenHistory(prompt: terms.sampler.readsPrompt ? terms.prompt : [])
        stops = StopMatcher(terms.stop)
        if terms.echoes {
            let known = scoresPrompt ? terms.prompt.prefix(1) : terms.prompt[...]
            promptReport = known.map(terms.promptReport.bare)
            reportPromptOnceWhole()
        }
    }

    /// Whether rows of the prompt must be read: for its log-probabilities, of every token but the first.
    private var scoresPrompt: Bool { terms.echoes && terms.promptReport.topCount != nil && terms.prompt.count > 1 }

    /// Whether there is nothing to compute for this answer.
    var isDone: Bool { terms.maxTokens == 0 && !scoresPrompt }

    /// The sequence to run for this answer.
    func sequence(_ id: SequenceID, of request: RequestID, start: Chain, keepsPages: Bool) -> QueuedSequence {
        QueuedSequence(
            goal: SequenceGoal(
                id: id, request: request, generates: terms.maxTokens > 0,
                tokenLimit: terms.prompt.count + terms.maxTokens, start: start, keepsPages: keepsPages,
                takesKeptScores: terms.promptReport.needsScoresOnly),
            tokens: terms.prompt, scoredFrom: scoresPrompt ? 0 : nil)
    }

    var drawnCount: Int { history.drawnCount }

    /// Events that have come about since they were last taken, in order.
    package mutating func takeEvents() -> [GenerationEvent] {
        defer { events = [] }
        return events
    }

    /// Takes in the score of the prompt's token at a position, and the row that it is from unless the score was kept.
    mutating func readPrompt(_ score: TokenScore, row: RowReader?, at position: Int) {
        // Scores come again when the sequence was put back before its prompt was whole.
        guard scoresPrompt, position == promptReport.count, position < terms.prompt.count else { return }
        let token = terms.prompt[position]
        let report = terms.promptReport
        let scored = report.needsScoresOnly ? nil : row.map { report.scored(token, row: $0) }
        promptReport.append(scored ?? report.scored(token, score))
        reportPromptOnceWhole()
    }

    /// Draws the next token from the logits after the last one.
    package mutating func draw(from row: UnsafeBufferPointer<Float>, scratch: inout SamplerScratch) -> Draw {
        let token = terms.sampler.draw(from: row, history: history, scratch: &scratch)
        history.append(token)
        let report = terms.report
        let reported = report.topCount == nil ? report.bare(token) : report.scored(token, row: RowReader(row))
        let (text, reason) = taken(token)
        events.append(.delta(choice: terms.choice, text: text, tokens: [reported]))
        guard let reason else { return .token(token) }
        events.append(.finished(choice: terms.choice, reason: reason))
        return .last(token)
    }

    /// Ends an answer that was to draw nothing.
    package mutating func finishWithoutDrawing() { events.append(.finished(choice: terms.choice, reason: .length)) }

    /// The text that a token sets free, and why the answer ends with it where it does.
    private mutating func taken(_ token: TokenID) -> (String, FinishReason?) {
        if terms.endTokens.contains(token) { return (remainingText(), .stop) }
        switch stops.append(characters.append(terms.report.tokenizer.bytes(of: token))) {
        case .stopped(let text): return (text, .stop)
        case .text(let text):
            guard history.drawnCount >= terms.maxTokens else { return (text, nil) }
            return (text + remainingText(), .length)
        }
    }

    /// What was held back for a character or a stop string that can no longer come.
    private mutating func remainingText() -> String {
        switch stops.append(characters.finish()) {
        case .stopped(let text): text
        case .text(let text): text + stops.finish()
        }
    }

    private mutating func reportPromptOnceWhole() {
        guard promptReport.count == terms.prompt.count else { return }
        events.append(.prompt(choice: terms.choice, tokens: promptReport))
        promptReport = []
    }
}
