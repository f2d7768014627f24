/// An amount in billionths of a US dollar. Integer, so that sums of receipts are exact; one that passes Int64 (nine
/// billion dollars) stays at its end, because figures of upstreams and price files are not to stop the process.
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
    package static func + (a: NanoUSD, b: NanoUSD) -> NanoUSD {
        let (sum, overflow) = a.rawValue.addingReportingOverflow(b.rawValue)
        return overflow ? NanoUSD(a.rawValue < 0 ? .min : .max) : NanoUSD(sum)
    }
    package static func - (a: NanoUSD, b: NanoUSD) -> NanoUSD {
        let (difference, overflow) = a.rawValue.subtractingReportingOverflow(b.rawValue)
        return overflow ? NanoUSD(a.rawValue < 0 ? .min : .max) : NanoUSD(difference)
    }
    package static func += (a: inout NanoUSD, b: NanoUSD) { a = a + b }
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
    /// Reads plain decimal dollars: `0.24`, `15`, `-1.5`. nil for anything else (`1e-6`, `.5`, `+1`), past nine places
    /// and past Int64.
    package init?(dollars text: String) {
        let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
        let isNegative = digits.count < text.utf8.count
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let places = parts.count == 2 ? parts[1].count : 0
        guard text.utf8.count - digits.count <= 1, parts.allSatisfy({ !$0.isEmpty }), places <= 9 else { return nil }
        var value: Int64 = 0
        for digit in Array(parts.joined()) + repeatElement(UInt8(ascii: "0"), count: 9 - places) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            // Grows away from zero on its own side, so that Int64.min can be read too.
            let step = Int64(digit - UInt8(ascii: "0")) * (isNegative ? -1 : 1)
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = tenfold.addingReportingOverflow(step)
            guard !overflow, !carried else { return nil }
            value = sum
        }
        self.init(value)
    }
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

    /// The cost of one call, rounded once, half to even; nil where it passes Int64 or `usage` has a negative count.
    ///
    /// Cached tokens past the prompt's own count are priced as the prompt, since no call reads more than its prompt.
    package func cost(of usage: Usage) -> NanoUSD? {
        guard usage.promptTokens >= 0, usage.cachedPromptTokens >= 0, usage.completionTokens >= 0 else { return nil }
        let cached = min(usage.cachedPromptTokens, usage.promptTokens)
        let fresh = usage.promptTokens - cached
        let total =
            Int128(fresh) * Int128(inputPerMillion.rawValue)
            + Int128(cached) * Int128((cachedInputPerMillion ?? inputPerMillion).rawValue)
            + Int128(usage.completionTokens) * Int128(outputPerMillion.rawValue)
        return Int64(exactly: roundHalfToEven(total, dividedBy: 1_000_000)).map(NanoUSD.init)
    }
}

/// Integer division that rounds ties to the even quotient. `divisor` is positive.
package func roundHalfToEven<T: FixedWidthInteger & SignedInteger>(_ dividend: T, dividedBy divisor: T) -> T {
    var (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    if remainder < 0 {
        quotient -= 1
        remainder += divisor
    }
    let rest = divisor - remainder
    if remainder > rest || (remainder == rest && !quotient.isMultiple(of: 2)) { quotient += 1 }
    return quotient
}
