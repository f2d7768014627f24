/// What a client says of an answer that it was given.
package struct Feedback: Hashable, Sendable {
    /// As `x-lapwing-request-id` has it.
    package var requestID: String
    /// nil where it is only said how good it was, or what it should have been.
    package var right: Bool?
    /// From 0 to 1.
    package var score: Double?
    /// What the answer should have been.
    package var correction: String?
    package var comment: String?

    package init(requestID: String) { self.requestID = requestID }
}

extension Feedback {
    /// Whether the answer counts as right: as the client says, else by its score, else it is wrong, as it was corrected.
    package var verdict: Bool { right ?? score.map { $0 >= 0.5 } ?? false }
}

/// The answer to `POST /v1/feedback`.
package struct FeedbackReceipt: Hashable, Sendable, Encodable {
    package var object = "feedback"
    package var requestID: String
    package var route: String
    package var decision: Decision
    /// What the answer counts as from now on.
    package var outcome: String
    /// Members that are kept.
    package var kept: [String]
    /// Members that are not, as this server keeps no texts.
    package var notKept: [String]
    /// Whether it takes the place of what the same key had said before.
    package var isReplacing: Bool

    package init(
        _ feedback: Feedback, route: String, decision: Decision, keepsTexts: Bool, isReplacing: Bool
    ) {
        requestID = feedback.requestID
        self.route = route
        self.decision = decision
        outcome = feedback.verdict ? "right" : "wrong"
        let given = [("correction", feedback.correction), ("comment", feedback.comment)]
        let texts = given.filter { $0.1 != nil }.map(\.0)
        kept = ["outcome"] + (feedback.score == nil ? [] : ["score"]) + (keepsTexts ? texts : [])
        notKept = keepsTexts ? [] : texts
        self.isReplacing = isReplacing
    }

    private enum CodingKeys: String, CodingKey {
        case object, route, decision, outcome, kept
        case requestID = "request_id"
        case notKept = "not_kept"
        case isReplacing = "replaced"
    }
}

/// Takes what clients say of answers; `lapwing` supplies it.
package protocol FeedbackTaking: Sendable {
    /// Throws `unknownRequest` where the caller's tenant made no such request, and `unavailable` where nothing is kept.
    func take(_ feedback: Feedback, from caller: Caller) async throws -> FeedbackReceipt
}
