import LapwingAPI

/// How much of an answer is held back until it is judged.
package enum Hold: Hashable, Sendable {
    case all
    /// At least one token.
    case tokens(Int)
    case between(HoldBounds)

    package static let standard = Hold.tokens(48)
}

/// A hold that is as long as the answer is doubtful: judged at `from` tokens and every so many after, an answer that is
/// likely enough is committed, one under the route's threshold escalates, and any other is held further, up to `to`, where
/// the threshold decides.
package struct HoldBounds: Hashable, Sendable {
    package var from: Int
    package var to: Int
    package var every: Int
    /// An answer at least this likely right is committed.
    package var commit: Double

    package init(from: Int, to: Int, every: Int = 8, commit: Double) {
        self.from = from
        self.to = to
        self.every = every
        self.commit = commit
    }

    var isValid: Bool { from >= 1 && to > from && every >= 1 && (0...1).contains(commit) }
}

extension Hold {
    /// The numbers of tokens at which an answer that goes on is judged, ascending; the last decides.
    var points: [Int] {
        switch self {
        case .all: []
        case .tokens(let count): [count]
        case .between(let bounds):
            Array(stride(from: bounds.from, to: bounds.to, by: bounds.every)) + [bounds.to]
        }
    }
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
    /// An answer escalates where its confidence is under this, 0 to 1 or `escalatesAll`; nil never escalates.
    package var escalateBelow: Double?
    /// Whether that threshold was found from the calibrator's labels to keep a promise.
    package var isPromised = false
    /// The tiers that escalate; nil means all.
    package var tiers: Set<String>?
    package var unknown: UnknownEvidence
    /// Models that answer in the open one's place, in turn, where it gives no answer; nil means those of the model itself.
    package var fallback: [String]?
    /// nil ends such an answer with an error.
    package var continuation: Continuation?
    /// nil tries no candidate.
    package var canary: CanaryOptions?
    /// nil asks no other model.
    package var shadow: ShadowOptions?
    /// nil keeps no answers.
    package var cache: AnswerCache.Options?
    /// The most that an answer may have, and has where the request does not say; nil leaves it to the request.
    package var maxTokens: Int?
    /// What the answers are where they are labels; nil is text.
    package var labels: RouteLabels?
    /// The name of an embedding model that is asked of scored labels and of prompts too; nil asks none.
    package var embedder: String?
    /// What the open model is asked of each of its answers; nil asks nothing more.
    package var checks: CheckOptions?
    /// What judges its answers; nil is what ships with the program.
    package var calibrator: Calibrator?
    /// What calls on the closed side may cost in a day of UTC; once they have, nothing escalates until the next.
    package var dailySpendLimit: NanoUSD?
    /// nil does not watch the calibration.
    package var drift: DriftPlan?

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
