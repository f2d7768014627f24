import LapwingAPI
import LapwingEvaluation
import Testing

@Suite struct ParityTests {
    @Test("A candidate that loses little over many questions passes, and the report says what it keeps at which cost")
    func passes() throws {
        // 1,000 questions: 500 both right, 20 lost, 10 won, 470 both wrong.
        let (a, b) = runs(both: 500, lost: 20, won: 10, neither: 470, costs: (1000, 110))
        let report = try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.05))
        #expect(report.verdict == .pass)
        #expect(report.referenceScore == 0.52)
        #expect(report.candidateScore == 0.51)
        #expect(abs(report.difference + 0.01) < 1e-12)
        #expect(report.flips.count == 30)
        #expect(report.flips.count { $0.candidate < $0.reference } == 20)
        #expect(abs((report.costShare ?? 0) - 0.11) < 1e-12)
        #expect(report.lowerBound > -0.05 && report.lowerBound < -0.01)
        #expect(report.interval.lowerBound < report.lowerBound)
        // The exact two-sided p of 10 in 30.
        #expect(abs((report.pValue ?? 0) - 0.098_736_9) < 1e-6)
        let kept = try #require(report.kept)
        #expect(kept.contains(0.51 / 0.52))
    }

    @Test("Of a route the report says how many of its answers the open model gave, and of a model nothing")
    func openShare() throws {
        var (a, b) = runs(both: 30, lost: 5, won: 5, neither: 10)
        #expect(try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.5)).openShare == nil)
        for index in b.samples.indices {
            b.samples[index].decision =
                index < 10 ? .escalated : index < 12 ? .closed : index < 20 ? .wouldEscalate : .open
        }
        a.samples.removeLast(10)
        let report = try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.5))
        #expect(report.openShare == Double(40 - 12) / 40)
    }

    @Test("A candidate that loses more than the margin fails")
    func fails() throws {
        let (a, b) = runs(both: 400, lost: 150, won: 10, neither: 440)
        #expect(try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.05)).verdict == .fail)
    }

    @Test("Too few questions say so, with the number that is missing, and that number shows parity")
    func notEnough() throws {
        let (a, b) = runs(both: 40, lost: 5, won: 5, neither: 10)
        let terms = ParityTerms(margin: 0.05)
        let report = try ParityReport(a, b, metric: "acc", terms: terms)
        guard case .notEnoughData(let more) = report.verdict else {
            Issue.record("expected not enough data, found \(report.verdict)")
            return
        }
        // (1.6449 + 0.8416)^2 * (1/6) / 0.05^2, less the 60 there are.
        #expect(more == 413 - 60)
        let (c, d) = runs(both: 40 * 7, lost: 5 * 7, won: 5 * 7, neither: 10 * 7)
        #expect(try ParityReport(c, d, metric: "acc", terms: terms).verdict == .pass)
    }

    @Test("Scores between right and wrong are compared by a bootstrap over pairs")
    func graded() throws {
        var (a, b) = runs(both: 200, lost: 0, won: 0, neither: 0)
        for index in a.samples.indices {
            a.samples[index].scores["acc"] = 0.5 + Double(index % 5) / 10
            b.samples[index].scores["acc"] = 0.5 + Double(index % 5) / 10 - (index % 2 == 0 ? 0.02 : 0)
        }
        let report = try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.02))
        #expect(report.verdict == .pass)
        #expect(report.pValue == nil)
        #expect(abs(report.difference + 0.01) < 1e-9)
        #expect(report.interval.contains(report.difference))
        #expect(try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.005)).verdict == .fail)
    }

    @Test("Runs of other questions are not compared")
    func refusal() {
        var (a, b) = runs(both: 4, lost: 0, won: 0, neither: 0)
        b.run.dataHash = "other"
        #expect(throws: EvaluationError.self) {
            try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.05))
        }
        b.run.dataHash = a.run.dataHash
        a.samples.removeAll()
        #expect(throws: EvaluationError.self) {
            try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.05))
        }
    }

    @Test(
        "Where nothing turned over few questions, as many more are asked for as would show it", arguments: [1, 12, 40])
    func nothingTurned(count: Int) throws {
        let (a, b) = runs(both: count, lost: 0, won: 0, neither: 0)
        let report = try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.05))
        guard case .notEnoughData(let more) = report.verdict else {
            Issue.record("expected not enough data, found \(report.verdict)")
            return
        }
        let (c, d) = runs(both: count + more, lost: 0, won: 0, neither: 0)
        #expect(try ParityReport(c, d, metric: "acc", terms: ParityTerms(margin: 0.05)).verdict == .pass, "\(more)")
        let kept = try #require(report.kept)
        #expect(kept.upperBound - kept.lowerBound > 0.04)
    }

    @Test("A difference of exactly the margin is told, where more questions would say nothing")
    func atTheMargin() throws {
        let (a, b) = runs(both: 45, lost: 5, won: 0, neither: 50)
        let report = try ParityReport(a, b, metric: "acc", terms: ParityTerms(margin: 0.05))
        #expect(report.difference < -0.0499)
        // 124 questions would show parity of equals that differ on a twentieth.
        #expect(report.verdict == .notEnoughData(more: 24))
        let (c, d) = runs(both: 450, lost: 50, won: 0, neither: 500)
        #expect(try ParityReport(c, d, metric: "acc", terms: ParityTerms(margin: 0.05)).verdict == .fail)
    }

    typealias Run = (run: RunRecord, samples: [Sample])

    private func runs(
        both: Int, lost: Int, won: Int, neither: Int, costs: (Int64, Int64) = (1, 1)
    ) -> (Run, Run) {
        let kinds = [(both, 1.0, 1.0), (lost, 1, 0), (won, 0, 1), (neither, 0, 0)]
        let scores = kinds.flatMap { kind in (0..<kind.0).map { _ in (kind.1, kind.2) } }
        return (
            run("a", scores.map(\.0), cost: costs.0), run("b", scores.map(\.1), cost: costs.1)
        )
    }

    private func run(_ name: String, _ scores: [Double], cost: Int64) -> Run {
        let samples = scores.enumerated().map { index, score in
            let item = Item(id: index, context: "", question: "q\(index)", row: [:])
            var sample = Sample(item, usage: Usage(promptTokens: 1, completionTokens: 0), cost: NanoUSD(cost))
            sample.scores = ["acc": score]
            return sample
        }
        return (
            RunRecord(
                id: name, task: Fixtures.mmlu, model: name, modelHash: nil, dataHash: "d", taskHash: "t", limit: nil,
                software: "s", startedAt: "2026-11-01T00:00:00Z", questions: scores.count), samples
        )
    }
}
