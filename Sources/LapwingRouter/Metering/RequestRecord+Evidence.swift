import Foundation
import LapwingAPI
import LapwingStore

extension RequestRecord {
    /// Keeps what the answer was judged by, for those who learn of its outcome; nobody waits for it. An answer that was not
    /// judged is kept too, so that something can be said of it. A kept answer has no `outcome` of its own.
    func remember(_ entry: LedgerEntry, _ outcome: Outcome?) {
        guard let store = services.evidence, entry.parent == nil, entry.status == .completed,
            let decision = entry.decision, Self.answering.contains(entry.endpoint)
        else { return }
        var answer = JudgedAnswer(
            requestID: entry.requestID, route: entry.route, model: outcome?.judgedModel ?? entry.answeringModel,
            tenant: entry.tenant, tier: entry.tier, startedAt: entry.startedAt, decision: decision)
        let segment = Segment(task: entry.metadata["task"], language: entry.metadata["language"])
        (answer.task, answer.language) = (segment.task, segment.language)
        var evidence = outcome?.evidence
        // Texts can be guessed from their vectors.
        if !services.keepsTexts { evidence?.promptVector = nil }
        answer.evidence = evidence
        // The outcome of a kept answer is that of the request which it was made for, and counts there.
        answer.confidence = outcome == nil ? nil : entry.confidence
        answer.canary = canary
        if services.keepsTexts {
            answer.prompt = prompts
            answer.answer = outcome?.text
        }
        store.record(answer)
    }

    /// The endpoints that answer with text.
    private static let answering: Set<String> = ["chat.completions", "completions"]
}
