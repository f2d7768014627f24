import Foundation

/// Whether two models that saw the same rows differ, from the rows where only one of them was right (McNemar, 1947).
///
/// All p-values are two-sided.
package enum McNemar {
    /// By the binomial distribution: right at any count, and somewhat too careful at small ones.
    package static func exact(_ firstOnly: Int, _ secondOnly: Int) -> Double {
        min(1, 2 * Binomial.cumulative(min(firstOnly, secondOnly), of: firstOnly + secondOnly, p: 0.5))
    }

    /// The exact one with half of the observed count's own probability taken off, which undoes most of that care
    /// (Fagerland, Lydersen and Laake, 2013).
    package static func midP(_ firstOnly: Int, _ secondOnly: Int) -> Double {
        let (fewer, count) = (min(firstOnly, secondOnly), firstOnly + secondOnly)
        let mass = Binomial.mass(fewer, of: count, p: 0.5)
        return min(1, 2 * Binomial.cumulative(fewer, of: count, p: 0.5) - mass)
    }

    /// By the chi-squared distribution with one degree of freedom; `corrected` for continuity, as Edwards, 1948.
    package static func chiSquared(_ firstOnly: Int, _ secondOnly: Int, corrected: Bool) -> Double {
        let count = firstOnly + secondOnly
        guard count > 0 else { return 1 }
        let difference = abs(Double(firstOnly - secondOnly)) - (corrected ? 1 : 0)
        return erfc((difference * difference / Double(2 * count)).squareRoot())
    }
}
