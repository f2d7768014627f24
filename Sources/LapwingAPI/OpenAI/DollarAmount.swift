#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Money in JSON: US dollars as a plain decimal number with up to nine places, exact in both directions.
///
/// It passes through `Decimal`, which `JSONEncoder` and `JSONDecoder` write and read as digits, never as a Double.
package struct DollarAmount: Hashable, Sendable, Codable {
    package var amount: NanoUSD

    package init(_ amount: NanoUSD) { self.amount = amount }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let decimal = try container.decode(Decimal.self)
        guard let amount = NanoUSD(dollars: decimal.description) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(decimal) is not dollars with up to nine decimal places")
        }
        self.amount = amount
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let magnitude = Decimal(
            sign: amount.rawValue < 0 ? .minus : .plus, exponent: -9, significand: Decimal(amount.rawValue.magnitude))
        try container.encode(magnitude)
    }
}
