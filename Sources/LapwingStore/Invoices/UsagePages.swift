import Foundation
import LapwingAPI

/// The answers of OpenAI's and Anthropic's APIs of usage and costs: pages of buckets of time with results.
///
/// OpenAI: https://platform.openai.com/docs/api-reference/usage. Anthropic: https://platform.claude.com/docs, "Get Messages
/// Usage Report" and "Get Cost Report". Their buckets tell them apart: `start_time` in seconds, `starting_at` in text.
struct UsagePages {
    /// One page, or a list of pages.
    static func read(_ data: Data) throws -> Invoice {
        let decoder = JSONDecoder()
        let pages: [Page]
        do {
            let isList = data.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
            pages = isList ? try decoder.decode([Page].self, from: data) : [try decoder.decode(Page.self, from: data)]
        } catch let error as DecodingError {
            throw StoreError.malformedInvoice(line: nil, reason: reason(of: error))
        }
        guard !pages.isEmpty else { throw StoreError.malformedInvoice(line: nil, reason: "it is an empty list") }
        let buckets = pages.flatMap(\.data)
        guard let first = buckets.first else {
            throw StoreError.malformedInvoice(line: nil, reason: "there is no bucket of time in its 'data'")
        }
        let results = buckets.flatMap(\.results)
        let hasCosts = results.contains { $0.amount != nil }
        let format: Invoice.Format =
            switch (first.startTime != nil, hasCosts) {
            case (true, true): .openAICosts
            case (true, false): .openAIUsage
            case (false, true): .anthropicCosts
            case (false, false): .anthropicUsage
            }
        var invoice = Invoice(format: format, lines: [], days: [])
        for (index, bucket) in buckets.enumerated() {
            let day = try bucket.day(index)
            invoice.days.insert(day)
            for result in bucket.results {
                invoice.lines.append(
                    Invoice.Line(
                        day: day, model: result.modelName(format), figures: try result.figures(format, bucket: index)))
            }
        }
        if pages.last?.hasMore == true {
            invoice.notes.append("The export says that it has more pages; what is on them is missing here.")
        }
        return invoice
    }

    private static func reason(of error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        }
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            let detail = context.underlyingError.map { ", \($0)" } ?? ""
            return "it is not JSON (\(context.debugDescription)\(detail))"
        case .keyNotFound(let key, let context):
            return "expected '\(key.stringValue)' at '\(path(context))', as OpenAI's and Anthropic's reports have it"
        case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "at '\(path(context))': \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}

private struct Page: Decodable {
    var data: [Bucket]
    var hasMore: Bool?

    private enum CodingKeys: String, CodingKey {
        case data
        case hasMore = "has_more"
    }
}

private struct Bucket: Decodable {
    var startTime: Int64?
    var endTime: Int64?
    var startingAt: String?
    var endingAt: String?
    var results: [UsageResult]

    private enum CodingKeys: String, CodingKey {
        case results
        case startTime = "start_time"
        case endTime = "end_time"
        case startingAt = "starting_at"
        case endingAt = "ending_at"
    }

    /// Throws where it is of more than a day, which cannot be compared by day.
    func day(_ index: Int) throws -> String {
        func refused(_ reason: String) -> StoreError {
            .malformedInvoice(line: nil, reason: "at 'data[\(index)]': \(reason)")
        }
        if let startTime {
            guard let day = InvoiceNumber.day(seconds: startTime) else {
                throw refused("'start_time' is \(startTime), expected seconds since 1970")
            }
            guard (endTime ?? startTime) - startTime <= 86_400 else { throw refused(Self.tooLong) }
            return day
        }
        guard let startingAt, let start = Self.time(startingAt) else {
            throw refused("expected 'start_time' (OpenAI) or 'starting_at' (Anthropic)")
        }
        let end = endingAt.flatMap(Self.time) ?? start
        guard end.timeIntervalSince(start) <= 86_400 else { throw refused(Self.tooLong) }
        return Day.text(of: start)
    }

    private static let tooLong = "the bucket is longer than a day; export with buckets of a day or less"

