import LapwingAPI
import LapwingStore

/// A share of a route's answers that another model gives too, off the client's path, to learn whether they agree.
package struct ShadowOptions: Hashable, Sendable {
    package var model: String
    /// From 0 to 1, drawn by the request's id.
    package var share: Double
    /// The model that compares answers which no rule can compare; nil leaves them uncompared.
    package var judge: String?

    package init(model: String, share: Double, judge: String? = nil) {
        self.model = model
        self.share = share
        self.judge = judge
    }
}

/// An answer that its client has, with what is needed to compare it.
struct FinishedAnswer: Sendable {
    let request: GenerationRequest
    let context: RequestContext
    let route: Route
    let decision: Decision
    /// What the open answer was judged to be; nil where it was not judged.
    let confidence: Confidence?
    /// The answers of the two sides that were whole, whichever was kept.
    let open: String?
    let closed: String?
}

/// What is found out about an open answer once its client has the one that was kept, and at which price.
enum Comparison: Equatable {
    case nothing
    /// Both sides answered already: their agreement costs nothing.
    case compare(open: String, closed: String)
    /// The shadow model is asked too.
    case ask(open: String)

    init(_ answer: FinishedAnswer, isDrawn: Bool) {
        guard let open = answer.open else {
            self = .nothing
            return
        }
        if answer.decision == .escalated, let closed = answer.closed {
            self = .compare(open: open, closed: closed)
        } else if isDrawn, answer.decision.answeringSide == .open {
            self = .ask(open: open)
        } else {
            self = .nothing
        }
    }
}
