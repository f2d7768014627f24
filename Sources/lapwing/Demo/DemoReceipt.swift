import Foundation
import LapwingAPI
import LapwingStore

/// Answers under the threshold that were kept, and what the closed model would have cost for them.
package struct KeptUnsure: Hashable, Sendable {
    package var count = 0
    /// nil once one of them has nothing to compare with.
    package var closedCost: NanoUSD? = .zero

    package init() {}

    package mutating func add(cost: NanoUSD?, saved: NanoUSD?) {
        count += 1
        guard let sum = closedCost, let cost, let saved else {
            closedCost = nil
            return
        }
        closedCost = sum + cost + saved
    }
}

/// What the demo came to, for a reader who was not there.
package struct DemoReceipt: Sendable {
    var figures: Report.Figures
    var configuration: Configuration
    var name: String
    var unsure: KeptUnsure
    var check: VerifyResult
    var elapsed: Duration
    var prices: PriceBook

    package init(
        figures: Report.Figures, configuration: Configuration, name: String, unsure: KeptUnsure, check: VerifyResult,
        elapsed: Duration, prices: PriceBook
    ) {
        self.figures = figures
        self.configuration = configuration
        self.name = name
        self.unsure = unsure
        self.check = check
        self.elapsed = elapsed
        self.prices = prices
    }

    package func lines(for terminal: Terminal = .plain) -> [String] {
        let rule = String(repeating: "─", count: min(72, terminal.width - 1))
        var lines = ["", terminal.paint("Receipt", .bold), terminal.paint(rule, .dim)]
        lines += ReceiptText.lines(figures, extra: escalationRow.map { [$0] } ?? [], terminal: terminal)
        lines.append(terminal.paint(rule, .dim))
        lines += ReceiptText.aligned(basis, terminal: terminal)
        lines += [
            "", "Next: `lapwing report --by feature`, or `lapwing serve` and any OpenAI client with model \"\(name)\".",
        ]
        return lines
    }

    /// What it would have come to had the unsure answers gone to the closed model, so that nobody takes all of `saved` for
    /// granted.
    private var escalationRow: (label: String, value: String)? {
        guard unsure.count > 0, let closed = unsure.closedCost, let comparison = figures.counterfactual else {
            return nil
        }
        let mark = comparison.estimatedCost.amount == .zero ? "" : "~"
        let spent = figures.spent.amount + closed
        let saved = comparison.cost.amount - spent
        // Asking twice costs more than asking the closed model at once when every answer is unsure.
        let outcome =
            saved < .zero
            ? "\(mark)\(Figures.dollars(.zero - saved)) more than closed alone"
            : "\(mark)\(Figures.dollars(saved)) saved"
        return ("if escalated", "\(mark)\(Figures.dollars(spent)) spent, \(outcome)")
    }

    /// What the figures rest on.
    private var basis: [(label: String, value: String)] {
        var rows: [(String, String)] = [
            ("took", Figures.duration(milliseconds: Int64(elapsed / .milliseconds(1)))),
            ("open price", "machine time at \(Figures.dollars(configuration.machine.perHour)) an hour"),
        ]
        if let closed = closedPrice { rows.append(("closed price", closed)) }
        if figures.calibrators.contains(where: { !$0.isCalibrated }) {
            let names = figures.calibrators.filter { !$0.isCalibrated }.map(\.name).joined(separator: ", ")
            rows.append(
                ("uncalibrated", "\(names) was fitted on public data, not on your traffic"))
        }
        let count = Figures.grouped(Int(check.entryCount))
        rows.append(
            (
                "ledger",
                check.failure == nil
                    ? "verified, \(count) entries, head \(check.head.prefix(16))…" : "DAMAGED after \(count) entries"
            ))
        return rows
    }

    private var closedPrice: String? {
        let route = configuration.routes.first { $0.name == name }
        guard let model = route?.closed ?? configuration.counterfactual else { return nil }
        let upstream = configuration.model(named: model)?.remote?.upstream ?? model
        guard let price = configuration.price(of: model, in: prices) else { return "none known for \(upstream)" }
        return
            "\(upstream), \(Figures.dollars(price.inputPerMillion)) in, \(Figures.dollars(price.outputPerMillion)) out a million "
            + "tokens (\(price.effective))"
    }
}
