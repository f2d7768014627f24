import LapwingAPI

/// One decision of the demo on one line.
package enum DecisionLine {
    private static let questionWidth = 46

    package static let header =
        "      " + padded("question", to: questionWidth) + "  tokens  sure  decision        cost        time"

    static func text(_ outcome: SupportClient.Outcome, number: Int, terminal: Terminal) -> String {
        let time = Figures.duration(milliseconds: outcome.milliseconds)
        switch outcome.result {
        case .failure(let failure):
            return line(
                number, outcome.question.text, terminal.paint(failure.message ?? "failed", .red), terminal: terminal)
        case .success(let answer):
            return line(
                number, outcome.question.text,
                figures(
                    tokens: answer.completionTokens, confidence: answer.confidence, decision: answer.decision,
                    cost: answer.cost, time: time, terminal: terminal),
                terminal: terminal)
        }
    }

    private static func line(_ number: Int, _ question: String, _ rest: String, terminal: Terminal) -> String {
        let count = padded("\(number)", to: 4, right: true)
        return
            "\(terminal.paint(count, .dim))  \(padded(Figures.shortened(question, to: questionWidth), to: questionWidth))  \(rest)"
    }

    /// The columns after the question.
    package static func figures(
        tokens: Int, confidence: Double?, decision: Decision, cost: NanoUSD?, time: String, terminal: Terminal
    ) -> String {
        let sure = confidence.map { Figures.fixed($0, places: 2) } ?? "–"
        let word = padded(name(decision), to: 14)
        let price = padded(cost.map(Figures.dollars) ?? "unpriced", to: 11)
        return "\(padded("\(tokens)", to: 6, right: true))  \(padded(sure, to: 4, right: true))  "
            + "\(terminal.paint(word, style(decision)))  \(price) \(time)"
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
