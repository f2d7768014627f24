/// Whether two models that saw the same rows differ, from the rows where only one of them was right (McNemar, 1947).
package enum McNemar {
    /// The two-sided p-value by the binomial distribution: right at any count, and somewhat too careful at small ones.
    package static func exact(_ firstOnly: Int, _ secondOnly: Int) -> Double {
        min(1, 2 * Binomial.cumulative(min(firstOnly, secondOnly), of: firstOnly + secondOnly, p: 0.5))
    }
}
