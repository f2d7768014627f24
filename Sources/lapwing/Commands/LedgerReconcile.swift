import ArgumentParser
import Foundation
import LapwingAPI
import LapwingStore

extension LedgerCommand {
    struct Reconcile: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the ledger with a provider's usage export.",
            discussion: """
                Reads OpenAI's usage and costs (JSON of its API, CSV of its dashboard), Anthropic's usage and costs (both \
                too), or a CSV with the columns date, model and any of prompt_tokens, cached_tokens, completion_tokens, \
                cost_usd, request_id. Which it is, its content says. Days are days of UTC, by when the request came. \
                Exit code 1 means that something does not match.

                  lapwing ledger reconcile --invoice openai-usage.json
                  lapwing ledger reconcile --invoice claude_api_cost_2026_11.csv --tolerance 0.05 --json
                """)

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var period: PeriodOptions
        @Option(help: ArgumentHelp("The provider's export.", valueName: "file")) var invoice: String
        @Option(
            help: ArgumentHelp("What a line's money may differ by, in US dollars.", valueName: "dollars"),
            transform: Reconcile.money)
        var tolerance = NanoUSD(10_000_000)
        @Option(
            help: ArgumentHelp(
                "A host whose calls this invoice is about, where the provider alone does not say it.",
                valueName: "host"))
        var endpoint: [String] = []
        @Flag(help: "Compare by day and model also where the export has request ids.") var byDay = false
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let configuration = try options.load()
            let ledger = try openLedger(configuration)
            guard let data = FileManager.default.contents(atPath: invoice) else {
                throw Failure("cannot read '\(invoice)'")
            }
            let invoice = try Invoice.read(data)
            var how = ReconcileOptions(
                isBilled: configuration.billing(of: invoice.format.provider, endpoints: endpoint),
                upstreamName: configuration.upstreamNames())
            (how.tolerance, how.byRequest, how.period) = (tolerance, !byDay, period.period)
            let result = try ledger.reconcile(invoice, how)
            if json {
                try Output.standard.json(result)
            } else {
                for line in ReconciliationText.lines(result, terminal: Output.standard.terminal) {
                    Output.standard.line(line)
                }
            }
            if !result.isWhole { throw Failure() }
        }

        private static func money(_ text: String) throws -> NanoUSD {
            guard let money = NanoUSD(dollars: text), money >= .zero else {
                throw ValidationError("expected US dollars such as 0.01.")
            }
            return money
        }
    }
}

extension Configuration {
    fileprivate func upstreamNames() -> @Sendable (String) -> String {
        let names = Dictionary(
            models.compactMap { model in model.remote.map { (model.name, $0.upstream) } }
        ) { first, _ in first }
        return { names[$0] ?? $0 }
    }

    /// Whether a provider bills a call: the endpoint that answered says it, else what the file says of the model. nil for
    /// models that are not in the file any more, and where nobody knows whose invoice it is.
    fileprivate func billing(
        of provider: String?, endpoints: [String]
    ) -> @Sendable (CallReceipt) -> Bool? {
        if !endpoints.isEmpty {
            return { call in endpoints.contains { Self.isHost(call.endpoint, under: $0) } }
        }
        guard let provider else { return { _ in nil } }
        let domain = "\(provider).com"
        let remotes = models.compactMap { model in model.remote.map { (name: model.name, remote: $0) } }
        let own = Set(remotes.filter { $0.remote.provider.rawValue == provider }.map(\.name))
        let reached = Set(
            remotes.filter { $0.remote.endpoints.contains { Self.isHost(URL(string: $0.url)?.host(), under: domain) } }
                .map(\.name))
        let known = Set(remotes.map(\.name))
        return { call in
            if own.contains(call.model) { return true }
            if let endpoint = call.endpoint { return Self.isHost(endpoint, under: domain) }
            return known.contains(call.model) ? reached.contains(call.model) : nil
        }
    }

