import LapwingAPI

/// How an invoice and the ledger differ.
package struct Reconciliation: Hashable, Sendable, Codable {
    package enum Finding: String, Sendable, Codable {
        case invoiceOnly = "invoice-only"
        case ledgerOnly = "ledger-only"
        case tokens
        case money
    }

    /// One day and model, or one request, that does not match.
    package struct Line: Hashable, Sendable, Codable {
        package var day: String
        /// The provider's name where the invoice has one, else ours; nil where the invoice does not tell models apart.
        package var model: String?
        package var requestID: String?
        package var findings: [Finding]
        package var invoice: BilledFigures?
        package var ledger: LedgerFigures?
    }

    package struct LedgerFigures: Hashable, Sendable, Codable {
        package var calls = 0
        /// Calls whose tokens are our estimate, as they broke off.
        package var estimatedCalls = 0
        /// Calls without a price; `figures.cost` is of the others.
        package var unpricedCalls = 0
        package var figures = BilledFigures(
            promptTokens: 0, cachedPromptTokens: 0, completionTokens: 0, cost: .zero)

        package init() {}
    }

    package var format: Invoice.Format
    /// The first and the last day that were compared.
    package var firstDay: String?
    package var lastDay: String?
    /// What the two may differ by in a line of money.
    package var tolerance: DollarAmount
    /// How many lines match.
    package var matched = 0
    /// Those that do not, by day, then model.
    package var lines: [Line] = []
    package var invoice = BilledFigures()
    package var ledger = LedgerFigures()
    package var notes: [String] = []

    package var isWhole: Bool { lines.isEmpty }
}

/// How an invoice and the ledger are to be compared.
package struct ReconcileOptions: Sendable {
    /// Whether a call is one that this provider bills; nil where that is not known, and the invoice's models decide.
    package var isBilled: @Sendable (_ call: CallReceipt) -> Bool?
    /// The name that was sent upstream for one of ours.
    package var upstreamName: @Sendable (_ model: String) -> String
    /// What a line's money may differ by.
    package var tolerance = NanoUSD(10_000_000)
    /// Whether lines with a request id are compared by it; else by day and model as the others are.
    package var byRequest = true
    /// Leaves out the days of the invoice that are wholly outside of it.
    package var period = Period()

    package init(
        isBilled: @escaping @Sendable (CallReceipt) -> Bool? = { _ in nil },
        upstreamName: @escaping @Sendable (String) -> String = { $0 }
    ) {
        self.isBilled = isBilled
        self.upstreamName = upstreamName
    }
}
