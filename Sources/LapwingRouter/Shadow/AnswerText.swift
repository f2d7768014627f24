import LapwingAPI

/// The text of one call's answer as it comes, as far as it may be compared or kept.
package struct AnswerText: Sendable {
    private static let byteLimit = 64 << 10

    package private(set) var text = ""
    /// Whether the answer came to its own end.
    package private(set) var isWhole = false
    /// False for an answer of several choices, with calls of functions, or too long.
    private var isFit = true

    package init() {}

    package mutating func add(_ event: GenerationEvent) {
        switch event {
        case .delta(let choice, let piece, _):
            isFit = isFit && choice == 0 && text.utf8.count + piece.utf8.count <= Self.byteLimit
            if isFit { text += piece }
        case .toolCall: isFit = false
        case .finished(_, let reason): isFit = isFit && reason == .stop
        case .completed: isWhole = true
        case .committed, .prompt, .reasoning, .checked: break
        }
    }

    /// nil where the answer is not whole, or of another kind than one text.
    package var whole: String? { isWhole && isFit ? text : nil }
}
