/// How well scores put right answers above wrong ones.
package enum RankingMetrics {
    /// The chance that a right answer scores higher than a wrong one, where equal scores count half: the Mann-Whitney
    /// statistic. nil where one of the kinds is missing.
    package static func auroc(scores: [Double], outcomes: [Bool]) -> Double? {
        var (wins, right, wrong) = (0.0, 0.0, 0.0)
        for tie in ties(scores, descending: false) {
            let rightHere = Double(tie.count { outcomes[$0] })
            let wrongHere = Double(tie.count) - rightHere
            wins += rightHere * (wrong + wrongHere / 2)
            right += rightHere
            wrong += wrongHere
        }
        return right > 0 && wrong > 0 ? wins / (right * wrong) : nil
    }

    /// The mean, over every number of kept answers from one to all, of the share of errors among those kept, where the
    /// surest are kept first and equal scores are taken in no order (El-Yaniv and Wiener, 2010; Geifman and others, 2019).
    package static func riskCoverageArea(scores: [Double], outcomes: [Bool]) -> Double {
        var (area, kept, errors) = (0.0, 0.0, 0.0)
        for tie in ties(scores, descending: true) {
            let rate = Double(tie.count { !outcomes[$0] }) / Double(tie.count)
            for _ in tie {
                kept += 1
                errors += rate
                area += errors / kept
            }
        }
        return area / Double(scores.count)
    }

    /// The rows in the order of their scores, those with the same score together.
    static func ties(_ scores: [Double], descending: Bool) -> [ArraySlice<Int>] {
        let order = scores.indices.sorted { descending ? scores[$0] > scores[$1] : scores[$0] < scores[$1] }
        var ties: [ArraySlice<Int>] = []
        var start = 0
        for place in order.indices.dropFirst() where scores[order[place]] != scores[order[place - 1]] {
            ties.append(order[start..<place])
            start = place
        }
        if !order.isEmpty { ties.append(order[start...]) }
        return ties
    }
}
