import Foundation
import LapwingAPI

/// What a provider says it served, as far as its export says it.
package struct Invoice: Hashable, Sendable {
    package enum Format: String, Sendable, Codable, CaseIterable {
        case openAIUsage = "openai-usage"
        case openAICosts = "openai-costs"
        case anthropicUsage = "anthropic-usage"
        case anthropicCosts = "anthropic-costs"
        /// `date,model,prompt_tokens,cached_tokens,completion_tokens,cost_usd,request_id`, as far as there are such columns.
        case plain

        /// Whose export it is, by the name that the configuration has for the provider; nil where it is anybody's.
        package var provider: String? {
            switch self {
            case .openAIUsage, .openAICosts: "openai"
            case .anthropicUsage, .anthropicCosts: "anthropic"
            case .plain: nil
            }
        }
    }

    package struct Line: Hashable, Sendable {
        /// In UTC, `YYYY-MM-DD`.
        package var day: String
        /// The provider's name for it; nil where the export does not tell models apart.
        package var model: String?
        package var requestID: String?
        package var figures: BilledFigures

        package init(day: String, model: String?, requestID: String? = nil, figures: BilledFigures) {
            self.day = day
            self.model = model
            self.requestID = requestID
            self.figures = figures
        }
    }

    package var format: Format
    package var lines: [Line]
    /// Every day that the export is about, also those on which nothing was served.
    package var days: Set<String>
    /// What of the export is to be known, such as that it goes on elsewhere.
    package var notes: [String] = []

    package init(format: Format, lines: [Line], days: Set<String>) {
        self.format = format
        self.lines = lines
        self.days = days
    }

    /// Reads an export, whose form is told by what is in it. Throws `StoreError.malformedInvoice` for what is none, with the
    /// line where one is known.
    package static func read(_ data: Data) throws -> Invoice {
        let bom = Data([0xEF, 0xBB, 0xBF])
        let data = data.starts(with: bom) ? data.dropFirst(bom.count) : data
        let first = data.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        switch first {
        case nil: throw StoreError.malformedInvoice(line: nil, reason: "it is empty")
        case UInt8(ascii: "{"), UInt8(ascii: "["): return try UsagePages.read(Data(data))
        default: return try CSVInvoice.read(CSVTable(Data(data)))
        }
    }
}

/// Tokens and money of one or many calls; nil is what the one who counts does not say.
package struct BilledFigures: Hashable, Sendable, Codable {
    package var promptTokens: Int64?
    /// Of `promptTokens`, those read from the provider's cache.
    package var cachedPromptTokens: Int64?
    package var completionTokens: Int64?
    package var cost: DollarAmount?

    package init(
        promptTokens: Int64? = nil, cachedPromptTokens: Int64? = nil, completionTokens: Int64? = nil,
        cost: NanoUSD? = nil
    ) {
        self.promptTokens = promptTokens
        self.cachedPromptTokens = cachedPromptTokens
        self.completionTokens = completionTokens
        self.cost = cost.map(DollarAmount.init)
    }

    /// Whether there is anything to speak of.
    var isZero: Bool {
        [promptTokens, cachedPromptTokens, completionTokens].allSatisfy { ($0 ?? 0) == 0 }
            && (cost?.amount ?? .zero) == .zero
    }

    /// What only one of the two says is what both say together. Sums stay in the range of Int64.
    static func += (a: inout BilledFigures, b: BilledFigures) {
        func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
            guard let a, let b else { return a ?? b }
            return Int64(clamping: Int128(a) + Int128(b))
        }
        a.promptTokens = sum(a.promptTokens, b.promptTokens)
        a.cachedPromptTokens = sum(a.cachedPromptTokens, b.cachedPromptTokens)
        a.completionTokens = sum(a.completionTokens, b.completionTokens)
        if let cost = b.cost { a.cost = DollarAmount((a.cost?.amount ?? .zero) + cost.amount) }
    }
}

/// Figures of exports, as they are written.
enum InvoiceNumber {
    /// Dollars with any number of places to nano-dollars, rounded half to even; nil past Int64.
    static func money(_ dollars: Decimal) -> NanoUSD? {
        guard !dollars.isNaN, abs(dollars) < 9_000_000_000 else { return nil }
        var scaled = dollars * Decimal(sign: .plus, exponent: 9, significand: 1)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &scaled, 0, .bankers)
        return NanoUSD(NSDecimalNumber(decimal: rounded).int64Value)
    }

    /// Plain decimal digits, with an exponent or without; nil for anything else, such as `1,000`.
    static func decimal(_ text: String) -> Decimal? {
        guard text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?/) != nil else { return nil }
        return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX"))
    }

    /// A count, also one that a spreadsheet has written as `59200.0`.
    static func count(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: /([0-9]{1,18})(\.0*)?/) else { return nil }
        return Int64(match.1)
    }

    /// The day of a moment in seconds since 1970.
    static func day(seconds: Int64) -> String? {
        guard (0...253_402_300_799).contains(seconds) else { return nil }
        return Day.text(of: Date(timeIntervalSince1970: Double(seconds)))
    }

    /// The day that a time in text begins with: `2026-08-05`, `2026-08-05T10:00:00Z`, `2026-08-05 10:00`.
    static func day(_ text: String) -> String? {
        let day = String(text.prefix(10))
        let rest = text.dropFirst(10).first
        return Day.isValid(day) && (rest == nil || rest == "T" || rest == " ") ? day : nil
    }
}
