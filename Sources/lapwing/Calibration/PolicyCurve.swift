import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore

/// What each threshold would come to: how much escalates, how much of it all is right, and what a request costs.
///
/// Quality is that of a calibrator's held-out sample, costs are the ledger's own of the same route.
package struct PolicyCurve {
    package struct Point: Encodable, Hashable {
        /// Answers with less are escalated.
        package var threshold: Double
        package var escalated: Double
        package var accuracy: Double
        /// US dollars a request; nil where the ledger has no calls to tell from.
        package var cost: NanoUSD?
    }

    /// The ledger's own figures of a route.
    package struct Costs: Hashable {
        package var openCall: NanoUSD?
        package var closedCall: NanoUSD?
        package var requests = 0
        package var escalatedShare: Double?

        package init() {}
    }

    package let points: [Point]
    /// Where the route stands by its threshold.
    package let today: Point?

    /// `strong` is how often the closed model is right where the sample does not say.
    package init(_ sample: [ThresholdGuarantee.Row], costs: Costs, threshold: Double?, strong: Double, steps: Int = 20)
    {
        let ordered = sample.sorted { $0.probability > $1.probability }
        let curve = RoutingCurve(
            scores: ordered.map { 1 - $0.probability }, weak: ordered.map { $0.isRight ? 1 : 0 },
            strong: ordered.map { row in row.strongIsRight.map { $0 ? 1 : 0 } ?? strong })
        func point(_ escalated: Double, _ threshold: Double) -> Point {
            let cost: NanoUSD? =
                if let open = costs.openCall, let closed = costs.closedCall {
                    open + NanoUSD(Int64((Double(closed.rawValue) * escalated).rounded()))
                } else { nil }
            return Point(
                threshold: threshold, escalated: escalated, accuracy: curve.quality(atCallShare: escalated), cost: cost)
        }
        points = (0...steps).map { step in
            let escalated = Double(step) / Double(steps)
            // The least probability that is still kept.
            let kept = ordered.count - Int((escalated * Double(ordered.count)).rounded())
            return point(escalated, kept > 0 ? ordered[kept - 1].probability : 1)
        }
        today = threshold.map { threshold in
            let under = Double(sample.count { $0.probability < threshold }) / Double(max(sample.count, 1))
            return point(under, threshold)
        }
    }

    /// A line a point with a bar for its accuracy; today's is marked.
    package var lines: [String] {
        let most = points.map(\.accuracy).max() ?? 1
        let least = points.map(\.accuracy).min() ?? 0
        func line(_ point: Point, _ mark: String) -> String {
            let share = most > least ? (point.accuracy - least) / (most - least) : 1
            let bar = String(repeating: "█", count: 1 + Int((29 * share).rounded()))
            let cost = point.cost.map { "  " + Figures.dollars($0) } ?? ""
            return Self.padded(Figures.fixed(100 * point.escalated, places: 1) + "%", 9)
                + Self.padded(Figures.fixed(point.threshold, places: 3), 11)
                + Self.padded(Figures.fixed(100 * point.accuracy, places: 1) + "%", 10) + "  " + bar + cost + mark
        }
        var all = points.map { ($0, "") }
        if let today { all.append((today, "  <- today")) }
        all.sort { ($0.0.escalated, $0.1) < ($1.0.escalated, $1.1) }
        return ["escalated  threshold  accuracy"] + all.map { line($0.0, $0.1) }
    }

    /// The points as a table for other programs.
    package var csv: String {
        let rows = points.map { ($0, "") } + (today.map { [($0, "today")] } ?? [])
        return "escalated,threshold,accuracy,cost_usd,mark\n"
            + rows.map { point, mark in
                "\(point.escalated),\(point.threshold),\(point.accuracy),\(point.cost.map { "\($0)" } ?? ""),\(mark)\n"
            }.joined()
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension PolicyCurve.Costs {
    /// Of the calls that were made for a route, and of its requests that had a decision.
    init(of route: String, in reader: LedgerReader) throws {
        var (open, closed): ([NanoUSD], [NanoUSD]) = ([], [])
        var (counterfactual, escalated) = ([NanoUSD](), 0)
        try reader.forEachEntry { stored in
            let entry = stored.entry
            guard entry.route == route, entry.kind == "request", entry.status == .completed, entry.cached == nil,
                let decision = entry.decision
            else { return }
            requests += 1
            if decision == .escalated || decision == .closed { escalated += 1 }
            open += entry.calls.filter { $0.side == .open }.compactMap(\.cost)
            closed += entry.calls.filter { $0.side == .closed }.compactMap(\.cost)
            if let spared = entry.counterfactual?.cost { counterfactual.append(spared) }
        }
        openCall = Self.mean(open)
        // Where nothing was escalated yet, what it would have cost.
        closedCall = Self.mean(closed) ?? Self.mean(counterfactual)
        escalatedShare = requests > 0 ? Double(escalated) / Double(requests) : nil
    }

    private static func mean(_ costs: [NanoUSD]) -> NanoUSD? {
        guard !costs.isEmpty else { return nil }
        return NanoUSD(costs.reduce(0) { $0 + $1.rawValue } / Int64(costs.count))
    }
}
