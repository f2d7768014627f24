import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

@Suite("What clients say of answers")
struct ClientFeedbackTests {
    private let folder: TemporaryFolder
    private let store: EvidenceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EvidenceStore(path: folder.path + "/" + EvidenceStore.fileName)
        store.record(
            JudgedAnswer(
                requestID: "r1", route: "support", model: "small", tenant: "acme", startedAt: 1, decision: .escalated))
    }

    private func caller(_ tenant: String, _ id: String = "key_1") -> Caller {
        var draft = KeyDraft(name: "bot")
        draft.tenant = tenant
        return Caller(key: Key(id: id, draft: draft, hint: "lw-abcd", createdAt: 0))
    }

    private func said(_ change: (inout Feedback) -> Void) -> Feedback {
        var feedback = Feedback(requestID: "r1")
        change(&feedback)
        return feedback
    }

    private func rows() throws -> [Row] {
        try store.flush()
        return try DatabaseQueue(path: folder.path + "/evidence.db").read {
            try Row.fetchAll($0, sql: "SELECT author, side, right, score, correction, comment, at FROM outcomes")
        }
    }

    @Test("The last word of a key counts, about the side that answered, and no text is kept unless it is to be")
    func lastWord() async throws {
        let feedback = ClientFeedback(store, keepsTexts: false, milliseconds: { 7 })
        let first = try await feedback.take(
            said { ($0.score, $0.correction, $0.comment) = (0.5, "Paris", "hm") }, from: caller("acme"))
        #expect(first.outcome == "right" && !first.isReplacing)
        #expect(first.kept == ["outcome", "score"] && first.notKept == ["correction", "comment"])
        let second = try await feedback.take(said { $0.correction = "Paris" }, from: caller("acme"))
        #expect(second.outcome == "wrong" && second.isReplacing && second.decision == .escalated)
        let row = try #require(try rows().first)
        #expect(try rows().count == 1)
        #expect(row["author"] as String == "key_1")
        #expect(row["side"] as String == "closed")
        #expect(row["right"] as Int == 0)
        #expect(row["at"] as Int == 7)
        for text in ["score", "correction", "comment"] { #expect(row[text] as String? == nil) }
        let keeping = ClientFeedback(store, keepsTexts: true, milliseconds: { 8 })
        let third = try await keeping.take(said { $0.correction = "Paris" }, from: caller("acme", "key_2"))
        #expect(third.kept == ["outcome", "correction"] && third.notKept.isEmpty)
        let corrections = try self.rows().map { $0["correction"] as String? }
        #expect(corrections == [nil, "Paris"])
    }

    @Test("Another tenant's request, one that there is not and a server that keeps nothing are told")
    func refused() async throws {
        let feedback = ClientFeedback(store, keepsTexts: false)
        for caller in [caller("other"), .anonymous] {
            await #expect(throws: RequestError.unknownRequest(id: "r1")) {
                _ = try await feedback.take(said { $0.right = true }, from: caller)
            }
        }
        await #expect(throws: RequestError.unknownRequest(id: "r2")) {
            var feedbackOfNone = Feedback(requestID: "r2")
            feedbackOfNone.right = true
            _ = try await feedback.take(feedbackOfNone, from: caller("acme"))
        }
        await #expect(throws: RequestError.self) {
            _ = try await ClientFeedback(nil, keepsTexts: false).take(said { $0.right = true }, from: caller("acme"))
        }
        #expect(try rows().isEmpty)
    }
}
