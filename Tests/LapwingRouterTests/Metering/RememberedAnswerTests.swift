import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Answers as they are remembered", .timeLimit(.minutes(1)))
struct RememberedAnswerTests {
    private let folder: TemporaryFolder
    private let store: EvidenceStore

    init() throws {
        folder = try TemporaryFolder()
        store = try EvidenceStore(path: folder.path + "/" + EvidenceStore.fileName)
    }

    private func ask(
        _ open: [ScriptedProvider.Step], closed: [ScriptedProvider.Step] = [], model: String = "support"
    ) async throws -> [LabelledEvidence] {
        let house = try RouterHouse(open: open, closed: closed) { $0.evidence = store }
        _ = await Outcome(try await house.ask(model))
        await house.router.drain()
        var said = AnswerOutcome(requestID: "r1", source: .dataset, right: true, at: 1)
        said.side = .open
        store.addOutcome(said)
        return try store.labelled(route: model)
    }

    @Test("An answer that was kept is remembered with what it was judged by", arguments: ["support", "small"])
    func kept(model: String) async throws {
        let rows = try await ask(steps(answer(["a", "b"])), model: model)
        let row = try #require(rows.first)
        #expect(rows.count == 1 && row.requestID == "r1" && row.model == "small" && row.at == 1_717_200_000_000)
        let evidence = try JSONDecoder().decode(Evidence.self, from: row.evidenceJSON)
        #expect(evidence.mean == -0.1)
        #expect(row.probability == 0.9)
    }

    @Test("An answer that gave way to the closed model is remembered as the open one's")
    func escalated() async throws {
        let rows = try await ask(
            steps(answer(["a", "b"], logProbability: -3)), closed: steps(answer(["c"], logProbability: nil)))
        let row = try #require(rows.first)
        #expect(row.model == "small" && row.probability == 0.2)
        #expect(try JSONDecoder().decode(Evidence.self, from: row.evidenceJSON).minimum == -3)
    }

    @Test("An answer that failed is not remembered, nor what has no text")
    func failed() async throws {
        #expect(try await ask([.fail(RequestError.internal(reason: "x"))]).isEmpty)
        let said = AnswerOutcome(requestID: "r1", source: .feedback, right: true, at: 2)
        #expect(try await store.addFeedback(said, tenant: "default") == nil)
    }
}
