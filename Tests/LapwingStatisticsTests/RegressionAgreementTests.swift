import Foundation
import LapwingStatistics
import Testing

/// Scripts/make_regression_golden.py made the file.
@Suite("Agreement of regressions and TF-IDF with scikit-learn")
struct RegressionAgreementTests {
    let golden: Golden

    init() throws {
        let file = try #require(
            Bundle.module.url(forResource: "regression", withExtension: "json", subdirectory: "Fixtures"))
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    @Test("Logistic regression agrees for two and more classes, weighted or not, with and without an intercept")
    func logistic() {
        for c in golden.regressions {
            let rows = FeatureRows(dense: c.rows)
            let model = LogisticRegression.fit(
                rows, classes: c.classes, classCount: c.classCount, weights: c.weights,
                options: .init(c: c.c, hasIntercept: c.hasIntercept, tolerance: 1e-10, iterationLimit: 10_000))
            expect(model.weights, c.coefficients.flatMap(\.self), "weights of \(c.classCount) classes at C \(c.c)")
            if c.hasIntercept { expect(model.intercepts, c.intercepts, "intercepts at C \(c.c)") }
            for row in 0..<rows.count {
                expect(model.probabilities(rows[row]), c.probabilities[row], "probabilities of row \(row)")
            }
        }
    }

    @Test("Ridge regression agrees, with more rows than columns and with fewer")
    func ridge() {
        for c in golden.ridges {
            let model = RidgeRegression.fit(
                FeatureRows(dense: c.rows), targets: c.targets, alpha: c.alpha, tolerance: 1e-12)
            expect(model.weights, c.coefficients, "weights at alpha \(c.alpha)")
            expect([model.intercept], [c.intercept], "intercept at alpha \(c.alpha)")
        }
    }

    @Test("TF-IDF agrees in its terms and rows, on texts it was fitted on and others, a text at a time and together")
    func terms() {
        let c = golden.terms
        let corpus = TermCorpus(c.texts + c.others)
        let features = TermFeatures.fit(corpus, on: c.texts.indices)
        #expect(Set(features.terms) == Set(c.terms))
        let rows = features.rows(corpus, 0..<corpus.count)
        for (index, text) in (c.texts + c.others).enumerated() {
            let row = features.row(text)
            #expect(row == rows[index])
            let found = Dictionary(
                uniqueKeysWithValues: zip(row.columns, row.values).map { (features.terms[Int($0)], $1) })
            expect(c.terms.map { found[$0] ?? 0 }, c.rows[index], "row of \(text)")
        }
    }

    private func expect(
        _ found: [Double], _ expected: [Double], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let distance = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(
            found.count == expected.count && distance < 1e-6, "\(what): \(distance) off", sourceLocation: sourceLocation
        )
    }
}

extension RegressionAgreementTests {
    struct Golden: Decodable {
        var regressions: [Regression]
        var ridges: [Ridge]
        var terms: Terms

        struct Regression: Decodable {
            var rows: [[Double]]
            var classes: [Int]
            var classCount: Int
            var c: Double
            var weights: [Double]?
            var hasIntercept: Bool
            var coefficients: [[Double]]
            var intercepts: [Double]
            var probabilities: [[Double]]
        }

        struct Ridge: Decodable {
            var rows: [[Double]]
            var targets: [Double]
            var alpha: Double
            var coefficients: [Double]
            var intercept: Double
        }

        struct Terms: Decodable {
            var texts: [String]
            var others: [String]
            var terms: [String]
            var rows: [[Double]]
        }
    }
}
