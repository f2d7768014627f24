import LapwingAPI
import LapwingStore

/// A report's figures in the words of a bill.
package enum ReceiptText {
    /// One line each, labels on the left. `~` marks what rests on estimated token counts; `extra` follows the savings.
    package static func lines(
        _ figures: Report.Figures, extra: [(label: String, value: String)] = [], terminal: Terminal = .plain
    ) -> [String] {
        var rows: [(label: String, value: String)] = [
            ("requests", requests(figures)),
            ("answered open", answeredOpen(figures)),
            ("escalated", escalated(figures)),
            ("would escalate", wouldEscalate(figures)),
            ("tokens", tokens(figures)),
            ("spent", spent(figures)),
        ]
        if figures.spentBesideAnswers.amount > .zero {
            rows.append(
                (
                    "beside answers",
                    "\(Figures.dollars(figures.spentBesideAnswers.amount)) of it, for shadows, judges and what was not completed"
                ))
        }
        rows += comparison(figures) + extra
        if figures.cacheHits > 0 { rows.append(("from cache", fromCache(figures))) }
        if let latency = figures.latency {
            rows.append(("latency", "p50 \(time(latency.p50)), p95 \(time(latency.p95))"))
        }
        if let first = figures.firstToken {
            rows.append(("first token", "p50 \(time(first.p50)), p95 \(time(first.p95))"))
        }
        if let confidence = confidence(figures) { rows.append(("confidence", confidence)) }
        return aligned(rows, terminal: terminal)
    }

    /// `label  value` with the values below one another.
    package static func aligned(_ rows: [(label: String, value: String)], terminal: Terminal = .plain) -> [String] {
        let width = rows.map(\.label.count).max() ?? 0
        return rows.map { row in
            let padding = String(repeating: " ", count: width - row.label.count + 2)
            return terminal.paint(row.label, .dim) + padding + row.value
        }
    }

    private static func requests(_ figures: Report.Figures) -> String {
        let others = [
            (figures.aborted, "aborted"), (figures.cancelled, "cancelled"), (figures.failed, "failed"),
            (figures.lost, "lost"),
        ].filter { $0.0 > 0 }.map { "\(Figures.grouped($0.0)) \($0.1)" }
        let total = Figures.grouped(figures.requests)
        if others.isEmpty { return total }
        return "\(total) (\(Figures.grouped(figures.completed)) completed, \(others.joined(separator: ", ")))"
    }

    private static func answeredOpen(_ figures: Report.Figures) -> String {
        let share = Figures.percent(figures.answeredOpen, of: figures.completed)
        return "\(Figures.grouped(figures.answeredOpen)) (\(share) of completed)"
    }

    private static func escalated(_ figures: Report.Figures) -> String {
        let atOnce = figures.closedAtOnce
        return Figures.grouped(figures.escalated)
            + (atOnce > 0 ? ", and \(Figures.grouped(atOnce)) were answered by a closed model at once" : "")
    }

    private static func wouldEscalate(_ figures: Report.Figures) -> String {
        let unavailable =
            figures.unavailable > 0
            ? ", and \(Figures.grouped(figures.unavailable)) found the closed model unavailable" : ""
        return "\(Figures.grouped(figures.wouldEscalate))\(unavailable)"
    }

    private static func tokens(_ figures: Report.Figures) -> String {
        let cached =
            figures.cachedPromptTokens > 0 ? " (\(Figures.grouped(Int(figures.cachedPromptTokens))) from cache)" : ""
        let estimated =
            figures.estimatedCalls > 0 ? ", estimated for \(Figures.grouped(figures.estimatedCalls)) calls" : ""
        return "\(Figures.grouped(Int(figures.promptTokens))) in\(cached), "
            + "\(Figures.grouped(Int(figures.completionTokens))) out\(estimated)"
    }

    private static func spent(_ figures: Report.Figures) -> String {
        let spent = Figures.dollars(figures.spent.amount)
        let unpriced = figures.unpricedCalls
        return unpriced == 0 ? spent : "at least \(spent); \(Figures.grouped(unpriced)) calls have no price"
    }

    /// What kept answers spared is part of what was spent for the requests that they were made for, so it is added to nothing.
    private static func fromCache(_ figures: Report.Figures) -> String {
        let share = Figures.percent(figures.cacheHits, of: figures.completed)
        let bound = figures.unpricedHits > 0 ? "at least " : ""
        return "\(Figures.grouped(figures.cacheHits)) (\(share) of completed), which spared "
            + "\(bound)\(Figures.dollars(figures.spared.amount)) of calls"
    }

    private static func comparison(_ figures: Report.Figures) -> [(label: String, value: String)] {
        guard let comparison = figures.counterfactual else {
            return [("saved", "unknown: there is no closed model with a price to compare with")]
        }
        let isEstimated = comparison.estimatedCost.amount != .zero
        let mark = isEstimated ? "~" : ""
        func span(_ low: DollarAmount, _ high: DollarAmount) -> String {
            isEstimated && low != high
                ? ", between \(Figures.dollars(low.amount)) and \(Figures.dollars(high.amount))" : ""
        }
        let partly =
            comparison.requests < figures.completed
            ? " over \(Figures.grouped(comparison.requests)) of \(Figures.grouped(figures.completed)) answers" : ""
        let estimate = isEstimated ? " (estimated\(span(comparison.low, comparison.high)))" : ""
        let share =
            comparison.cost.amount > .zero
            ? ", \(Figures.fixed(Double(comparison.saved.amount.rawValue) / Double(comparison.cost.amount.rawValue) * 100, places: 1))%"
            : ""
        return [
            ("closed would cost", "\(mark)\(Figures.dollars(comparison.cost.amount))\(estimate)\(partly)"),
            ("saved", "\(mark)\(Figures.dollars(comparison.saved.amount))\(share)"),
        ]
    }

    private static func confidence(_ figures: Report.Figures) -> String? {
        guard let mean = figures.meanConfidence else { return nil }
        return "mean \(Figures.fixed(mean, places: 2)), by \(calibrators(figures))"
    }

    /// `default-1 (uncalibrated)`.
    package static func calibrators(_ figures: Report.Figures) -> String {
        figures.calibrators.map { "\($0.name)\($0.isCalibrated ? "" : " (uncalibrated)")" }.joined(separator: ", ")
    }

    private static func time(_ milliseconds: Int64) -> String { Figures.duration(milliseconds: milliseconds) }
}
