extension ThresholdGuarantee {
    /// The greatest threshold at which at most `share` of the answers escalate. Outcomes do not matter.
    ///
    /// Tested from 0, where nothing escalates, upwards, by the upper bound of Clopper and Pearson.
    package func escalating(atMost share: Double, confidence: Double) -> ThresholdFinding {
        guard share < 1 else {
            return .found(FoundThreshold(threshold: 1, shareKept: 0, observed: 1, bound: 1))
        }
        var found = FoundThreshold(threshold: 0, shareKept: 1, observed: 0, bound: 0)
        for cut in ([(threshold: 1.0, kept: rows.count { $0.probability >= 1 })] + cuts()).reversed() {
            let escalated = rows.count - cut.kept
            guard escalated > 0 else { continue }
            let bound = ProportionInterval.clopperPearsonUpper(
                successes: escalated, of: rows.count, level: confidence)
            guard bound <= share else { break }
            found = FoundThreshold(
                threshold: cut.threshold, shareKept: Double(cut.kept) / Double(rows.count),
                observed: Double(escalated) / Double(rows.count), bound: bound)
        }
        return .found(found)
    }
}
