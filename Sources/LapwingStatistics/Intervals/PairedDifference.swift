import Foundation

/// Intervals for the difference of two probabilities that were seen on the same rows: the second's less the first's.
///
/// A row where only the first was right counts to `firstOnly`, one where only the second was to `secondOnly`.
package enum PairedDifference {
    /// The score interval, which stays near its level on small samples and few differing rows (Tango, 1998).
    package static func tango(
        firstOnly: Int, secondOnly: Int, of count: Int, level: Double = 0.95
    ) -> ClosedRange<Double> {
        let z = Normal.quantile((1 + level) / 2)
        return bound(firstOnly, secondOnly, count, z: z)...bound(firstOnly, secondOnly, count, z: -z)
    }

    /// The difference d at which Tango's statistic, which falls as d grows, is `z`.
    private static func bound(_ firstOnly: Int, _ secondOnly: Int, _ count: Int, z: Double) -> Double {
        precondition(firstOnly >= 0 && secondOnly >= 0 && firstOnly + secondOnly <= count, "differing rows are rows")
        guard count > 0 else { return z > 0 ? -1 : 1 }
        var low = -1.0
        var high = 1.0
        for _ in 0..<80 {
            let middle = (low + high) / 2
            guard middle > low, middle < high else { break }
            if statistic(firstOnly, secondOnly, count, middle) > z { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// (c - b - n d) / √(n (2 q + d (1 - d))), where q is the most likely share of `firstOnly` rows given that d is true:
    /// the root of 2n q² + (-b - c + (2n - c + b) d) q - b d (1 - d) = 0.
    private static func statistic(_ firstOnly: Int, _ secondOnly: Int, _ count: Int, _ d: Double) -> Double {
        let (b, c, n) = (Double(firstOnly), Double(secondOnly), Double(count))
        let linear = -b - c + (2 * n - c + b) * d
        let constant = -b * d * (1 - d)
        let root = max(linear * linear - 8 * n * constant, 0).squareRoot()
        // The sum that does not cancel, and the other root through the product of both.
        let q = linear > 0 ? -2 * constant / (root + linear) : (root - linear) / (4 * n)
        let variance = n * (2 * q + d * (1 - d))
        let gap = c - b - n * d
        guard variance > 0 else { return gap > 0 ? .infinity : (gap < 0 ? -.infinity : 0) }
        return gap / variance.squareRoot()
    }
}
