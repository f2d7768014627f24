import Foundation

extension ThresholdGuarantee {
    /// The least threshold at which the route as a whole, the open model's answers where they are kept and the strong
    /// model's elsewhere, is right at least `share` times as often as the strong model alone.
    ///
    /// On each row that both models answered, x = the route's answer less `share` of the strong model's, as 1 and 0. That
    /// the mean of x is above 0 is proved by the wealth of bets on it, as in `EProcess`, all rows at once. The sequence
    /// starts where nothing is kept.
    package func keep(atLeast share: Double, confidence: Double) -> ThresholdFinding {
        precondition(share > 0 && share < 1, "a share between 0 and 1")
        let pairs = ThresholdGuarantee(rows.filter { $0.strongIsRight != nil })
        guard pairs.rows.count >= 10 else {
            let least = Self.rowsWithoutLoss(share: share, level: 1 - confidence)
            return .notEnoughData(moreLabels: max(least - pairs.rows.count, 1))
        }
        return pairs.keepOfPairs(share, confidence)
    }

    private func keepOfPairs(_ share: Double, _ confidence: Double) -> ThresholdFinding {
        let strong = Double(rows.count { $0.strongIsRight == true })
        var tally = Tally(share: share, escalated: rows)
        var (found, wanted, best) = (FoundThreshold?.none, Double.infinity, 0.0)
        var (kept, isOpen) = (0, true)
        for cut in [(threshold: 1.0, kept: 0)] + cuts().filter({ $0.kept > 0 }) {
            while kept < cut.kept {
                tally.keep(rows[kept])
                kept += 1
            }
            let evidence = tally.logWealth
            let quality = strong > 0 ? tally.right / strong : 1
            let isProved = evidence >= -log(1 - confidence)
            isOpen = isOpen && isProved
            if isOpen, cut.kept > 0 {
                found = FoundThreshold(
                    threshold: cut.threshold, shareKept: Double(kept) / Double(rows.count), observed: quality,
                    bound: tally.lowerBound(of: share, level: 1 - confidence))
            }
            guard cut.kept >= max(10, rows.count / 20) else { continue }
            best = max(best, quality)
            if evidence > 0 {
                // Wealth grows by a like factor with each row; two thirds more make up for luck, four times out of five.
                wanted = min(wanted, 1.65 * Double(rows.count) * -log(1 - confidence) / evidence)
            }
        }
        if let found { return .found(found) }
        guard wanted < 1e7 else { return .outOfReach(best: best) }
        return .notEnoughData(moreLabels: max(Int(wanted.rounded(.up)) - rows.count, 1))
    }

    /// The rows that prove it where both models are always right.
    private static func rowsWithoutLoss(share: Double, level: Double) -> Int {
        var tally = Tally(share: share, escalated: [])
        var count = 0
        while tally.logWealth < -log(level), count < 100_000 {
            tally.add(Row(probability: 1, isRight: true, strongIsRight: true))
            count += 1
        }
        return count
    }
}

/// How often each value of x came: it is `share` less in the four kinds of rows.
private struct Tally {
    let share: Double
    /// By whether the route's answer is right, and then whether the strong model's is.
    private var counts = [[0.0, 0.0], [0.0, 0.0]]

    init(share: Double, escalated rows: [ThresholdGuarantee.Row]) {
        self.share = share
        for row in rows { count(row.strongIsRight == true, row.strongIsRight == true, 1) }
    }

    var right: Double { counts[1][0] + counts[1][1] }

    /// The row's answer is kept instead of escalated.
    mutating func keep(_ row: ThresholdGuarantee.Row) {
        count(row.strongIsRight == true, row.strongIsRight == true, -1)
        add(row)
    }

    mutating func add(_ row: ThresholdGuarantee.Row) { count(row.isRight, row.strongIsRight == true, 1) }

    private mutating func count(_ route: Bool, _ strong: Bool, _ change: Double) {
        counts[route ? 1 : 0][strong ? 1 : 0] += change
    }

    var logWealth: Double { logWealth(of: share) }

    private func logWealth(of share: Double) -> Double {
        logMean(
            Self.stakes.map { stake in
                // x is at least -share, which would cost the stake.
                let bet = stake / share
                return counts[0][1] * log1p(-stake) + counts[1][0] * log1p(bet) + counts[1][1]
                    * log1p(bet * (1 - share))
            })
    }

    /// The greatest share that is proved.
    func lowerBound(of proved: Double, level: Double) -> Double {
        var (low, high) = (proved, 1.5)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if logWealth(of: middle) >= -log(level) { low = middle } else { high = middle }
        }
        return low
    }

    /// Close together, so that one is near the best whatever the rows are.
    private static let stakes = (0..<40).map { 0.002 * pow(1.17, Double($0)) }
}
