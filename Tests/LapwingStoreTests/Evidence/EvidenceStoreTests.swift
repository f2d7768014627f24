import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Synchronization
import Testing

@Suite("Evidence as it is kept")
struct EvidenceStoreTests {
    private struct Facts: Codable, Equatable { var mean: Double }

    private let folder: TemporaryFolder
    private let store: EvidenceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try Self.open(in: folder)
    }

    /// Nothing is written by itself: a test says when.
    private static func open(in folder: TemporaryFolder, limit: Int = 8192) throws -> EvidenceStore {
        var options = EvidenceStore.Options()
        (options.delay, options.queueLimit) = (.seconds(100_000), limit)
        return try EvidenceStore(path: folder.path + "/" + EvidenceStore.fileName, options: options)
    }

    private func answer(
        _ id: String, route: String = "support", at: Int64 = 100, decision: Decision = .open,
        tenant: String = "default",
        isJudged: Bool = true
    ) -> JudgedAnswer {
        var answer = JudgedAnswer(
            requestID: id, route: route, model: "small", tenant: tenant, startedAt: at, decision: decision)
        if isJudged {
            answer.evidence = Facts(mean: -0.5)
            answer.confidence = Confidence(probability: 0.75, calibrator: "default-1", isCalibrated: false)
        }
        return answer
    }

    private func outcome(
        _ id: String, _ source: AnswerOutcome.Source, _ right: Bool, at: Int64 = 200, author: String = "",
        side: CallReceipt.Side? = nil, weight: Double = 1
    ) -> AnswerOutcome {
        var outcome = AnswerOutcome(requestID: id, source: source, right: right, at: at)
        (outcome.author, outcome.side, outcome.weight) = (author, side, weight)
        return outcome
    }

    @Test("A judged answer whose outcome is known is a row with its evidence; one without either is none")
    func rows() throws {
        store.record(answer("b", at: 20))
        store.record(answer("a", at: 10))
        store.record(answer("unknown"))
        store.record(answer("unjudged", isJudged: false))
        store.record(answer("elsewhere", route: "other"))
        store.addOutcome(outcome("b", .shadow, false, weight: 20))
        store.addOutcome(outcome("a", .feedback, true))
        for id in ["unjudged", "elsewhere", "nobody"] { store.addOutcome(outcome(id, .feedback, true)) }
        let rows = try store.labelled(route: "support")
        #expect(rows.map(\.requestID) == ["a", "b"])
        #expect(rows.map(\.right) == [true, false] && rows.map(\.weight) == [1, 20])
        #expect(rows[0].probability == 0.75 && rows[0].model == "small" && rows[0].at == 10)
        #expect(try JSONDecoder().decode(Facts.self, from: rows[0].evidenceJSON) == Facts(mean: -0.5))
        #expect(try store.labelled(route: "support", since: 11).map(\.requestID) == ["b"])
    }

    @Test("What is said of an escalated answer is about the closed model's")
    func sides() throws {
        store.record(answer("r", decision: .escalated))
        store.addOutcome(outcome("r", .feedback, true))
        #expect(try store.labelled(route: "support").isEmpty)
        store.addOutcome(outcome("r", .shadow, false, side: .open))
        let rows = try store.labelled(route: "support")
        #expect(rows.map(\.right) == [false] && rows.map(\.strongRight) == [true])
    }

    @Test(
        "The most trusted source speaks, in it the most authors, and of those who are even the last",
        arguments: [
            ([("shadow", "", true, 1), ("judge", "", false, 2)], false),
            ([("feedback", "k1", true, 1), ("judge", "", false, 9), ("shadow", "", false, 9)], true),
            ([("feedback", "k1", true, 1), ("feedback", "k2", false, 2)], false),
            ([("feedback", "k1", true, 3), ("feedback", "k2", false, 2)], true),
            ([("feedback", "k1", true, 1), ("feedback", "k2", true, 2), ("feedback", "k3", false, 3)], true),
            ([("feedback", "k1", true, 1), ("feedback", "k1", false, 2)], false),
            ([("feedback", "k1", true, 1), ("dataset", "", false, 0)], false),
        ] as [([(String, String, Bool, Int64)], Bool)])
    func trust(said: [(String, String, Bool, Int64)], expected: Bool) throws {
        store.record(answer("r"))
        for (source, author, right, at) in said {
            let source = try #require(AnswerOutcome.Source(rawValue: source))
            store.addOutcome(outcome("r", source, right, at: at, author: author))
        }
        #expect(try store.labelled(route: "support").map(\.right) == [expected])
    }

    @Test(
        "Where the closed answer is known to be wrong, agreeing with it is wrong too, and differing says nothing",
        arguments: [
            ("shadow", true, false), ("shadow", false, nil), ("judge", true, nil), ("judge", false, false),
            ("dataset", true, true),
        ] as [(String, Bool, Bool?)])
    func besidesWrongAnswers(source: String, said: Bool, expected: Bool?) throws {
        store.record(answer("r", decision: .escalated))
        store.addOutcome(outcome("r", .feedback, false))
        store.addOutcome(outcome("r", try #require(AnswerOutcome.Source(rawValue: source)), said, side: .open))
        #expect(try store.labelled(route: "support").map(\.right) == [expected].compactMap(\.self))
    }

    @Test("Only the first outcome of an answer is said to be that, whoever tells the others")
    func firstOutcome() async throws {
        store.record(answer("r", tenant: "acme"))
        let told = Mutex<[Bool]>([])
        for source in [AnswerOutcome.Source.shadow, .judge] {
            store.addOutcome(outcome("r", source, true, side: .open)) { isFirst in told.withLock { $0.append(isFirst) }
            }
        }
        let kept = try #require(
            try await store.addFeedback(outcome("r", .feedback, true, author: "key_1"), tenant: "acme"))
        #expect(told.withLock { $0 } == [true, false])
        #expect(!kept.isFirst && !kept.isReplacing)
    }

    @Test("Feedback finds a request that was answered a moment ago, and none of another tenant")
    func feedback() async throws {
        store.record(answer("r", tenant: "acme"))
        let said = outcome("r", .feedback, true, author: "key_1")
        #expect(try await store.addFeedback(said, tenant: "default") == nil)
        #expect(try await store.addFeedback(outcome("x", .feedback, true), tenant: "acme") == nil)
        let first = try #require(try await store.addFeedback(said, tenant: "acme"))
        #expect(first.route == "support" && first.decision == .open && !first.isReplacing)
        #expect(try await store.addFeedback(said, tenant: "acme")?.isReplacing == true)
        #expect(try await store.addFeedback(outcome("r", .feedback, true), tenant: "acme")?.isReplacing == false)
        #expect(try store.labelled(route: "support").count == 1)
    }

    @Test("Old answers are forgotten with their outcomes, to the millisecond")
    func retention() throws {
        for (id, at) in [("old", 99), ("new", 100)] as [(String, Int64)] {
            store.record(answer(id, at: at))
            store.addOutcome(outcome(id, .feedback, true, at: 500))
        }
        #expect(try store.prune(before: 100) == 1)
        #expect(try store.labelled(route: "support").map(\.requestID) == ["new"])
        let path = folder.path + "/evidence.db"
        let outcomes = try DatabaseQueue(path: path).read { try Int.fetchOne($0, sql: "SELECT count(*) FROM outcomes") }
        #expect(outcomes == 1)
        #expect(try store.prune(before: 100) == 0)
    }

    @Test("What finds no room is dropped and counted, and what is in the file is read by another")
    func bounds() throws {
        let folder = try TemporaryFolder()
        let small = try Self.open(in: folder, limit: 2)
        for id in ["a", "b", "c"] { small.record(answer(id)) }
        #expect(small.lostCount == 1)
        try small.flush()
        small.record(answer("d"))
        small.addOutcome(outcome("d", .feedback, true))
        try small.flush()
        #expect(small.lostCount == 1)
        #expect(try Self.open(in: folder).labelled(route: "support").map(\.requestID) == ["d"])
    }

    @Test("A file of another kind is not taken for one")
    func identity() throws {
        let path = folder.path + "/ledger.sqlite"
        _ = try Ledger(path: path)
        #expect(throws: StoreError.self) { _ = try EvidenceStore(path: path) }
    }
}
