import LapwingStatistics
import Testing

@Suite("A choice among described alternatives")
struct ConditionalLogitTests {
    @Test("With two alternatives it is the logistic regression on their difference")
    func twoAlternatives() {
        var random = SplitMix64(seed: 9)
        var pairs: [[[Double]]] = []
        var chosen: [Int] = []
        for _ in 0..<200 {
            let pair = (0..<2).map { _ in (0..<3).map { _ in Double.random(in: -1...1, using: &random) } }
            pairs.append(pair)
            let gap = 2 * (pair[1][0] - pair[0][0]) - (pair[1][2] - pair[0][2])
            chosen.append(gap + Double.random(in: -1...1, using: &random) > 0 ? 1 : 0)
        }
        let choice = ConditionalLogit.fit(
            FeatureRows(dense: pairs.flatMap { $0 }), starts: Array(stride(from: 0, through: 400, by: 2)),
            chosen: chosen,
            c: 0.7, tolerance: 1e-9)
        let regression = LogisticRegression.fit(
            FeatureRows(dense: pairs.map { pair in zip(pair[1], pair[0]).map { $0 - $1 } }), classes: chosen,
            classCount: 2,
            options: LogisticRegression.Options(c: 0.7, hasIntercept: false, tolerance: 1e-9))
        for (weight, expected) in zip(choice.weights, regression.weights) { #expect(abs(weight - expected) < 1e-6) }
    }
}
