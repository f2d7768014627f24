import Foundation
import LapwingStatistics
import Testing

/// The same inputs through scipy, statsmodels and scikit-learn: Scripts/make_statistics_golden.py made the file, and
/// Scripts/statistics.sh makes another with fresh inputs and names it in LAPWING_STATISTICS_GOLDEN.
@Suite("Agreement with scipy, statsmodels and scikit-learn to 1e-9")
struct StatisticsAgreementTests {
    let golden: Golden

    init() throws {
        let path = ProcessInfo.processInfo.environment["LAPWING_STATISTICS_GOLDEN"]
        let bundled = Bundle.module.url(forResource: "agreement", withExtension: "json", subdirectory: "Fixtures")
        let file = try #require(path.map { URL(fileURLWithPath: $0) } ?? bundled)
        golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    @Test("The incomplete beta function, its tails and its inverse agree, also at extreme parameters")
    func incompleteBeta() {
        for c in golden.beta {
            expect(IncompleteBeta.lower(c.x, c.a, c.b), c.lower, "lower tail of \(c)", isRelative: true)
            expect(IncompleteBeta.upper(c.x, c.a, c.b), c.upper, "upper tail of \(c)", isRelative: true)
            guard let quantile = c.quantile else { continue }
            expect(IncompleteBeta.quantile(c.p, c.a, c.b), quantile, "quantile of \(c)", isRelative: true)
        }
    }

    @Test("The normal distribution and its quantiles agree far into the tails")
    func normal() {
        for c in golden.normal {
            expect(Normal.quantile(c.p), c.quantile, "quantile of \(c.p)", isRelative: true)
            expect(Normal.cumulative(c.x), c.cumulative, "cumulative of \(c.x)", isRelative: true)
        }
    }

    @Test("Normal quantiles are right to the last digits")
    func normalDigits() {
        for (p, quantile) in [
            (0.975, 1.959963984540054), (0.3, -0.5244005127080409), (1e-20, -9.262340089798409),
            (1e-300, -37.0470962993612),
        ] {
            #expect(abs(Normal.quantile(p) - quantile) <= 2e-15 * abs(quantile), "\(p): \(Normal.quantile(p))")
        }
    }

    @Test("Clopper-Pearson and Wilson intervals and the binomial agree")
    func proportions() {
        for c in golden.proportions {
            let exact = ProportionInterval.clopperPearson(successes: c.successes, of: c.count, level: c.level)
            expect(exact, c.clopperPearson, "Clopper-Pearson of \(c)")
            let wilson = ProportionInterval.wilson(successes: c.successes, of: c.count, level: c.level)
            expect(wilson, c.wilson, "Wilson of \(c)")
            let lower = ProportionInterval.clopperPearsonLower(successes: c.successes, of: c.count, level: c.level)
            expect(lower, c.lower, "lower bound of \(c)", isRelative: true)
            let upper = ProportionInterval.clopperPearsonUpper(successes: c.successes, of: c.count, level: c.level)
            expect(upper, c.upper, "upper bound of \(c)", isRelative: true)
            expect(Binomial.mass(c.successes, of: c.count, p: 0.3), c.mass, "mass of \(c)")
            expect(Binomial.cumulative(c.successes, of: c.count, p: 0.3), c.cumulative, "cumulative of \(c)")
        }
    }

    @Test("McNemar's exact p-values agree")
    func mcNemar() {
        for c in golden.differing {
            expect(McNemar.exact(c.firstOnly, c.secondOnly), c.exact, "exact of \(c)")
        }
    }

    @Test("Tango's interval of a paired difference and the kept quality's agree")
    func pairedDifferences() throws {
        for c in golden.pairs {
            let (first, second) = (c.firstOnly, c.secondOnly)
            let tango = PairedDifference.tango(firstOnly: first, secondOnly: second, of: c.count, level: c.level)
            expect(tango, c.tango, "Tango of \(c)")
            let kept = try #require(
                PairedNonInferiority.keptQuality(
                    bothRight: c.bothRight, referenceOnly: first, candidateOnly: second, level: c.level))
            expect(kept, c.kept, "kept quality of \(c)")
        }
    }

    @Test("Weighted isotonic regression agrees at, between and outside its points")
    func isotonic() {
        for c in golden.isotonic {
            let fit = IsotonicFit(c.x, c.y, weights: c.weights)
            for (x, value) in zip(c.at, c.values) { expect(fit(x), value, "isotonic fit of \(c.x) at \(x)") }
        }
    }

