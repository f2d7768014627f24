/// How much of an answer is held back until it is judged.
package enum Hold: Hashable, Sendable {
    case all
    /// At least one token.
    case tokens(Int)

    package static let standard = Hold.tokens(48)
}

/// What becomes of an answer that came without log-probabilities.
package enum UnknownEvidence: String, Hashable, Sendable, Codable {
    case keep, escalate
}

/// What goes on with an answer that broke off after a part of it was sent.
package enum Continuation: Hashable, Sendable {
    /// The model that gave it, at another endpoint, and then those that answer in its place.
    case sameModels
    case model(String)
}

/// A name that requests ask for: an open model first, and a closed one where the open answer is too unsure.
package struct Route: Hashable, Sendable {
    package var name: String
    /// The name of a model.
    package var open: String
    /// nil means that the route never escalates.
    package var closed: String?
    package var hold: Hold
    /// An answer escalates where its confidence is under this; nil never escalates.
    package var escalateBelow: Double?
    /// The tiers that escalate; nil means all.
    package var tiers: Set<String>?
    package var unknown: UnknownEvidence
    /// Models that answer in the open one's place, in turn, where it gives no answer; nil means those of the model itself.
    package var fallback: [String]?
    /// nil ends such an answer with an error.
    package var continuation: Continuation?
    /// nil keeps no answers.
    package var cache: AnswerCache.Options?
    /// The most that an answer may have, and has where the request does not say; nil leaves it to the request.
    package var maxTokens: Int?
    /// What the answers are where they are labels; nil is text.
    package var labels: RouteLabels?
    /// What judges its answers; nil is what ships with the program.
    package var calibrator: Calibrator?

    package init(
        name: String, open: String, closed: String? = nil, hold: Hold = .standard, escalateBelow: Double? = nil,
        tiers: Set<String>? = nil, unknown: UnknownEvidence = .keep, maxTokens: Int? = nil
    ) {
        self.name = name
        self.open = open
        self.closed = closed
        self.hold = hold
        self.escalateBelow = escalateBelow
        self.tiers = tiers
        self.unknown = unknown
        self.maxTokens = maxTokens
    }
}
