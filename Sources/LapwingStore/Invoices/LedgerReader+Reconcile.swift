import Foundation
import LapwingAPI

extension LedgerReader {
    /// Compares an invoice with the calls of the days that it is about, by day and model, or by request where its lines
    /// name them. Calls of models of this machine are nobody's to bill. Nothing is written.
    package func reconcile(_ invoice: Invoice, _ options: ReconcileOptions) throws -> Reconciliation {
        var comparison = InvoiceComparison(invoice, options)
        guard let period = comparison.period else { return comparison.result() }
        try read { db in
            var cursor = try EntryCursor(db, period)
            while let stored = try cursor.next() {
                for call in stored.entry.calls { comparison.add(call, of: stored.entry) }
            }
        }
        return comparison.result()
    }
}

/// Gathers both sides under what they are compared by.
private struct InvoiceComparison {
    private struct Key: Hashable, Comparable {
        var day: String
        var model: String?
        var requestID: String?

        static func < (a: Key, b: Key) -> Bool {
            (a.day, a.model ?? "", a.requestID ?? "") < (b.day, b.model ?? "", b.requestID ?? "")
        }
    }

    private struct Pair {
        var name: String?
        var invoice: BilledFigures?
        var ledger: Reconciliation.LedgerFigures?
    }

    private let options: ReconcileOptions
    private var reconciliation: Reconciliation
    private var pairs: [Key: Pair] = [:]
    /// Whether the invoice tells models apart, and whether each of its lines names a request.
    private let hasModels: Bool
    private let hasRequests: Bool
    /// The day on which the invoice has a request.
    private var requestDays: [String: String] = [:]
    /// The models of the invoice: where nobody knows whom a call was made to, these are taken for the provider's.
    private var billedModels: Set<String> = []
    /// nil where no day of the invoice is to be compared.
    let period: Period?

    init(_ invoice: Invoice, _ options: ReconcileOptions) {
        self.options = options
        let days = invoice.days.filter { Self.overlaps($0, options.period) }.sorted()
        reconciliation = Reconciliation(
            format: invoice.format, firstDay: days.first, lastDay: days.last,
            tolerance: DollarAmount(options.tolerance), notes: invoice.notes)
        period = days.first.flatMap { first in
            days.last.map { last in
                Period(since: Self.start(of: first), until: Self.start(of: last) + Self.dayLength)
            }
        }
        let lines = invoice.lines.filter { Self.overlaps($0.day, options.period) && !$0.figures.isZero }
        hasModels = lines.isEmpty || lines.contains { $0.model != nil }
        hasRequests = options.byRequest && !lines.isEmpty && lines.allSatisfy { $0.requestID != nil }
        for line in lines { add(line) }
    }

    private mutating func add(_ line: Invoice.Line) {
        let model = line.model.map(ModelAlias.key)
        if let model { billedModels.insert(model) }
        if hasRequests, let id = line.requestID { requestDays[id] = line.day }
        let key = Key(day: line.day, model: model, requestID: hasRequests ? line.requestID : nil)
        reconciliation.invoice += line.figures
        var pair = pairs[key] ?? Pair(name: line.model)
        var sums = pair.invoice ?? BilledFigures()
        sums += line.figures
        pair.invoice = sums
        pairs[key] = pair
    }

    mutating func add(_ call: CallReceipt, of entry: LedgerEntry) {
        guard call.usage.computeNanoseconds == nil else { return }
        let name = options.upstreamName(call.model)
        let model = ModelAlias.key(name)
        guard options.isBilled(call) ?? (!hasModels || billedModels.contains(model)) else { return }
        var figures = Reconciliation.LedgerFigures()
        figures.calls = 1
        figures.estimatedCalls = call.usage.isEstimated ? 1 : 0
        figures.unpricedCalls = call.cost == nil ? 1 : 0
        figures.figures = BilledFigures(
            promptTokens: Int64(call.usage.promptTokens), cachedPromptTokens: Int64(call.usage.cachedPromptTokens),
            completionTokens: Int64(call.usage.completionTokens), cost: call.cost ?? .zero)
        // Who was refused is not billed.
        guard !figures.figures.isZero else { return }
        // By request it is the invoice that says the day, as a call may lie on both sides of midnight.
        let day = Day.text(of: Date(timeIntervalSince1970: Double(entry.startedAt) / 1000))
        let key = Key(
            day: hasRequests ? requestDays[entry.requestID] ?? day : day, model: hasModels ? model : nil,
            requestID: hasRequests ? entry.requestID : nil)
        reconciliation.ledger += figures
        var pair = pairs[key] ?? Pair(name: hasModels ? name : nil)
        var sums = pair.ledger ?? Reconciliation.LedgerFigures()
        sums += figures
        pair.ledger = sums
        pairs[key] = pair
    }

    func result() -> Reconciliation {
        var result = reconciliation
        for (key, pair) in pairs.sorted(by: { $0.key < $1.key }) {
            let findings = self.findings(pair)
            if findings.isEmpty {
                result.matched += 1
            } else {
                result.lines.append(
                    Reconciliation.Line(
                        day: key.day, model: pair.name, requestID: key.requestID, findings: findings,
                        invoice: pair.invoice, ledger: pair.ledger))
            }
        }
        let hasFound = pairs.contains { $0.value.invoice != nil && $0.value.ledger != nil }
        if hasRequests, !hasFound, !pairs.isEmpty {
            result.notes.append(
                "No request id of the invoice is in the ledger, which keeps its own (x-lapwing-request-id), not the "
                    + "provider's; --by-day compares by day and model.")
        }
        return result
    }

    private func findings(_ pair: Pair) -> [Reconciliation.Finding] {
        guard let invoice = pair.invoice else { return [.ledgerOnly] }
        guard let ledger = pair.ledger else { return [.invoiceOnly] }
        var findings: [Reconciliation.Finding] = []
        let counts: [KeyPath<BilledFigures, Int64?>] = [
            \.promptTokens, \.cachedPromptTokens, \.completionTokens,
        ]
        // What the invoice does not say is not compared.
        if counts.contains(where: { path in
            invoice[keyPath: path].map { $0 != ledger.figures[keyPath: path] } ?? false
        }) {
            findings.append(.tokens)
        }
        if let billed = invoice.cost?.amount {
            let difference = billed - (ledger.figures.cost?.amount ?? .zero)
            if ledger.unpricedCalls > 0 || difference.rawValue.magnitude > options.tolerance.rawValue.magnitude {
                findings.append(.money)
            }
        }
        return findings
    }

    private static let dayLength: Int64 = 86_400_000

    /// Milliseconds since 1970.
    private static func start(of day: String) -> Int64 {
        let date = try? Date(day, strategy: .iso8601.year().month().day())
        return Int64((date?.timeIntervalSince1970 ?? 0) * 1000)
    }

    private static func overlaps(_ day: String, _ period: Period) -> Bool {
        let start = start(of: day)
        return start + dayLength > period.since ?? .min && start < period.until ?? .max
    }
}

extension Reconciliation.LedgerFigures {
    fileprivate static func += (a: inout Self, b: Self) {
        a.calls += b.calls
        a.estimatedCalls += b.estimatedCalls
        a.unpricedCalls += b.unpricedCalls
        a.figures += b.figures
    }
}