    @Test("Platt's two parameters agree with a logistic regression's, with and without smoothed targets")
    func platt() {
        for c in golden.platt {
            for (smooths, parameters) in [(false, c.plain), (true, c.smoothed)] {
                let fit = PlattFit(scores: c.scores, isRight: c.isRight, smoothsTargets: smooths)
                expect(fit.intercept, parameters[0], "intercept")
                expect(fit.slope, parameters[1], "slope")
            }
        }
    }

    @Test("Bootstrap intervals over the same rows agree")
    func bootstrap() {
        for c in golden.bootstrap {
            expect(Bootstrap.mean(c.first, over: c.rows, level: c.level), c.mean, "mean")
            let difference = Bootstrap.pairedDifference(c.first, c.second, over: c.rows, level: c.level)
            expect(difference, c.difference, "difference")
            expect(Bootstrap.pairedRatio(c.first, c.second, over: c.rows, level: c.level), c.ratio, "ratio")
        }
    }

    @Test("AUROC, Brier score, log loss, calibration errors and the risk-coverage area agree")
    func ranking() throws {
        for c in golden.ranking {
            expect(try #require(RankingMetrics.auroc(scores: c.p, outcomes: c.isRight)), c.auroc, "AUROC")
            expect(CalibrationMetrics.brier(probabilities: c.p, outcomes: c.isRight), c.brier, "Brier score")
            expect(CalibrationMetrics.logLoss(probabilities: c.p, outcomes: c.isRight), c.logLoss, "log loss")
            let area = RankingMetrics.riskCoverageArea(scores: c.p, outcomes: c.isRight)
            expect(area, c.riskCoverageArea, "risk-coverage area")
            guard let wanted = c.equalCount else { continue }
            let equalCount = CalibrationMetrics.expectedCalibrationError(probabilities: c.p, outcomes: c.isRight)
            expect(equalCount, wanted, "error over bins of equal count")
        }
    }

    @Test("The routing curve's figures agree")
    func routing() throws {
        for c in golden.routing {
            let curve = RoutingCurve(scores: c.scores, weak: c.weak, strong: c.strong)
            expect(try #require(curve.averageGapRecovered), c.averageGapRecovered, "APGR")
            expect(try #require(curve.callShare(toRecover: 0.5)), c.half, "CPT(50)")
            expect(try #require(curve.callShare(toRecover: 0.8)), c.fourFifths, "CPT(80)")
        }
    }

    private func expect(
        _ found: Double, _ wanted: Double, _ what: String, isRelative: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let scale = isRelative ? abs(wanted) : max(1, abs(wanted))
        // Under 1e-250 the other side rounds to 0.
        #expect(
            abs(found - wanted) <= 1e-9 * scale + 1e-250, "\(what): \(found), expected \(wanted)",
            sourceLocation: sourceLocation)
    }

    private func expect(
        _ found: ClosedRange<Double>, _ wanted: [Double], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        expect(found.lowerBound, wanted[0], what, sourceLocation: sourceLocation)
        expect(found.upperBound, wanted[1], what, sourceLocation: sourceLocation)
    }
}

/// The file of Scripts/make_statistics_golden.py.
struct Golden: Decodable {
    struct Beta: Decodable { var a, b, x, lower, upper, p: Double; var quantile: Double? }
    struct Normal: Decodable { var p, quantile, x, cumulative: Double }
    struct Proportion: Decodable {
        var successes, count: Int
        var level, lower, upper, mass, cumulative: Double
        var clopperPearson, wilson: [Double]
    }
    struct Differing: Decodable {
        var firstOnly, secondOnly: Int
        var exact: Double
    }
    struct Pairs: Decodable {
        var bothRight, firstOnly, secondOnly, count: Int
        var level: Double
        var tango, kept: [Double]
    }
    struct Isotonic: Decodable { var x, y, weights, at, values: [Double] }
    struct Platt: Decodable {
        var scores: [Double]
        var isRight: [Bool]
        var plain, smoothed: [Double]
    }
    struct Bootstrap: Decodable {
        var first, second, mean, difference, ratio: [Double]
        var rows: [[Int]]
        var level: Double
    }
    struct Ranking: Decodable {
        var p: [Double]
        var isRight: [Bool]
        var auroc, brier, logLoss, riskCoverageArea: Double
        var equalCount: Double?
    }
    struct Routing: Decodable {
        var scores, weak, strong: [Double]
        var averageGapRecovered, half, fourFifths: Double
    }

    var beta: [Beta]
    var normal: [Normal]
    var proportions: [Proportion]
    var differing: [Differing]
    var pairs: [Pairs]
    var isotonic: [Isotonic]
    var platt: [Platt]
    var bootstrap: [Bootstrap]
    var ranking: [Ranking]
    var routing: [Routing]
}
