import Foundation

/// The binomial distribution of the number of successes in `count` trials.
package enum Binomial {
    /// P(X = k).
    package static func mass(_ k: Int, of count: Int, p: Double) -> Double {
        guard k >= 0, k <= count else { return 0 }
        guard p > 0 else { return k == 0 ? 1 : 0 }
        guard p < 1 else { return k == count ? 1 : 0 }
        if k == 0 { return exp(Double(count) * log1p(-p)) }
        if k == count { return exp(Double(count) * log(p)) }
        let (n, successes) = (Double(count), Double(k))
        let failures = n - successes
        let corrections = stirlingError(n) - stirlingError(successes) - stirlingError(failures)
        let exponent = deviance(successes, mean: n * p) + deviance(failures, mean: n * (1 - p))
        return exp(corrections - exponent) * (n / (2 * Double.pi * successes * failures)).squareRoot()
    }

    /// P(X ≤ k).
    package static func cumulative(_ k: Int, of count: Int, p: Double) -> Double {
        guard k >= 0 else { return 0 }
        guard k < count else { return 1 }
        return IncompleteBeta.upper(p, Double(k) + 1, Double(count - k))
    }
}
