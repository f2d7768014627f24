/// Intervals from the spread of a figure over resamples (Efron and Tibshirani, "An introduction to the bootstrap", 1993).
///
/// Resamples are `BootstrapIndices`, or any arrays of row numbers.
package enum Bootstrap {
    /// The middle `level` of the figure's values over the resamples in which it has one.
    package static func percentile(
        _ statistic: ([Int]) -> Double, over resamples: some Sequence<[Int]>, level: Double = 0.95
    ) -> ClosedRange<Double> {
        let values = resamples.map(statistic).filter(\.isFinite).sorted()
        precondition(!values.isEmpty, "a bootstrap needs resamples")
        let low = quantile((1 - level) / 2, ofSorted: values)
        return low...max(low, quantile((1 + level) / 2, ofSorted: values))
    }

    /// The interval of the mean.
    package static func mean(
        _ values: [Double], over resamples: some Sequence<[Int]>, level: Double = 0.95
    ) -> ClosedRange<Double> {
        percentile({ mean(values, $0) }, over: resamples, level: level)
    }

    /// The interval of the mean of `second` less the mean of `first`, of which each row is a pair.
    package static func pairedDifference(
        _ first: [Double], _ second: [Double], over resamples: some Sequence<[Int]>, level: Double = 0.95
    ) -> ClosedRange<Double> {
        precondition(first.count == second.count, "pairs have two sides")
        return mean(zip(first, second).map { $1 - $0 }, over: resamples, level: level)
    }

    /// The interval of the mean of `second` divided by the mean of `first`: the share of the quality that is kept.
    package static func pairedRatio(
        _ first: [Double], _ second: [Double], over resamples: some Sequence<[Int]>, level: Double = 0.95
    ) -> ClosedRange<Double> {
        precondition(first.count == second.count, "pairs have two sides")
        return percentile({ mean(second, $0) / mean(first, $0) }, over: resamples, level: level)
    }

    /// Linear between the order statistics: type 7 of Hyndman and Fan, 1996, as NumPy's default.
    package static func quantile(_ p: Double, ofSorted values: [Double]) -> Double {
        let place = p * Double(values.count - 1)
        let index = min(Int(place), values.count - 1)
        let next = min(index + 1, values.count - 1)
        return values[index] + (place - Double(index)) * (values[next] - values[index])
    }

    private static func mean(_ values: [Double], _ rows: [Int]) -> Double {
        rows.reduce(0) { $0 + values[$1] } / Double(rows.count)
    }
}
