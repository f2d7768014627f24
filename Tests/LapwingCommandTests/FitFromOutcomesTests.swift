import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Testing

@Suite("`lapwing calibrate` from outcomes")
struct FitFromOutcomesTests {
    private static let yaml = """
        data: ./data
        models:
          tiny: { weights: m.gguf }
          other: { weights: n.gguf }
        routes: { support: { open: tiny } }
        """

    @Test("A route's answers with feedback become its calibrator; those of another model and without a word do not")
    func fits() throws {
        let program = try Program(yaml: Self.yaml)
        let nothing = try program.run(["calibrate", "support"])
        #expect(nothing.status == 1 && nothing.error.contains("there is no evidence at"))

        try FileManager.default.createDirectory(atPath: program.path + "/data", withIntermediateDirectories: true)
        let store = try EvidenceStore(path: program.path + "/data/" + EvidenceStore.fileName)
        var random = SplitMix64(seed: 5)
        for index in 0..<400 {
            let mean = -Double(random.below(1000)) / 500
            var answer = JudgedAnswer(
                requestID: "r\(index)", route: "support", model: index % 10 == 0 ? "other" : "tiny", startedAt: 1,
                decision: .open)
            answer.evidence = Evidence(tokenCount: 8, mean: mean, minimum: 2 * mean, lowDecile: 2 * mean, finish: .stop)
            store.record(answer)
            guard index % 10 != 1 else { continue }
            let isRight = Double(random.below(1000)) / 1000 < exp(mean)
            store.addOutcome(AnswerOutcome(requestID: "r\(index)", source: .feedback, right: isRight, at: 2))
        }
        try store.flush()

        let found = try program.run(["calibrate", "support", "--json"])
        #expect(found.status == 0, "\(found.error)")
        let figures = try #require(JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any])
        let report = try #require(figures["report"] as? [String: Any])
        #expect(report["count"] as? Int == 320)
        #expect(try #require(report["auroc"] as? Double) > 0.7)
        #expect(program.exists("data/calibrators/support-v1.json") && program.exists("data/calibrators/support-v1.svg"))
    }

    @Test("Rows that escalated and were compared for nothing are no more of the fit than of the traffic")
    func likeTraffic() throws {
        let program = try Program(yaml: Self.yaml)
        try FileManager.default.createDirectory(atPath: program.path + "/data", withIntermediateDirectories: true)
        let store = try EvidenceStore(path: program.path + "/data/" + EvidenceStore.fileName)
        // Of 2,000 requests 1,600 were kept, all right, a tenth of which was drawn; 400 escalated, all wrong.
        for index in 0..<560 {
            let isKept = index < 160
            var answer = JudgedAnswer(
                requestID: "r\(index)", route: "support", model: "tiny", startedAt: 1,
                decision: isKept ? .open : .escalated)
            let mean = isKept ? -0.1 : -2.0
            answer.evidence = Evidence(tokenCount: 8, mean: mean, minimum: mean, lowDecile: mean)
            store.record(answer)
            var outcome = AnswerOutcome(requestID: "r\(index)", source: .shadow, right: isKept, at: 2)
            (outcome.side, outcome.weight) = (.open, isKept ? 10 : 1)
            store.addOutcome(outcome)
        }
        try store.flush()
        let found = try program.run(["calibrate", "support", "--dry-run", "--json"])
        #expect(found.status == 0, "\(found.error)")
        let figures = try #require(JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any])
        let report = try #require(figures["report"] as? [String: Any])
        // 160 and about 40.
        #expect((180...225).contains(try #require(report["count"] as? Int)))
        #expect(abs(try #require(report["baseRate"] as? Double) - 0.8) < 0.07)
    }
}