    /// `host` may have a port.
    private static func isHost(_ host: String?, under domain: String) -> Bool {
        guard let host = host?.lowercased() else { return false }
        let bare = host.replacing(/:[0-9]+$/, with: "")
        let domain = domain.lowercased()
        return host == domain || bare == domain || bare.hasSuffix("." + domain)
    }
}

/// A reconciliation as a person reads it.
package enum ReconciliationText {
    package static func lines(_ result: Reconciliation, terminal: Terminal = .plain) -> [String] {
        guard let first = result.firstDay, let last = result.lastDay else {
            return ["\(result.format.rawValue): no day of it is in this period."]
        }
        let days = first == last ? first : "\(first) to \(last)"
        let unmatched = result.lines.count
        var lines = [
            "\(result.format.rawValue), \(days): \(Figures.grouped(result.matched)) match, "
                + "\(Figures.grouped(unmatched)) \(unmatched == 1 ? "does" : "do") not",
            "",
        ]
        lines += table(result).lines(for: terminal)
        var notes: [String] = []
        if result.invoice.cost != nil {
            notes.append("Money may differ by \(Figures.dollars(result.tolerance.amount)) a line.")
        }
        let estimated = result.lines.reduce(0) { $0 + ($1.ledger?.estimatedCalls ?? 0) }
        if estimated > 0 {
            notes.append(
                "~ holds calls whose tokens are our estimate, as they broke off: \(Figures.grouped(estimated)).")
        }
        if result.ledger.unpricedCalls > 0 {
            notes.append("≥ leaves out calls without a price: \(Figures.grouped(result.ledger.unpricedCalls)).")
        }
        notes += result.notes
        return lines + (notes.isEmpty ? [] : [""] + notes)
    }

    /// The lines that do not match, and the sums over all.
    private static func table(_ result: Reconciliation) -> Table {
        let hasRequests = result.lines.contains { $0.requestID != nil }
        var columns: [(title: String, alignment: Table.Alignment)] = [("day", .left), ("model", .left)]
        if hasRequests { columns.append(("request", .left)) }
        columns += [("differs", .left), ("", .left), ("tokens in", .right), ("cached", .right), ("out", .right)]
        columns.append(("dollars", .right))
        var table = Table(columns)
        func add(_ names: [String], _ invoice: BilledFigures?, _ ledger: Reconciliation.LedgerFigures?) {
            table.rows.append(names + ["invoice"] + cells(invoice, tokens: "", money: ""))
            let tokens = (ledger?.estimatedCalls ?? 0) > 0 ? "~" : ""
            let money = (ledger?.unpricedCalls ?? 0) > 0 ? "≥" : ""
            table.rows.append(
                names.map { _ in "" } + ["ledger"] + cells(ledger?.figures, tokens: tokens, money: money))
        }
        for line in result.lines {
            let request = hasRequests ? [Figures.shortened(line.requestID ?? "", to: 40)] : []
            let what = line.findings.map(word).joined(separator: ", ")
            add(
                [line.day, Figures.shortened(line.model ?? "(all)", to: 40)] + request + [what], line.invoice,
                line.ledger)
        }
        add(["all", ""] + (hasRequests ? [""] : []) + [""], result.invoice, result.ledger)
        return table
    }

    private static func cells(_ figures: BilledFigures?, tokens: String, money: String) -> [String] {
        [figures?.promptTokens, figures?.cachedPromptTokens, figures?.completionTokens].map { count in
            count.map { tokens + Figures.grouped(Int($0)) } ?? "–"
        } + [figures?.cost.map { money + Figures.dollars($0.amount) } ?? "–"]
    }

    private static func word(_ finding: Reconciliation.Finding) -> String {
        switch finding {
        case .invoiceOnly: "in the invoice only"
        case .ledgerOnly: "in the ledger only"
        case .tokens: "tokens"
        case .money: "money"
        }
    }
}
