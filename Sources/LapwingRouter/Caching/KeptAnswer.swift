import LapwingAPI

/// A whole answer as it was sent, with what its receipt said.
package struct KeptAnswer: Sendable {
    /// What was sent between the commitment and the end: `prompt`, `reasoning`, `delta`, `toolCall` and `finished` events.
    package var events: [GenerationEvent]
    package var model: String
    package var usage: Usage
    package var decision: Decision
    package var confidence: Confidence?
    package var counterfactual: Counterfactual?
    package var origin: CachedAnswer
    /// What it takes to keep it, about.
    package let byteCount: Int

    /// A slot, a key, a receipt's names and the events' array.
    private static let overhead = 512

    package init(_ recording: AnswerRecording, usage: Usage, receipt: Receipt) {
        events = recording.events
        byteCount = recording.byteCount + Self.overhead
        model = receipt.model
        self.usage = usage
        decision = receipt.decision
        confidence = receipt.confidence
        counterfactual = receipt.counterfactual
        origin = CachedAnswer(
            requestID: receipt.requestID, spared: receipt.unpricedCalls == 0 ? receipt.cost : nil)
    }
}

/// Writes an answer down as it is sent, neighbouring pieces of a choice as one.
package struct AnswerRecording: Sendable {
    /// Complete once the last choice has finished.
    package private(set) var events: [GenerationEvent] = []
    package private(set) var byteCount = 0
    /// Whether it can be kept: it is not too long, and no filter has cut it.
    package private(set) var isFit = true
    private var piece: (choice: Int, text: String, tokens: [ScoredToken])?
    private let byteLimit: Int

    package init(byteLimit: Int) { self.byteLimit = byteLimit }

    package mutating func append(_ event: GenerationEvent) {
        guard isFit else { return }
        switch event {
        case .committed, .checked, .completed: return
        case .delta(let choice, let text, let tokens):
            if piece?.choice != choice {
                endPiece()
                piece = (choice, "", [])
            }
            piece?.text += text
            piece?.tokens += tokens
            byteCount += text.utf8.count + Self.byteCount(of: tokens)
        case .prompt(_, let tokens):
            add(event)
            byteCount += Self.byteCount(of: tokens)
        case .reasoning(_, let text):
            add(event)
            byteCount += text.utf8.count
        case .toolCall(_, let call):
            add(event)
            byteCount += call.arguments.utf8.count + (call.id?.utf8.count ?? 0) + (call.name?.utf8.count ?? 0)
        case .finished(_, let reason):
            add(event)
            // A filter may think better of it the next time.
            if reason == .contentFilter { isFit = false }
        }
        guard byteCount > byteLimit else { return }
        (isFit, events, piece) = (false, [], nil)
    }

    /// Another answer follows in this one's place.
    package mutating func restart() { self = AnswerRecording(byteLimit: byteLimit) }

    private mutating func add(_ event: GenerationEvent) {
        endPiece()
        events.append(event)
        byteCount += MemoryLayout<GenerationEvent>.stride
    }

    private mutating func endPiece() {
        guard let piece else { return }
        self.piece = nil
        add(.delta(choice: piece.choice, text: piece.text, tokens: piece.tokens))
    }

    private static func byteCount(of tokens: [ScoredToken]) -> Int {
        let inArray = 32
        return tokens.reduce(0) { sum, token in
            sum + MemoryLayout<ScoredToken>.stride + inArray + token.bytes.count
                + token.top.reduce(0) { $0 + MemoryLayout<TokenAlternative>.stride + inArray + $1.bytes.count }
        }
    }
}
