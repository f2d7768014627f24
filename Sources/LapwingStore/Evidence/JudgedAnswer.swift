import Foundation
import LapwingAPI

/// What is remembered of one answer so that its outcome can teach: what was known when it was judged, and no text of it
/// unless the configuration says so.
package struct JudgedAnswer: Sendable {
    package var requestID: String
    package var route: String
    /// Whose answer was judged; where none was, whose answer was given.
    package var model: String
    package var tenant: String
    package var tier: String
    /// As the request's metadata name them.
    package var task: String?
    package var language: String?
    /// Milliseconds since 1970.
    package var startedAt: Int64
    package var decision: Decision
    /// Written as JSON once nobody waits; nil where the answer came without.
    package var evidence: (any Encodable & Sendable)?
    package var confidence: Confidence?
    package var canary: CanaryDraw?
    /// Written as JSON likewise.
    package var prompt: (any Encodable & Sendable)?
    package var answer: String?

    package init(
        requestID: String, route: String, model: String, tenant: String = "default", tier: String = "default",
        startedAt: Int64, decision: Decision
    ) {
        self.requestID = requestID
        self.route = route
        self.model = model
        self.tenant = tenant
        self.tier = tier
        self.startedAt = startedAt
        self.decision = decision
    }
}

/// Which of a canary's models a request was given to, and what that was drawn by.
package struct CanaryDraw: Hashable, Sendable {
    package enum Arm: String, Sendable, Codable, CaseIterable { case current, candidate }

    package var arm: Arm
    /// The user, key or request that the draw was for, hashed: all requests of one unit are of one arm.
    package var unit: String

    package init(arm: Arm, unit: String) {
        self.arm = arm
        self.unit = unit
    }
}

/// What one source found out about one side's answer to a request. The last word of a source, and of an author, counts.
package struct AnswerOutcome: Hashable, Sendable {
    /// In the order of trust, the most trusted last.
    package enum Source: String, Sendable, Codable, CaseIterable {
        /// Another model's answer to the same prompt agreed or did not.
        case shadow
        /// A model compared two answers.
        case judge
        /// Who asked said so.
        case feedback
        /// The question came with its answer.
        case dataset

        /// Whether it says how the open answer stands beside the closed one, and not beside the truth.
        package var comparesModels: Bool { self == .shadow || self == .judge }
    }

    package var requestID: String
    package var source: Source
    /// The key that sent it; empty where there is none.
    package var author = ""
    /// Whose answer it is about; nil is the one that was given.
    package var side: CallReceipt.Side?
    /// nil where it is only said how good it was.
    package var right: Bool?
    /// From 0 to 1.
    package var score: Double?
    package var correction: String?
    package var comment: String?
    /// For how many requests it stands: of a share s that was drawn for shadowing, each for 1 / s.
    package var weight = 1.0
    /// Milliseconds since 1970.
    package var at: Int64

    package init(requestID: String, source: Source, right: Bool?, at: Int64) {
        self.requestID = requestID
        self.source = source
        self.right = right
        self.at = at
    }
}

/// A judged answer of which it is known whether it was right: a row for a calibrator to learn from.
package struct LabelledEvidence: Hashable, Sendable {
    package var requestID: String
    package var route: String
    package var model: String
    package var task: String?
    package var language: String?
    /// When the request was admitted, in milliseconds since 1970.
    package var at: Int64
    package var evidenceJSON: Data
    /// What it was judged to be, and by whose reckoning.
    package var probability: Double?
    package var calibrator: String?
    /// Whether the open answer was.
    package var right: Bool
    /// Whether the closed one was, or would have been; nil where nobody knows.
    package var strongRight: Bool?
    /// Who says so.
    package var source: AnswerOutcome.Source
    /// For how many answers of the route it stands.
    package var weight: Double

    package init(
        requestID: String, route: String, model: String, task: String? = nil, language: String? = nil, at: Int64,
        evidenceJSON: Data, probability: Double? = nil, calibrator: String? = nil,
        right: Bool,
        strongRight: Bool? = nil, source: AnswerOutcome.Source = .feedback, weight: Double = 1
    ) {
        self.requestID = requestID
        self.route = route
        self.model = model
        self.task = task
        self.language = language
        self.at = at
        self.evidenceJSON = evidenceJSON
        self.probability = probability
        self.calibrator = calibrator
        self.right = right
        self.strongRight = strongRight
        self.source = source
        self.weight = weight
    }
}
