import Foundation

extension ThresholdGuarantee {
    /// The least threshold at which answers that are kept are right with probability `target` or more.
    ///
    /// A threshold is proved where so few errors among the kept would come with probability 1 - confidence at most if
    /// their rate were 1 - target: the upper bound of Clopper and Pearson. The sequence starts at the threshold where the
    /// probabilities themselves, without the outcomes, promise the clearest proof.
    package func accuracy(atLeast target: Double, confidence: Double) -> ThresholdFinding {
        precondition(target > 0 && target < 1, "an accuracy between 0 and 1")
        let allowed = 1 - target
        // With nothing to go by: as many as prove it without a single error.
        guard rows.count >= 10 else {
            let least = Int((log(1 - confidence) / log(target)).rounded(.up))
            return .notEnoughData(moreLabels: max(least, 10) - rows.count)
        }
        let cuts = cuts().filter { $0.kept > 0 }
        let start = clearest(of: cuts, allowed: allowed)
        let errors = rows.reduce(into: [0]) { $0.append(($0.last ?? 0) + ($1.isRight ? 0 : 1)) }
        var found: FoundThreshold?
        for cut in cuts[start...] {
            let wrong = errors[cut.kept]
            guard Binomial.cumulative(wrong, of: cut.kept, p: allowed) <= 1 - confidence else { break }
            let bound = ProportionInterval.clopperPearsonUpper(successes: wrong, of: cut.kept, level: confidence)
            found = FoundThreshold(
                threshold: cut.threshold, shareKept: Double(cut.kept) / Double(rows.count),
                observed: 1 - Double(wrong) / Double(cut.kept), bound: 1 - bound)
        }
        if let found { return .found(found) }
        return missing(
            kept: cuts[start].kept, errors: errors[cuts[start].kept], allowed: allowed, level: 1 - confidence)
    }

    /// Where the expected errors of the kept lie the most standard deviations under the allowed ones.
    private func clearest(of cuts: [(threshold: Double, kept: Int)], allowed: Double) -> Int {
        var (best, bestDistance) = (0, -Double.infinity)
        var (expected, counted) = (0.0, 0)
        for (index, cut) in cuts.enumerated() {
            while counted < cut.kept {
                expected += 1 - rows[counted].probability
                counted += 1
            }
            let kept = Double(cut.kept)
            let distance = (kept * allowed - expected) / (kept * allowed * (1 - allowed)).squareRoot()
            if distance > bestDistance { (best, bestDistance) = (index, distance) }
        }
        return best
    }

    /// How many more labels would do at the threshold that the sequence starts with, were errors as frequent there as in
    /// the sample, to which twenty rows are added that went as their probabilities say.
    private func missing(kept: Int, errors: Int, allowed: Double, level: Double) -> ThresholdFinding {
        let expected = rows.prefix(kept).reduce(0) { $0 + 1 - $1.probability } / Double(kept)
        let rate = (Double(errors) + 20 * expected) / Double(kept + 20)
        guard let needed = Self.keptNeeded(rate: rate, allowed: allowed, level: level) else {
            return .outOfReach(best: 1 - Double(errors) / Double(kept))
        }
        let total = Double(needed) * Double(rows.count) / Double(kept)
        return .notEnoughData(moreLabels: max(Int(total.rounded(.up)) - rows.count, 1))
    }

    /// How many kept answers prove that their error rate is under `allowed`, at `level`, where it is `rate`, four times out
    /// of five; nil where ten million do not.
    static func keptNeeded(rate: Double, allowed: Double, level: Double) -> Int? {
        func proves(_ count: Int) -> Bool {
            // The most errors that still prove it.
            var (low, high) = (-1, Int(Double(count) * allowed) + 1)
            while high - low > 1 {
                let middle = (low + high) / 2
                if Binomial.cumulative(middle, of: count, p: allowed) <= level { low = middle } else { high = middle }
            }
            return Binomial.cumulative(low, of: count, p: rate) >= power
        }
        guard rate < allowed else { return nil }
        var (low, high) = (0, 8)
        while !proves(high) {
            (low, high) = (high, 2 * high)
            if high > 10_000_000 { return nil }
        }
        while high - low > 1 {
            let middle = (low + high) / 2
            if proves(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
