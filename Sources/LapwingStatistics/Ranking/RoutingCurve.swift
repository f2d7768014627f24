/// The quality that a router reaches at every share of calls to the strong model, and the figures of RouteLLM made of it
/// (Ong and others, 2024, section 3.2).
///
/// The rows with the highest scores go to the strong model first. Equal scores are taken in no order: a row among them
/// counts as their mean.
package struct RoutingCurve: Sendable {
    /// The mean quality with 0, 1, … all rows sent to the strong model.
    package let quality: [Double]

    package init(scores: [Double], weak: [Double], strong: [Double]) {
        precondition(scores.count == weak.count && weak.count == strong.count, "a row has a score and two qualities")
        precondition(!scores.isEmpty, "a curve needs rows")
        let count = Double(scores.count)
        var sum = weak.reduce(0, +)
        var quality = [sum / count]
        for tie in RankingMetrics.ties(scores, descending: true) {
            let gain = tie.reduce(0) { $0 + strong[$1] - weak[$1] } / Double(tie.count)
            for _ in tie {
                sum += gain
                quality.append(sum / count)
            }
        }
        self.quality = quality
    }

    private var weakQuality: Double { quality[0] }
    private var strongQuality: Double { quality[quality.count - 1] }

    /// The quality at a share of calls between 0 and 1.
    package func quality(atCallShare share: Double) -> Double {
        let place = min(max(share, 0), 1) * Double(quality.count - 1)
        let index = min(Int(place), quality.count - 2)
        return quality[index] + (place - Double(index)) * (quality[index + 1] - quality[index])
    }

    /// Over all shares of calls: the area under the curve by trapezoids.
    package var meanQuality: Double {
        let inner = quality.dropFirst().dropLast().reduce(0, +)
        return (inner + (weakQuality + strongQuality) / 2) / Double(quality.count - 1)
    }

    /// The mean share of the gap between the two models that is closed, over all shares of calls, so that a
    /// random order has 0.5. nil where there is no gap.
    package var averageGapRecovered: Double? {
        let gap = strongQuality - weakQuality
        guard gap != 0 else { return nil }
        return (meanQuality - weakQuality) / gap
    }

    /// The least share of calls at which `share` of the gap is closed, such as 0.5 and 0.8; nil where there is no gap.
    package func callShare(toRecover share: Double) -> Double? {
        let gap = strongQuality - weakQuality
        guard gap > 0 else { return nil }
        let wanted = weakQuality + share * gap
        // A sum of thirds that comes to what is wanted may lie a rounding error under it.
        guard let first = quality.firstIndex(where: { $0 >= wanted - 1e-12 * gap }), first > 0 else { return 0 }
        let part = min((wanted - quality[first - 1]) / (quality[first] - quality[first - 1]), 1)
        return (Double(first - 1) + part) / Double(quality.count - 1)
    }
}
