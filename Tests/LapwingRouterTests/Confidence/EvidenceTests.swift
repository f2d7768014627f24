import Foundation
import LapwingAPI
import LapwingRouter
import Testing

private func token(_ value: Double?, second: Double? = nil) -> ScoredToken {
    var top: [TokenAlternative] = []
    if let value, let second {
        top = [(1, value), (2, second)].map {
            TokenAlternative(id: $0.0, bytes: [], logProbability: $0.1)
        }
    }
    return ScoredToken(id: 1, bytes: [65], logProbability: value, top: top)
}

@Suite("Evidence")
struct EvidenceTests {
    @Test("Mean, minimum and ranks are taken over all tokens, margin and entropy over the first")
    func summary() throws {
        var collector = EvidenceCollector(limit: nil)
        let values = (1...21).map { -Double($0) / 10 }
        collector.add(text: "a", tokens: [token(log(0.5), second: log(0.25))])
        collector.add(text: "b", tokens: values.dropFirst().map { token($0) })
        collector.end(.stop)
        let evidence = try #require(collector.evidence)
        #expect(evidence.tokenCount == 21)
        #expect(abs(evidence.mean - (log(0.5) - 23.0) / 21) < 1e-12)
        #expect(evidence.minimum == -2.1)
        // Rank 2 from below.
        #expect(evidence.lowDecile == -1.9)
        #expect(abs((evidence.firstMargin ?? 0) - log(2)) < 1e-12)
        let entropy = 0.5 * log(2) + 0.25 * log(4) + 0.25 * log(4)
        #expect(abs((evidence.firstEntropy ?? 0) - entropy) < 1e-12)
        #expect(evidence.finish == .stop)
    }

    @Test("Tokens beyond the limit are counted and not looked at")
    func limit() {
        var collector = EvidenceCollector(limit: 2)
        collector.add(text: "a", tokens: [token(-1), token(-1), token(-9)])
        #expect(collector.tokenCount == 3)
        #expect(collector.evidence?.tokenCount == 2)
        #expect(collector.evidence?.minimum == -1)
    }

    @Test("The end mark is not judged: a last token without text before a stop")
    func endMark() {
        func evidence(_ last: String, _ reason: FinishReason, limit: Int? = nil) -> Evidence? {
            var collector = EvidenceCollector(limit: limit)
            collector.add(text: "a", tokens: [token(-1)])
            collector.add(text: last, tokens: [token(-7)])
            collector.end(reason)
            return collector.evidence
        }
        #expect(evidence("", .stop)?.minimum == -1)
        #expect(evidence("", .stop)?.tokenCount == 1)
        #expect(evidence("b", .stop)?.minimum == -7)
        #expect(evidence("", .length)?.minimum == -7)
        #expect(evidence("", .stop, limit: 1)?.tokenCount == 1)
        var empty = EvidenceCollector(limit: nil)
        empty.add(text: "", tokens: [token(-1)])
        empty.end(.stop)
        #expect(empty.evidence == nil)
    }

    @Test("An answer without tokens, or with one that has no log-probability, is no evidence")
    func none() {
        var text = EvidenceCollector(limit: nil)
        text.add(text: "a", tokens: [])
        #expect(text.evidence == nil)
        #expect(text.tokenCount == 1)
        var partly = EvidenceCollector(limit: nil)
        partly.add(text: "a", tokens: [token(-1), token(nil)])
        #expect(partly.evidence == nil)
        #expect(EvidenceCollector(limit: nil).evidence == nil)
    }

    @Test("Features are those that the fit's script computes from the same log-probabilities")
    func sameAsTheScript() throws {
        var collector = EvidenceCollector(limit: nil)
        collector.add(text: "a", tokens: [token(-0.25, second: -2)])
        let rest = [-0.5, -1.75, -0.0625, -3.5, -0.125, -2.25, -0.03125, -0.75, -1.0, -0.375, -6.0]
        collector.add(text: "b", tokens: rest.map { token($0) })
        collector.end(.stop)
        let evidence = try #require(collector.evidence)
        // features(chosen, [-0.25, -2.0], True) of Scripts/fit_default_confidence.py.
        let expected = [-1.3828125, -6.0, -3.5, 1.75, 0.6761659812009042, 2.4849066497880004, 1.0]
        for (feature, value) in zip(ConfidenceFeature.allCases, expected) {
            #expect(abs((feature.value(in: evidence) ?? .nan) - value) < 1e-12, "\(feature)")
        }
    }

