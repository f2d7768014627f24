/// Several tests at once: the chance that any true hypothesis is rejected stays at the level (Holm, 1979).
package enum Holm {
    /// The p-values to compare with the level in place of the given ones, in the given order.
    package static func adjusted(_ pValues: [Double]) -> [Double] {
        var adjusted = pValues
        var greatest = 0.0
        for (rank, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
            greatest = max(greatest, min(1, Double(pValues.count - rank) * pValues[index]))
            adjusted[index] = greatest
        }
        return adjusted
    }
}
