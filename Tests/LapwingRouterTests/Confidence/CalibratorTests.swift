import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import Testing

@Suite("A calibrator is fitted to answers with known outcomes")
struct CalibratorTests {
    private func answer(_ logOdds: Double, right: Bool, _ segment: Segment = Segment()) -> LabelledAnswer {
        let mean = -log1p(exp(-logOdds))
        var evidence = Evidence(tokenCount: 1, mean: mean, minimum: mean, lowDecile: mean)
        evidence.finish = .stop
        return LabelledAnswer(evidence: evidence, right: right, segment: segment)
    }

    /// Answers that say `slope` times less than is true of them.
    private func answers(_ count: Int, seed: UInt64, slope: Double = 1) -> [LabelledAnswer] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { _ in
            let said = Double.random(in: -3...3, using: &random)
            let right = Double.random(in: 0...1, using: &random) < 1 / (1 + exp(-slope * said))
            return answer(said, right: right)
        }
    }

    @Test("Where surer answers are right less often no answer is judged to be right more often than another")
    func inverted() {
        let answers = (0..<200).map { row in
            let mean = -0.01 * Double(row + 1)
            var evidence = Evidence(tokenCount: 1, mean: mean, minimum: mean, lowDecile: mean)
            evidence.finish = .stop
            // Two of the surest are wrong, and no other.
            return LabelledAnswer(evidence: evidence, right: row != 3 && row != 9)
        }
        let fit = CalibratorFit(answers)
        let calibrator = Calibrator(
            name: "c", version: 1, route: "r", model: "m", labels: nil, fit: fit, data: DataFingerprint(rows: []))
        let judge = calibrator.model(for: Segment())
        #expect(judge.probability(answers[199].evidence) <= judge.probability(answers[0].evidence) + 1e-12)
        #expect(fit.report.logLoss < 1.1 * fit.report.baseRateLogLoss)
    }

    @Test("Overconfident answers are judged for what they are worth")
    func overconfident() {
        let fit = CalibratorFit(answers(3000, seed: 1, slope: 0.4))
        #expect(fit.report.calibrationError < 0.03 && fit.report.logLoss < fit.report.baseRateLogLoss)
        let calibrator = Calibrator(
            name: "c", version: 1, route: "r", model: "m", labels: nil, fit: fit, data: DataFingerprint(rows: []))
        for logOdds in [-2.0, 0, 2] {
            let found = calibrator.model(for: Segment()).probability(answer(logOdds, right: true).evidence)
            #expect(abs(found - 1 / (1 + exp(-0.4 * logOdds))) < 0.06, "\(logOdds): \(found)")
        }
    }

    @Test("Of evidence beyond what the fit has seen no more is said than at its end")
    func beyond() {
        // Right answers are short; no end is in sight within one to twenty tokens.
        var random = SplitMix64(seed: 9)
        func evidence(_ tokenCount: Int, _ mean: Double) -> Evidence {
            var evidence = Evidence(tokenCount: tokenCount, mean: mean, minimum: mean, lowDecile: mean)
            evidence.finish = .stop
            return evidence
        }
        let answers = (0..<400).map { _ in
            let count = Int.random(in: 1...20, using: &random)
            let right = Double.random(in: 0...1, using: &random) < 1 / (1 + exp(0.4 * Double(count - 10)))
            return LabelledAnswer(
                evidence: evidence(count, Double.random(in: -1.2 ... -0.8, using: &random)), right: right)
        }
        let fit = CalibratorFit(answers)
        #expect(fit.method.name == "logistic")
        let judge = Calibrator(
            name: "c", version: 1, route: "r", model: "m", labels: nil, fit: fit, data: DataFingerprint(rows: [])
        ).model(for: Segment())
        let (end, beyond) = (judge.probability(evidence(20, -1)), judge.probability(evidence(5000, -1)))
        #expect(judge.probability(evidence(10, -1)) > end && end == beyond)
    }

    @Test("Answers that carry no information are judged as carrying none, though every fit sees what it is fitted to")
    func heldOut() throws {
        let fit = CalibratorFit(answers(60, seed: 5, slope: 0))
        #expect(try #require(fit.report.auroc) < 0.65)
        #expect(fit.report.informationShare < 0.05)
    }

    @Test("The same answers and seed give the same calibrator")
    func deterministic() {
        let rows = answers(200, seed: 3)
        let (one, two) = (CalibratorFit(rows, seed: 7), CalibratorFit(rows, seed: 7))
        #expect(one.method == two.method && one.sample == two.sample)
    }

    @Test("A segment with few labels stays near the whole, one with many goes its own way")
    func shrinkage() throws {
        var random = SplitMix64(seed: 11)
        // The whole is right half of the time; both segments nine times out of ten.
        func rows(_ count: Int, _ task: String, _ share: Double) -> [LabelledAnswer] {
            (0..<count).map { _ in
                answer(
                    Double.random(in: -0.5...0.5, using: &random),
                    right: Double.random(in: 0...1, using: &random) < share,
                    Segment(task: task))
            }
        }
        let fit = CalibratorFit(rows(1000, "bulk", 0.5) + rows(300, "many", 0.9) + rows(3, "few", 1))
        let (many, few) = (try #require(fit.offsets["task=many"]), try #require(fit.offsets["task=few"]))
        // All of the few are right: alone they would have no end.
        #expect(many > 1.2 && few > 0 && few < many)
        #expect(fit.segmentCounts == ["task=bulk": 1000, "task=many": 300, "task=few": 3])
        let calibrator = Calibrator(
            name: "c", version: 1, route: "r", model: "m", labels: nil, fit: fit, data: DataFingerprint(rows: []))
        let evidence = answer(0, right: true).evidence
        var context = RequestContext(requestID: "r")
        context.metadata = ["task": "many"]
        #expect(calibrator.model(for: Segment(context)).probability(evidence) > 0.8)
        // A task that nobody has labelled is judged as the whole.
        #expect(calibrator.model(for: Segment(task: "new")).probability(evidence) < 0.75)
    }

    @Test("It is refused for another model, other labels or another schema")
    func fit() throws {
        var calibrator = try Calibrator.fitted(labels: ["a", "b"])
        try calibrator.checkFit(route: "support", model: "small", labels: ["a", "b"])
        func refusal(_ model: String, _ labels: [String]?, embedder: String? = nil) -> String {
            do {
                try calibrator.checkFit(route: "support", model: model, labels: labels, embedder: embedder)
                return ""
            } catch { return error.description }
        }
        let start = "Route 'support' has the calibrator 'intents-v3': found "
        #expect(
            refusal("large", ["a", "b"])
                == start + "one fitted to answers of 'small', expected one for its open model, 'large'.")
        #expect(
            refusal("small", nil)
                == start + "one fitted to answers of 2 labels, expected one for its own answers, text.")
        #expect(
            refusal("small", ["b", "a"])
                == start
                + "one fitted to answers of 2 labels, expected one for its own answers, 2 labels with other names "
                + "or in another order.")
        #expect(
            refusal("small", ["a", "b"], embedder: "minilm")
                == start
                + "one fitted with no 'embedder', expected one for the route's 'embedder: minilm'.")
        calibrator.schema = 2
        #expect(
            refusal("small", ["a", "b"])
                == start + "the schema 2, expected 1: fit it again with `lapwing calibrate`.")
    }

    @Test("A file of it reads as what was written")
    func codable() throws {
        let calibrator = try Calibrator.fitted(labels: nil)
        let data = try JSONEncoder().encode(calibrator)
        #expect(try JSONDecoder().decode(Calibrator.self, from: data) == calibrator)
    }

    @Test("Rows with the same letters in other fields have another fingerprint")
    func fingerprint() {
        #expect(DataFingerprint(rows: [["ab", "c"]]) != DataFingerprint(rows: [["a", "bc"]]))
        #expect(DataFingerprint(rows: [["a"], ["b"]]) != DataFingerprint(rows: [["a", "b"]]))
    }
}
