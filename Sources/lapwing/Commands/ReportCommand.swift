import ArgumentParser
import LapwingAPI
import LapwingStore

/// `lapwing report`: what the requests of a period came to.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Say what was answered, spent and saved.",
        discussion: """
              lapwing report
              lapwing report --by feature --since 7d
              lapwing report --since 2026-11-01 --until 2026-12-01 --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var period: PeriodOptions
    @Option(help: "route, model, feature, user, key, tier or tenant.") var by: ReportQuery.Grouping?
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        let configuration = try options.load()
        let report = try openLedger(configuration).report(ReportQuery(period: period.period, by: by))
        let notices = configuration.driftLines { Output.error.line("drift cannot be told: \($0)") }
        if json { return try Output.standard.json(NoticedReport(report: report, notices: notices)) }
        for line in ReportText.lines(report, terminal: Output.standard.terminal) { Output.standard.line(line) }
        for line in (notices.isEmpty ? [] : [""]) + notices { Output.standard.line(line) }
    }
}

/// A report's own members, and beside them what whoever reads it should know of the routes now.
private struct NoticedReport: Encodable {
    var report: Report
    var notices: [String]

    private enum CodingKeys: CodingKey { case notices }

    func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(notices, forKey: .notices)
    }
}

extension ReportQuery.Grouping: ExpressibleByArgument {}

/// A report as a person reads it: a bill in all, or a table by group.
package enum ReportText {
    package static func lines(_ report: Report, terminal: Terminal = .plain) -> [String] {
        guard report.total.calls > 0 || report.total.requests > 0 else { return ["No requests in this period."] }
        guard let grouping = report.grouping else {
            return ReceiptText.lines(report.total, terminal: terminal)
                + (report.machine.map { MachineText.lines($0, terminal: terminal) } ?? [])
        }
        let titles = [
            "requests", "open", "escalated", "would", "tokens in", "out", "spent", "closed would cost", "saved", "p50",
            "p95",
        ]
        var table = Table([(grouping.rawValue, .left)] + titles.map { ($0, .right) })
        table.rows = report.groups.map { row($0.name ?? "(none)", $0.figures) }
        table.rows.append(row("all", report.total))
        return table.lines(for: terminal) + notes(report.total)
    }

    private static func row(_ name: String, _ figures: Report.Figures) -> [String] {
        let comparison = figures.counterfactual
        let mark = (comparison?.estimatedCost.amount ?? .zero) == .zero ? "" : "~"
        func money(_ amount: DollarAmount?) -> String { amount.map { mark + Figures.dollars($0.amount) } ?? "–" }
        return [
            Figures.shortened(name, to: 40), Figures.grouped(figures.requests),
            Figures.percent(figures.answeredOpen, of: figures.completed), Figures.grouped(figures.escalated),
            Figures.grouped(figures.wouldEscalate), Figures.grouped(Int(figures.promptTokens)),
            Figures.grouped(Int(figures.completionTokens)),
            (figures.unpricedCalls > 0 ? "≥" : "") + Figures.dollars(figures.spent.amount), money(comparison?.cost),
            money(comparison?.saved), figures.latency.map { Figures.duration(milliseconds: $0.p50) } ?? "–",
            figures.latency.map { Figures.duration(milliseconds: $0.p95) } ?? "–",
        ]
    }

    /// What the table's marks mean, and only those that are in it.
    private static func notes(_ total: Report.Figures) -> [String] {
        var notes: [String] = []
        if let comparison = total.counterfactual, comparison.estimatedCost.amount != .zero {
            notes.append(
                "~ rests on estimated token counts; saved in all is between "
                    + "\(Figures.dollars(comparison.savedLow.amount)) and \(Figures.dollars(comparison.savedHigh.amount))."
            )
        }
        if total.unpricedCalls > 0 { notes.append("≥ leaves out calls without a price: \(total.unpricedCalls).") }
        let unfinished = total.requests - total.completed
        if unfinished > 0 {
            notes.append(
                "Not completed: \(total.aborted) aborted, \(total.cancelled) cancelled, \(total.failed) failed, "
                    + "\(total.lost) lost.")
        }
        if !total.calibrators.isEmpty { notes.append("Confidence by \(ReceiptText.calibrators(total)).") }
        return notes.isEmpty ? [] : [""] + notes
    }
}
