import Foundation
import LapwingAPI

/// The tables that OpenAI's and Anthropic's consoles export, and the plain one of our own. Each is known by its columns.
///
/// Neither vendor documents its columns. OpenAI's are those of its API with the time in two forms; Anthropic's are those of
/// exports that people have published.
enum CSVInvoice {
    static func read(_ table: CSVTable) throws -> Invoice {
        let columns = Set(table.header)
        guard let format = format(of: columns) else {
            throw StoreError.malformedInvoice(
                line: 1,
                reason:
                    "found the columns \(table.header.prefix(8).map { "'\($0.prefix(40))'" }.joined(separator: ", ")), "
                    + "expected those of OpenAI's export ('start_time' with 'input_tokens' or 'amount_value'), of "
                    + "Anthropic's ('usage_date_utc' with 'usage_output_tokens' or 'cost_usd'), or 'date', 'model' and any of "
                    + "'prompt_tokens', 'completion_tokens', 'cost_usd'")
        }
        var invoice = Invoice(format: format, lines: [], days: [])
        for row in table.rows {
            let cells = Row(line: row.line, values: Dictionary(zip(table.header, row.cells)) { first, _ in first })
            let day = try cells.day(format)
            invoice.days.insert(day)
            invoice.lines.append(
                Invoice.Line(
                    day: day, model: model(cells, format), requestID: cells.text("request_id"),
                    figures: try figures(cells, format)))
        }
        return invoice
    }

    private static func format(of columns: Set<String>) -> Invoice.Format? {
        if columns.contains("start_time") {
            if columns.contains("amount_value") { return .openAICosts }
            if columns.contains("input_tokens") { return .openAIUsage }
        }
        if columns.contains("usage_date_utc") {
            if columns.contains("cost_usd") { return .anthropicCosts }
            if columns.contains("usage_output_tokens") { return .anthropicUsage }
        }
        let figures = ["prompt_tokens", "completion_tokens", "cost_usd"]
        return columns.contains("date") && figures.contains(where: columns.contains) ? .plain : nil
    }

    private static func model(_ row: Row, _ format: Invoice.Format) -> String? {
        switch format {
        case .openAICosts: row.text("line_item").map(LineItem.model)
        case .anthropicUsage: row.text("model_version")
        case .openAIUsage, .anthropicCosts, .plain: row.text("model")
        }
    }

    private static func figures(_ row: Row, _ format: Invoice.Format) throws -> BilledFigures {
        switch format {
        case .openAICosts:
            if let currency = row.text("amount_currency"), currency.lowercased() != "usd" {
                throw row.refused("amount_currency", currency, expected: "usd")
            }
            return BilledFigures(cost: try row.money("amount_value"))
        case .openAIUsage:
            return BilledFigures(
                promptTokens: try row.count("input_tokens"), cachedPromptTokens: try row.count("input_cached_tokens"),
                completionTokens: try row.count("output_tokens"))
        case .anthropicCosts: return BilledFigures(cost: try row.money("cost_usd"))
        case .anthropicUsage:
            let read = try row.count("usage_input_tokens_cache_read") ?? 0
            let others = try [
                "usage_input_tokens_no_cache", "usage_input_tokens_cache_write", "usage_input_tokens_cache_write_5m",
                "usage_input_tokens_cache_write_1h",
            ].reduce(Int64(0)) { $0 + (try row.count($1) ?? 0) }
            return BilledFigures(
                promptTokens: others + read, cachedPromptTokens: read,
                completionTokens: try row.count("usage_output_tokens") ?? 0)
        case .plain:
            return BilledFigures(
                promptTokens: try row.count("prompt_tokens"), cachedPromptTokens: try row.count("cached_tokens"),
                completionTokens: try row.count("completion_tokens"), cost: try row.money("cost_usd"))
        }
    }

    private struct Row {
        let line: Int
        let values: [String: String]

        /// nil where there is no such column, or nothing in it.
        func text(_ column: String) -> String? {
            let text = values[column]?.trimmingCharacters(in: .whitespaces) ?? ""
            return text.isEmpty ? nil : text
        }

        func count(_ column: String) throws -> Int64? {
            guard let text = text(column) else { return nil }
            guard let count = InvoiceNumber.count(text) else { throw refused(column, text, expected: "a count") }
            return count
        }

        func money(_ column: String) throws -> NanoUSD? {
            guard let text = text(column) else { return nil }
            guard let money = InvoiceNumber.decimal(text).flatMap(InvoiceNumber.money) else {
                throw refused(column, text, expected: "US dollars such as 0.0125")
            }
            return money
        }

        func day(_ format: Invoice.Format) throws -> String {
            switch format {
            case .openAIUsage, .openAICosts:
                let text = text("start_time") ?? ""
                guard let seconds = InvoiceNumber.count(text), let day = InvoiceNumber.day(seconds: seconds) else {
                    throw refused("start_time", text, expected: "seconds since 1970")
                }
                let end = try count("end_time")
                guard (end ?? seconds) - seconds <= 86_400 else {
                    throw refused("end_time", self.text("end_time") ?? "", expected: "at most a day after start_time")
                }
                return day
            case .anthropicUsage, .anthropicCosts: return try dated("usage_date_utc")
            case .plain: return try dated("date")
            }
        }

        private func dated(_ column: String) throws -> String {
            let text = text(column) ?? ""
            guard let day = InvoiceNumber.day(text) else {
                throw refused(column, text, expected: "a day of UTC as YYYY-MM-DD")
            }
            return day
        }

        func refused(_ column: String, _ found: String, expected: String) -> StoreError {
            .malformedInvoice(line: line, reason: "'\(column)' is '\(found.prefix(60))', expected \(expected)")
        }
    }
}