    private static func time(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}

/// The fields of all four kinds of results that we read.
private struct UsageResult: Decodable {
    /// OpenAI's object of value and currency, or Anthropic's text in hundredths of `currency`.
    struct Amount: Decodable {
        var value: Decimal
        var currency: String?

        private enum CodingKeys: String, CodingKey { case value, currency }

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: CodingKeys.self) {
                value = try container.decode(Number.self, forKey: .value).value
                currency = try container.decodeIfPresent(String.self, forKey: .currency)
            } else {
                value = try decoder.singleValueContainer().decode(Number.self).value
            }
        }
    }

    /// A number, or one in text.
    struct Number: Decodable {
        var value: Decimal

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let text = try? container.decode(String.self) else {
                value = try container.decode(Decimal.self)
                return
            }
            guard let number = InvoiceNumber.decimal(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "found '\(text)', expected a number")
            }
            value = number
        }
    }

    struct CacheCreation: Decodable {
        var hour: Int64?
        var minutes: Int64?

        private enum CodingKeys: String, CodingKey {
            case hour = "ephemeral_1h_input_tokens"
            case minutes = "ephemeral_5m_input_tokens"
        }
    }

    var model: String?
    var lineItem: String?
    var amount: Amount?
    var currency: String?
    var description: String?
    var input: Int64?
    var inputCached: Int64?
    var output: Int64?
    var uncachedInput: Int64?
    var cacheRead: Int64?
    var cacheCreation: CacheCreation?

    private enum CodingKeys: String, CodingKey {
        case model, amount, currency, description
        case lineItem = "line_item"
        case input = "input_tokens"
        case inputCached = "input_cached_tokens"
        case output = "output_tokens"
        case uncachedInput = "uncached_input_tokens"
        case cacheRead = "cache_read_input_tokens"
        case cacheCreation = "cache_creation"
    }

    func modelName(_ format: Invoice.Format) -> String? {
        switch format {
        case .openAICosts: lineItem.map(LineItem.model)
        // What is no tokens has a description and no model.
        case .anthropicCosts: model ?? description
        default: model
        }
    }

    func figures(_ format: Invoice.Format, bucket: Int) throws -> BilledFigures {
        switch format {
        case .openAICosts, .anthropicCosts: return BilledFigures(cost: try cost(format, bucket: bucket))
        case .anthropicUsage:
            let written = (cacheCreation?.hour ?? 0) + (cacheCreation?.minutes ?? 0)
            return BilledFigures(
                promptTokens: (uncachedInput ?? 0) + written + (cacheRead ?? 0), cachedPromptTokens: cacheRead ?? 0,
                completionTokens: output ?? 0)
        // What has no tokens, such as images, is not compared by them.
        default:
            return BilledFigures(
                promptTokens: input, cachedPromptTokens: input.map { _ in inputCached ?? 0 },
                completionTokens: input.map { _ in output ?? 0 })
        }
    }

    private func cost(_ format: Invoice.Format, bucket: Int) throws -> NanoUSD? {
        guard let amount else { return nil }
        let unit = amount.currency ?? currency ?? "usd"
        guard unit.lowercased() == "usd" else {
            throw StoreError.malformedInvoice(
                line: nil, reason: "at 'data[\(bucket)]': found an amount in '\(unit)', expected 'usd'")
        }
        guard let cost = InvoiceNumber.money(format == .anthropicCosts ? amount.value / 100 : amount.value) else {
            throw StoreError.malformedInvoice(
                line: nil, reason: "at 'data[\(bucket)]': the amount \(amount.value) passes 64 bits")
        }
        return cost
    }
}

/// OpenAI's line items: `gpt-4o-2024-08-06, cached input`, `priority | gpt-5.2, output, long context`,
/// `web search tool calls`.
enum LineItem {
    static func model(_ item: String) -> String {
        let match = item.wholeMatch(
            of: /(?:[a-z]+ \| )?([^,\s]+)(?: [a-z]+)?, (?:input|output|cached input|cache writes)(?:, .*)?/)
        return match.map { String($0.1) } ?? item
    }
}
