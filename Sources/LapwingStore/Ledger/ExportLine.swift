import LapwingAPI

/// One entry as named fields in a fixed order, for either format.
struct ExportLine {
    private let fields: [(name: String, value: ExportValue)]

    init(_ stored: StoredEntry) { fields = Self.fields(of: stored) }

    /// Appends the entry's line with its end.
    func append(as format: ExportFormat, to bytes: inout [UInt8]) {
        switch format {
        case .jsonl: ExportValue.object(fields).appendJSON(to: &bytes)
        case .csv:
            for (index, field) in fields.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                field.value.appendCSV(to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// The names of the columns, with the line's end.
    static var header: String {
        let anything = LedgerEntry(
            LedgerRequest(RequestContext(requestID: ""), startedAt: 0, endpoint: "", route: "", model: ""),
            status: .lost, endedAt: 0, decision: nil, calls: [], latencyMilliseconds: nil)
        let fields = fields(of: StoredEntry(sequence: 0, hash: [], entry: anything))
        return fields.map(\.name).joined(separator: ",") + "\n"
    }

    private static func fields(of stored: StoredEntry) -> [(name: String, value: ExportValue)] {
        let entry = stored.entry
        let request = entry.request
        let labels = request.metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return [
            ("sequence", .integer(stored.sequence)), ("request_id", .text(request.requestID)),
            ("kind", .text(entry.kind)), ("parent", .text(entry.parent)), ("status", .text(entry.status.rawValue)),
            ("started_at_ms", .integer(request.startedAt)), ("ended_at_ms", .integer(entry.endedAt)),
            ("endpoint", .text(request.endpoint)), ("stream", .boolean(request.stream)),
            ("route", .text(request.route)), ("model", .text(request.model)),
            ("answering_model", .text(entry.answeringModel)), ("tenant", .text(request.tenant)),
            ("key", .text(request.keyID)), ("tier", .text(request.tier)), ("user", .text(request.user)),
            ("metadata", .object(labels.map { ($0.key, .text($0.value)) })),
            ("decision", .text(entry.decision?.rawValue)), ("confidence", .real(entry.confidence?.probability)),
            ("calibrator", .text(entry.confidence?.calibrator)),
            ("calibrated", .boolean(entry.confidence?.isCalibrated)), ("threshold", .real(entry.threshold)),
            ("escalation", .text(entry.escalation)), ("error", .text(entry.errorCode)),
            ("latency_ms", .integer(entry.latencyMilliseconds)),
            ("first_token_ms", .integer(entry.firstTokenMilliseconds)),
            ("cost_usd", .money(total(of: entry.calls))),
            ("reserved_usd", .money(entry.reserved)),
            ("cached_from", .text(entry.cached?.requestID)), ("spared_usd", .money(entry.cached?.spared)),
            ("unpriced_calls", .integer(Int64(entry.calls.count { $0.cost == nil }))),
            ("counterfactual_model", .text(entry.counterfactual?.model)),
            ("counterfactual_usd", .money(entry.counterfactual?.cost)),
            ("counterfactual_low_usd", .money(entry.counterfactual?.low)),
            ("counterfactual_high_usd", .money(entry.counterfactual?.high)),
            ("counterfactual_estimated", .boolean(entry.counterfactual?.isEstimated)),
            ("calls", .list(entry.calls.map { .object(fields(of: $0)) })), ("hash", .text(hexadecimal(stored.hash))),
        ]
    }

    private static func fields(of call: CallReceipt) -> [(name: String, value: ExportValue)] {
        [
            ("model", .text(call.model)), ("side", .text(call.side.rawValue)), ("role", .text(call.role.rawValue)),
            ("prompt_tokens", .integer(Int64(call.usage.promptTokens))),
            ("cached_tokens", .integer(Int64(call.usage.cachedPromptTokens))),
            ("completion_tokens", .integer(Int64(call.usage.completionTokens))),
            ("compute_ns", .integer(call.usage.computeNanoseconds)),
            ("estimated", .boolean(call.usage.isEstimated)), ("cost_usd", .money(call.cost)),
            ("price_source", .text(call.priceSource)), ("latency_ms", .integer(call.latencyMilliseconds)),
            ("first_token_ms", .integer(call.firstTokenMilliseconds)), ("failure", .text(call.failure)),
            ("endpoint", .text(call.endpoint)),
        ]
    }

    /// The priced calls' sum; nil where no call has a price or the sum passes Int64.
    private static func total(of calls: [CallReceipt]) -> NanoUSD? {
        let costs = calls.compactMap(\.cost)
        let sum = costs.reduce(Int128(0)) { $0 + Int128($1.rawValue) }
        return costs.isEmpty ? nil : Int64(exactly: sum).map(NanoUSD.init)
    }
}

/// A value that is written as JSON or as a CSV cell.
enum ExportValue {
    case integer(Int64?)
    case real(Double?)
    case boolean(Bool?)
    case money(NanoUSD?)
    case text(String?)
    case list([ExportValue])
    case object([(name: String, value: ExportValue)])

    /// What is not known is `null`.
    func appendJSON(to bytes: inout [UInt8]) {
        switch self {
        case .integer(let value?): bytes += "\(value)".utf8
        case .real(let value?): bytes += "\(value)".utf8
        case .boolean(let value?): bytes += (value ? "true" : "false").utf8
        case .money(let value?): bytes += "\(value)".utf8
        case .text(let value?): JSONValue.write(value, to: &bytes)
        case .list(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                value.appendJSON(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let fields):
            bytes.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONValue.write(field.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                field.value.appendJSON(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .integer(nil), .real(nil), .boolean(nil), .money(nil), .text(nil): bytes += "null".utf8
        }
    }

    /// Quoted as RFC 4180 has it; what is not known is an empty cell, an empty text is two quotes.
    func appendCSV(to bytes: inout [UInt8]) {
        switch self {
        case .text(let text?):
            let needsQuotes = text.isEmpty || text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
            if needsQuotes { Self.appendQuoted(text.utf8, to: &bytes) } else { bytes += text.utf8 }
        case .list, .object:
            var json: [UInt8] = []
            appendJSON(to: &json)
            Self.appendQuoted(json, to: &bytes)
        case .integer(nil), .real(nil), .boolean(nil), .money(nil), .text(nil): break
        case .integer, .real, .boolean, .money: appendJSON(to: &bytes)
        }
    }

    private static func appendQuoted(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        bytes.append(quote)
        for byte in text {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
}
