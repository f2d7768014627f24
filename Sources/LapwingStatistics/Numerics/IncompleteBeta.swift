import Foundation

/// The regularised incomplete beta function I_x(a, b), its complement and its inverse: the distribution function of
/// Beta(a, b), and through it that of the binomial.
///
/// By the continued fraction of DLMF 8.17.22, after Loader's form of the power in front of it.
package enum IncompleteBeta {
    /// I_x(a, b), for a, b > 0; 0 and 1 outside 0 < x < 1.
    package static func lower(_ x: Double, _ a: Double, _ b: Double) -> Double { tails(x, 1 - x, a, b).lower }

    /// 1 - I_x(a, b), to full precision also where it is tiny.
    package static func upper(_ x: Double, _ a: Double, _ b: Double) -> Double { tails(x, 1 - x, a, b).upper }

    /// The x with I_x(a, b) = p.
    package static func quantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
        p <= 0.5 ? logistic(logOdds(p, a, b)) : logistic(-logOdds(1 - p, b, a))
    }

    /// The x with 1 - I_x(a, b) = p, where p may be too small to be told from the 1 - p that `quantile` would be given.
    package static func upperQuantile(_ p: Double, _ a: Double, _ b: Double) -> Double {
        p <= 0.5 ? logistic(-logOdds(p, b, a)) : logistic(logOdds(1 - p, a, b))
    }

    /// x^a y^b / B(a, b), where y = 1 - x.
    static func power(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
        let n = a + b
        let exponent = deviance(a, mean: n * x) + deviance(b, mean: n * y)
        let corrections = stirlingError(n) - stirlingError(a) - stirlingError(b)
        return exp(corrections - exponent) * (a / n).squareRoot() * b.squareRoot() / (2 * Double.pi).squareRoot()
    }

    /// Both tails at x, given x and y = 1 - x, of which one may be too near to 1 to tell the other.
    static func tails(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> (lower: Double, upper: Double) {
        precondition(a > 0 && b > 0, "a beta distribution has positive parameters")
        guard x > 0 else { return (0, 1) }
        guard y > 0 else { return (1, 0) }
        // The fraction converges fast on this side of the mean only.
        guard x * (a + b + 2) < a + 1 else {
            let mirrored = tails(of: y, x, b, a)
            return (1 - mirrored, mirrored)
        }
        let value = tails(of: x, y, a, b)
        return (value, 1 - value)
    }

    private static func tails(of x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
        min(power(x, y, a, b) / a * fraction(x, a, b), 1)
    }

    /// The continued fraction, by the modified method of Lentz.
    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        func away(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
        var c = 1.0
        var d = 1 / away(1 - (a + b) / (a + 1) * x)
        var value = d
        var m = 0.0
        while m < 1e7 {
            m += 1
            let even = m * (b - m) / (a + 2 * m - 1) * (x / (a + 2 * m))
            d = 1 / away(1 + even * d)
            c = away(1 + even / c)
            value *= d * c
            let odd = -(a + m) / (a + 2 * m) * ((a + b + m) / (a + 2 * m + 1) * x)
            d = 1 / away(1 + odd * d)
            c = away(1 + odd / c)
            value *= d * c
            if abs(d * c - 1) < 2e-16 { break }
        }
        return value
    }

    /// t = log(x / (1 - x)) of the x with I_x(a, b) = p, for p ≤ ½: in t both ends have all their digits.
    ///
    /// The logarithm of the distribution function is concave in t, so Newton's steps come from the left after the first
    /// and stay there.
    private static func logOdds(_ p: Double, _ a: Double, _ b: Double) -> Double {
        guard p > 0 else { return -.infinity }
        // Left of it exp(t) is no Double any more, and the answer is 0.
        let least = -745.0
        var t = max(log(a / b), least)
        var above = t
        var isRising = false
        for _ in 0..<400 {
            let (x, y) = (logistic(t), logistic(-t))
            let lower = tails(x, y, a, b).lower
            if lower > p { above = t }
            // So far left that nothing is left to go by.
            guard lower > 0 else {
                t = (t + above) / 2
                continue
            }
            if t == least, lower >= p { return -.infinity }
            let step = log(p / lower) * lower / power(x, y, a, b)
            t = step.isFinite ? max(t + step, least) : least
            if isRising && step <= 0 || abs(step) <= 1e-13 * max(1, abs(t)) { break }
            isRising = step > 0
        }
        return t
    }

    private static func logistic(_ t: Double) -> Double { 1 / (1 + exp(-t)) }
}
