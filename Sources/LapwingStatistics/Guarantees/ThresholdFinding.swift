/// What came of the search for a threshold that keeps a promise.
package enum ThresholdFinding: Hashable, Sendable, Codable {
    case found(FoundThreshold)
    /// The sample does not prove the promise at any threshold. With about so many more labels of the same kind it would,
    /// four times out of five.
    case notEnoughData(moreLabels: Int)
    /// The sample itself falls short where it should do best, so that more of the same would prove nothing; what it reached.
    case outOfReach(best: Double)
}

/// A threshold and what is known of it: answers with at least this probability are kept.
package struct FoundThreshold: Hashable, Sendable, Codable {
    package let threshold: Double
    /// The share of the sample's answers that are kept.
    package let shareKept: Double
    /// What the sample shows of the promised figure at this threshold.
    package let observed: Double
    /// What holds of it at the stated confidence.
    package let bound: Double

    package init(threshold: Double, shareKept: Double, observed: Double, bound: Double) {
        self.threshold = threshold
        self.shareKept = shareKept
        self.observed = observed
        self.bound = bound
    }
}
