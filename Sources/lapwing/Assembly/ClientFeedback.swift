import LapwingAPI
import LapwingRouter
import LapwingStore

/// Keeps what clients say of answers beside the evidence that those were judged by.
package struct ClientFeedback: FeedbackTaking {
    private let store: EvidenceStore?
    private let keepsTexts: Bool
    private let milliseconds: @Sendable () -> Int64
    private let onOutcome: @Sendable (OutcomeNews) -> Void

    /// `store` is nil where nothing is remembered.
    package init(
        _ store: EvidenceStore?, keepsTexts: Bool,
        milliseconds: @escaping @Sendable () -> Int64 = RouterTime.system.milliseconds,
        onOutcome: @escaping @Sendable (OutcomeNews) -> Void = { _ in }
    ) {
        (self.store, self.keepsTexts, self.milliseconds) = (store, keepsTexts, milliseconds)
        self.onOutcome = onOutcome
    }

    package func take(_ feedback: Feedback, from caller: Caller) async throws -> FeedbackReceipt {
        guard let store else {
            throw RequestError.unavailable(
                what: "feedback", reason: "this server keeps no evidence (evidence.days is 0)", retryAfterSeconds: 3600)
        }
        var outcome = AnswerOutcome(
            requestID: feedback.requestID, source: .feedback, right: feedback.verdict, at: milliseconds())
        outcome.author = caller.key?.id ?? ""
        outcome.score = feedback.score
        if keepsTexts { (outcome.correction, outcome.comment) = (feedback.correction, feedback.comment) }
        // The same tenant as requests without a key are entered under.
        let tenant = caller.key?.tenant ?? RequestContext(requestID: "").tenant
        let kept: KeptOutcome?
        do { kept = try await store.addFeedback(outcome, tenant: tenant) } catch {
            throw RequestError.unavailable(what: "feedback", reason: "it cannot be written", retryAfterSeconds: 5)
        }
        guard let kept else { throw RequestError.unknownRequest(id: feedback.requestID) }
        onOutcome(
            OutcomeNews(
                route: kept.route, source: .feedback, side: kept.decision.answeringSide, right: feedback.verdict,
                probability: kept.probability, calibrator: kept.calibrator, isFirst: kept.isFirst))
        return FeedbackReceipt(
            feedback, route: kept.route, decision: kept.decision, keepsTexts: keepsTexts,
            isReplacing: kept.isReplacing)
    }
}
