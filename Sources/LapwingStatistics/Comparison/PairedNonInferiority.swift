import Foundation

/// Whether a candidate is at most `margin` worse than a reference on the same rows.
///
/// The candidate is the second of each pair, as in `PairedDifference`.
package enum PairedNonInferiority {
    /// The rows to plan for: (z_α + z_β)² (ψ - d²) / (d + m)², where ψ is the share of rows on which the two differ and d
    /// the true difference (Nam, 1997, in its asymptotic form).
    package static func sampleSize(
        differing: Double, margin: Double, difference: Double = 0, level: Double = 0.95, power: Double = 0.8
    ) -> Int {
        precondition(margin + difference > 0, "no sample proves what is not so")
        let z = Normal.quantile(level) + Normal.quantile(power)
        let size = z * z * (differing - difference * difference) / ((difference + margin) * (difference + margin))
        // Where the difference is all but the margin no number of rows would do.
        return max(1, Int(min(size, 1e12).rounded(.up)))
    }

    /// The interval of the candidate's accuracy divided by the reference's, by the variance of the ratio's logarithm,
    /// (b + c) / (x y), where x and y are how often each was right; nil where one never was. Where
    /// no row differs one is taken to.
    package static func keptQuality(
        bothRight: Int, referenceOnly: Int, candidateOnly: Int, level: Double = 0.95
    ) -> ClosedRange<Double>? {
        let reference = Double(bothRight + referenceOnly)
        let candidate = Double(bothRight + candidateOnly)
        guard reference > 0, candidate > 0 else { return nil }
        // No row that differs is no proof that none would: one more might.
        let differing = Double(max(referenceOnly + candidateOnly, 1))
        let deviation = (differing / (reference * candidate)).squareRoot()
        let half = Normal.quantile((1 + level) / 2) * deviation
        let ratio = candidate / reference
        return (ratio * exp(-half))...(ratio * exp(half))
    }
}
