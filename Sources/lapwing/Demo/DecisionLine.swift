import LapwingAPI

/// One decision of the demo on one line, which fits the terminal.
package struct DecisionLine: Sendable {
    private let terminal: Terminal
    private let questionWidth: Int

    package init(terminal: Terminal) {
        self.terminal = terminal
        // Number, figures and gaps take 58 columns, and in the last one some terminals begin a new line.
        questionWidth = terminal.isInteractive ? min(46, max(8, terminal.width - 59)) : 46
    }

    package var header: String {
        "      " + Self.padded("question", to: questionWidth) + "  tokens  sure  decision        cost        time"
    }

    func text(_ outcome: SupportClient.Outcome, number: Int) -> String {
        let question = outcome.question.text
        switch outcome.result {
        case .failure(let failure): return failed(number, question, failure.message ?? "failed")
        case .success(let answer):
            let time = Figures.duration(milliseconds: outcome.milliseconds)
            return answered(
                number, question, tokens: answer.completionTokens, confidence: answer.confidence,
                decision: answer.decision, cost: answer.cost, time: time)
        }
    }

    package func failed(_ number: Int, _ question: String, _ reason: String) -> String {
        let start = start(number, question)
        let room = terminal.isInteractive ? max(8, terminal.width - 9 - questionWidth) : .max
        return start + terminal.paint(Figures.shortened(reason, to: room), .red)
    }

    package func answered(
        _ number: Int, _ question: String, tokens: Int, confidence: Double?, decision: Decision, cost: NanoUSD?,
        time: String
    ) -> String {
        let sure = confidence.map { Figures.fixed($0, places: 2) } ?? "–"
        let word = Self.padded(Self.name(decision), to: 14)
        let price = Self.padded(cost.map(Figures.dollars) ?? "unpriced", to: 11)
        return start(number, question)
            + "\(Self.padded("\(tokens)", to: 6, right: true))  \(Self.padded(sure, to: 4, right: true))  "
            + "\(terminal.paint(word, Self.style(decision)))  \(price) \(time)"
    }

    private func start(_ number: Int, _ question: String) -> String {
        let count = terminal.paint(Self.padded("\(number)", to: 4, right: true), .dim)
        let shown = Figures.shortened(question, to: questionWidth)
        return "\(count)  \(Self.padded(shown, to: questionWidth))  "
    }

    private static func name(_ decision: Decision) -> String {
        decision == .wouldEscalate ? "would escalate" : decision.rawValue
    }

    private static func style(_ decision: Decision) -> Terminal.Style {
        switch decision {
        case .open: .green
        case .wouldEscalate, .unavailable: .yellow
        case .escalated, .closed: .cyan
        }
    }

    /// Pads by characters, which is by columns for the scripts that terminals show narrow.
    private static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return right ? padding + text : text + padding
    }
}
