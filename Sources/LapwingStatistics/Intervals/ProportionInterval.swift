/// Intervals for a probability, given how many of `count` trials succeeded; the whole of 0...1 where there was none.
package enum ProportionInterval {
    /// Exact: holds the true probability in at least `level` of all samples (Clopper and Pearson, 1934).
    package static func clopperPearson(
        successes: Int, of count: Int, level: Double = 0.95
    ) -> ClosedRange<Double> {
        let oneSided = (1 + level) / 2
        return clopperPearsonLower(
            successes: successes, of: count, level: oneSided)...clopperPearsonUpper(
                successes: successes, of: count, level: oneSided)
    }

    /// The least p under which `successes` or fewer come with probability 1 - `level` at most.
    package static func clopperPearsonUpper(successes: Int, of count: Int, level: Double) -> Double {
        check(successes, count)
        guard successes < count else { return 1 }
        return IncompleteBeta.upperQuantile(1 - level, Double(successes) + 1, Double(count - successes))
    }

    /// The greatest p under which `successes` or more come with probability 1 - `level` at most.
    package static func clopperPearsonLower(successes: Int, of count: Int, level: Double) -> Double {
        check(successes, count)
        guard successes > 0 else { return 0 }
        return IncompleteBeta.quantile(1 - level, Double(successes), Double(count - successes) + 1)
    }

    /// The score interval: near to `level` on average, and shorter than the exact one (Wilson, 1927).
    package static func wilson(successes: Int, of count: Int, level: Double = 0.95) -> ClosedRange<Double> {
        check(successes, count)
        guard count > 0 else { return 0...1 }
        let z = Normal.quantile((1 + level) / 2)
        let n = Double(count)
        let p = Double(successes) / n
        let middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        // At the ends the formula gives them exactly; rounding must not step over.
        return (successes == 0 ? 0 : max(middle - half, 0))...(successes == count ? 1 : min(middle + half, 1))
    }

    private static func check(_ successes: Int, _ count: Int) {
        precondition(successes >= 0 && successes <= count, "successes are counted among the trials")
    }
}
