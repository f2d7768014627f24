import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

@Suite("Routes whose threshold and watch rest on a calibrator")
struct CalibratedRouteTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Right as often as the confidence says, which is over 0.9 for most.
    private func write(_ count: Int) throws {
        var random = SplitMix64(seed: 4)
        let answers = (0..<count).map { _ in
            let logOdds = 6 * random.uniform() - 1
            let mean = -log1p(exp(-logOdds))
            var evidence = Evidence(tokenCount: 1, mean: mean, minimum: mean, lowDecile: mean)
            evidence.finish = .stop
            return LabelledAnswer(evidence: evidence, right: random.uniform() < 1 / (1 + exp(-logOdds)))
        }
        let fit = CalibratorFit(answers)
        try VersionedFiles(folder: folder.path + "/calibrators").write("c") { version in
            Calibrator(
                name: "c", version: version, route: "r", model: "m", labels: nil, fit: fit,
                data: DataFingerprint(rows: []))
        }
    }

    private func lines(_ escalate: String) throws -> [String] {
        try Configuration(
            yaml: """
                data: \(folder.path)
                models: { m: { weights: w.gguf } }
                routes: { r: { open: m, calibrator: c, escalate: \(escalate), drift: { window: 300 } } }
                """, file: "/c/lapwing.yaml", day: "2026-01-02", environment: [:]
        ).targetLines()
    }

    @Test("Many labels prove an accuracy, and say how soon a drift would be found")
    func found() throws {
        try write(1500)
        let lines = try lines("{ accuracy: 0.92 }")
        #expect(lines.count == 2)
        #expect(lines[0].hasPrefix("r: escalates below 0."), "\(lines)")
        #expect(lines[0].contains("of 1,500 labelled answers"), "\(lines)")
        #expect(
            lines[1].hasPrefix("r: drift of more than 2.0 points is watched for; a drop of ten points is found within"))
        #expect(lines[1].hasSuffix("at most 1.0% of watches raise a false alarm within 300 labels"), "\(lines)")
    }

    @Test("Few labels prove nothing, and a newer version of the calibrator is read")
    func versions() throws {
        try write(40)
        #expect(try lines("{ accuracy: 0.92 }")[0].contains("not enough data for an accuracy of 92%"))
        try write(1500)
        #expect(try lines("{ accuracy: 0.92 }")[0].contains("of 1,500 labelled answers"))
        #expect(try lines("{ keep: 0.9 }")[0].contains("none of its 1,500 labelled answers says whether the closed"))
    }
}
