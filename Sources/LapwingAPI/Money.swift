/// An amount in billionths of a US dollar. Integer, so that sums of receipts are exact.
package struct NanoUSD: Hashable, Comparable, Sendable, Codable {
    package var rawValue: Int64

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    package static let zero = NanoUSD(0)

    package init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    package static func < (a: NanoUSD, b: NanoUSD) -> Bool { a.rawValue < b.rawValue }
    package static func + (a: NanoUSD, b: NanoUSD) -> NanoUSD { NanoUSD(a.rawValue + b.rawValue) }
    package static func - (a: NanoUSD, b: NanoUSD) -> NanoUSD { NanoUSD(a.rawValue - b.rawValue) }
    package static func += (a: inout NanoUSD, b: NanoUSD) { a.rawValue += b.rawValue }
}

extension NanoUSD: CustomStringConvertible {
    /// Plain decimal dollars without an exponent or trailing zeros: `0.000042`, `-1.5`, `0`.
    package var description: String {
        let magnitude = rawValue.magnitude
        let whole = magnitude / 1_000_000_000
        let sign = rawValue < 0 ? "-" : ""
        let fraction = String(magnitude % 1_000_000_000)
        var digits = String(repeating: "0", count: 9 - fraction.count) + fraction
        while digits.hasSuffix("0") { digits.removeLast() }
        return digits.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(digits)"
    }
}

extension NanoUSD {
    /// Reads plain decimal dollars (`0.24`, `15`, `1e-6` is refused); nil past nine places or past Int64.
    package init?(dollars text: String) {
        let negative = text.hasPrefix("-")
        let parts = text.drop(while: { $0 == "-" }).split(separator: ".", omittingEmptySubsequences: false)
        guard text.count - (negative ? 1 : 0) == text.drop(while: { $0 == "-" }).count,
            (1...2).contains(parts.count), let whole = Int64(parts[0]), parts[0].allSatisfy(\.isASCIIDigit)
        else { return nil }
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        guard fraction.count <= 9, fraction.allSatisfy(\.isASCIIDigit), parts.count == 1 || !fraction.isEmpty,
            let billionths = Int64(fraction + String(repeating: "0", count: 9 - fraction.count))
        else { return nil }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = scaled.addingReportingOverflow(billionths)
        guard !overflow, !carried else { return nil }
        self.init(negative ? -sum : sum)
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}

/// What a million tokens cost, input and output apart, and where the figure comes from.
package struct Price: Hashable, Sendable, Codable {
    /// Nano-US-dollars for a million prompt tokens.
    package var inputPerMillion: NanoUSD
    /// Nano-US-dollars for a million prompt tokens read from the provider's cache; nil means the full input price.
    package var cachedInputPerMillion: NanoUSD?
    /// Nano-US-dollars for a million generated tokens.
    package var outputPerMillion: NanoUSD
    /// Who says so: a vendor's page, `lapwing.yaml`, an imported file.
    package var source: String
    /// First day on which the price holds, `YYYY-MM-DD`.
    package var effective: String

    package init(
        inputPerMillion: NanoUSD, cachedInputPerMillion: NanoUSD? = nil, outputPerMillion: NanoUSD, source: String,
        effective: String
    ) {
        self.inputPerMillion = inputPerMillion
        self.cachedInputPerMillion = cachedInputPerMillion
        self.outputPerMillion = outputPerMillion
        self.source = source
        self.effective = effective
    }

    /// The cost of one call, rounded once, half to even; nil when the product passes Int64.
    package func cost(of usage: Usage) -> NanoUSD? {
        let cached = Int64(usage.cachedPromptTokens)
        let fresh = Int64(usage.promptTokens) - cached
        let terms: [(Int64, NanoUSD)] = [
            (fresh, inputPerMillion), (cached, cachedInputPerMillion ?? inputPerMillion),
            (Int64(usage.completionTokens), outputPerMillion),
        ]
        var total: Int64 = 0
        for (tokens, price) in terms {
            let (product, overflow) = tokens.multipliedReportingOverflow(by: price.rawValue)
            let (sum, carried) = total.addingReportingOverflow(product)
            if overflow || carried { return nil }
            total = sum
        }
        return NanoUSD(roundHalfToEven(total, dividedBy: 1_000_000))
    }
}

/// Integer division that rounds ties to the even quotient. `divisor` is positive.
package func roundHalfToEven(_ dividend: Int64, dividedBy divisor: Int64) -> Int64 {
    var (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    if remainder < 0 {
        quotient -= 1
        remainder += divisor
    }
    let rest = divisor - remainder
    if remainder > rest || (remainder == rest && quotient % 2 != 0) { quotient += 1 }
    return quotient
}
