import Crypto
import Foundation
import LapwingAPI

/// Prices read from one file, and what of it was not taken.
package struct ImportedPrices: Hashable, Sendable {
    package var prices: [String: Price]
    /// Where the file came from, as given by the one who imports it.
    package var source: String
    /// SHA-256 of the file's bytes.
    package var sha256: [UInt8]
    package var effective: String
    /// How many entries were passed over, by reason.
    package var skipped: [String: Int]
    /// How many figures had digits past a nano-US-dollar a million tokens, such as 4.0000000000000003e-07; rounded half to even.
    package var roundedFigures: Int

    package init(
        prices: [String: Price], source: String, sha256: [UInt8], effective: String, skipped: [String: Int],
        roundedFigures: Int
    ) {
        self.prices = prices
        self.source = source
        self.sha256 = sha256
        self.effective = effective
        self.skipped = skipped
        self.roundedFigures = roundedFigures
    }
}

extension PriceBook {
    /// Reads a table in LiteLLM's format: a JSON object of entries with US dollars a token, as decimal text and never
    /// through binary floating point.
    ///
    /// Entries that do not price chat or text by the token are passed over and counted. Throws
    /// `StoreError.malformedPriceTable` where the whole is not such a table or no entry can be used.
    package static func importLiteLLM(_ data: Data, source: String, effective: String) throws -> ImportedPrices {
        guard Day.isValid(effective) else { throw StoreError.malformedDate(found: effective) }
        let entries: [String: Lossy<LiteLLMEntry>]
        do {
            entries = try JSONDecoder().decode([String: Lossy<LiteLLMEntry>].self, from: data)
        } catch DecodingError.dataCorrupted(let context) {
            let detail = context.underlyingError.map { ", \($0)" } ?? ""
            throw StoreError.malformedPriceTable(reason: "it is not JSON (\(context.debugDescription)\(detail))")
        } catch {
            throw StoreError.malformedPriceTable(reason: "expected a JSON object with one object for each model")
        }
        var table = ImportedPrices(
            prices: [:], source: source, sha256: Array(SHA256.hash(data: data)), effective: effective, skipped: [:],
            roundedFigures: 0)
        for (model, entry) in entries where model != "sample_spec" {
            do {
                table.prices[model] = try entry.read().price(in: &table)
            } catch {
                table.skipped[error.reason, default: 0] += 1
            }
        }
        guard !table.prices.isEmpty else {
            throw StoreError.malformedPriceTable(
                reason: "none of its \(entries.count) entries has the prices of a model's input and output tokens")
        }
        return table
    }
}

/// Why an entry was passed over.
private struct Skipped: Error {
    var reason: String
}

/// A value that may be of another shape than expected without spoiling the table around it.
private struct Lossy<Value: Decodable>: Decodable {
    private var value: Value?

    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }

    func read() throws(Skipped) -> Value {
        guard let value else { throw Skipped(reason: "a price is not a number") }
        return value
    }
}

/// The fields of LiteLLM's table that we read. `Decimal` holds 38 digits, so the text's value is kept exactly.
private struct LiteLLMEntry: Decodable {
    private static let modes: Set<String> = ["chat", "completion", "responses"]

    var mode: String?
    var input: Decimal?
    var cachedInput: Decimal?
    var output: Decimal?

    private enum CodingKeys: String, CodingKey {
        case mode
        case input = "input_cost_per_token"
        case cachedInput = "cache_read_input_token_cost"
        case output = "output_cost_per_token"
    }

    func price(in table: inout ImportedPrices) throws(Skipped) -> Price {
        guard let mode, Self.modes.contains(mode) else { throw Skipped(reason: "not a chat or completion model") }
        guard let input, let output else { throw Skipped(reason: "no price by the token") }
        // A table says 0 both for what is free and for what nobody filled in; unpriced is the honest reading.
        guard input != 0 || output != 0 else { throw Skipped(reason: "a price of zero") }
        let inputPerMillion = try Self.perMillion(input, &table)
        let cachedPerMillion = try cachedInput.map { value throws(Skipped) in try Self.perMillion(value, &table) }
        let outputPerMillion = try Self.perMillion(output, &table)
        return Price(
            inputPerMillion: inputPerMillion, cachedInputPerMillion: cachedPerMillion,
            outputPerMillion: outputPerMillion, source: table.source, effective: table.effective)
    }

    /// Dollars a token to nano-US-dollars a million tokens: times 10^15.
    private static func perMillion(_ dollars: Decimal, _ table: inout ImportedPrices) throws(Skipped) -> NanoUSD {
        guard !dollars.isNaN, dollars >= 0 else { throw Skipped(reason: "a negative price") }
        // A thousand dollars a token is past anything sold, and keeps the product far inside Int64.
        guard dollars < 1000 else { throw Skipped(reason: "a price past 1000 dollars a token") }
        var scaled = dollars * Decimal(sign: .plus, exponent: 15, significand: 1)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &scaled, 0, .bankers)
        if rounded != scaled { table.roundedFigures += 1 }
        return NanoUSD(NSDecimalNumber(decimal: rounded).int64Value)
    }
}