    @Test("Features are bounded, and unknown where their evidence is")
    func features() {
        var evidence = Evidence(tokenCount: 1, mean: -80, minimum: -80, lowDecile: -80)
        #expect(ConfidenceFeature.mean.value(in: evidence) == -5)
        #expect(ConfidenceFeature.minimum.value(in: evidence) == -15)
        #expect(ConfidenceFeature.lowDecile.value(in: evidence) == -15)
        #expect(ConfidenceFeature.firstMargin.value(in: evidence) == nil)
        #expect(ConfidenceFeature.firstEntropy.value(in: evidence) == nil)
        #expect(ConfidenceFeature.logLength.value(in: evidence) == 0)
        #expect(ConfidenceFeature.isFinished.value(in: evidence) == 0)
        evidence.finish = .length
        #expect(ConfidenceFeature.isFinished.value(in: evidence) == 0)
        evidence.finish = .stop
        evidence.firstMargin = 99
        #expect(ConfidenceFeature.isFinished.value(in: evidence) == 1)
        #expect(ConfidenceFeature.firstMargin.value(in: evidence) == 10)
    }
}

@Suite("ConfidenceModel")
struct ConfidenceModelTests {
    private let evidence = Evidence(
        tokenCount: 8, mean: -0.5, minimum: -2, lowDecile: -1.5, firstMargin: 3, firstEntropy: 0.2,
        finish: .stop)

    @Test("A logistic model is the logistic function of its weighted features")
    func logistic() {
        let model = LogisticConfidence(
            name: "m", isCalibrated: false, intercept: 1,
            terms: [.init(.mean, weight: 2, mean: -9), .init(.firstMargin, weight: 0.5, mean: 1)])
        #expect(abs(model.probability(evidence) - 1 / (1 + exp(-(1 - 1 + 1.5)))) < 1e-12)
        var blind = evidence
        blind.firstMargin = nil
        #expect(abs(model.probability(blind) - 1 / (1 + exp(-(1 - 1 + 0.5)))) < 1e-12)
    }

    @Test("The default model is named, uncalibrated, and surer of an answer with likelier tokens")
    func standard() {
        let model = LogisticConfidence.default1
        let confidence = model.confidence(evidence)
        #expect(confidence.calibrator == "default-1")
        #expect(!confidence.isCalibrated)
        #expect((0...1).contains(confidence.probability))
        var worse = evidence
        (worse.mean, worse.minimum, worse.lowDecile) = (-3, -9, -7)
        #expect(model.probability(worse) < confidence.probability)
    }

    /// Computed in Python from the coefficients as the fit's script printed them.
    @Test(
        "The default model's probabilities are the fitted ones",
        arguments: [
            (
                Evidence(
                    tokenCount: 3, mean: -0.05, minimum: -0.12, lowDecile: -0.12, firstMargin: 4.5, firstEntropy: 0.08,
                    finish: .stop), 0.9815759582555285
            ),
            (
                Evidence(
                    tokenCount: 48, mean: -0.6, minimum: -3.2, lowDecile: -1.9, firstMargin: 0.9, firstEntropy: 0.95),
                0.3375619122864448
            ),
            (Evidence(tokenCount: 12, mean: -2.5, minimum: -16, lowDecile: -6, finish: .stop), 0.6404696174990726),
        ])
    func figures(evidence: Evidence, probability: Double) {
        #expect(abs(LogisticConfidence.default1.probability(evidence) - probability) < 1e-12)
    }

    @Test("Coefficients survive being written down")
    func codable() throws {
        let data = try JSONEncoder().encode(LogisticConfidence.default1)
        #expect(try JSONDecoder().decode(LogisticConfidence.self, from: data) == .default1)
    }
}
