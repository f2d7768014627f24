import Crypto
import LapwingAPI

/// The chain: `hash(n) = SHA-256(hash(n - 1) || canonical bytes of entry n)`, with 32 zero bytes before the first.
enum HashChain {
    static let genesis = [UInt8](repeating: 0, count: 32)

    static func hash(after previous: [UInt8], _ entry: LedgerEntry, sequence: Int64) -> [UInt8] {
        var hasher = SHA256()
        hasher.update(data: previous)
        hasher.update(data: entry.canonicalBytes(sequence: sequence))
        return Array(hasher.finalize())
    }
}

extension LedgerEntry {
    /// The layout that entries are hashed in. A later layout gets the next number and its own branch; these stay.
    private var layout: Int64 {
        if cached != nil || calls.contains(where: { $0.endpoint != nil }) { return 3 }
        return reserved == nil ? 1 : 2
    }

    /// Layout, sequence, the request, then the entry's fields in the order below, then the calls; in layout 2 then what was
    /// reserved; in layout 3 that or nil, whose answer it is and what that cost, or nil, and the endpoint of each call.
    func canonicalBytes(sequence: Int64) -> [UInt8] {
        var writer = CanonicalWriter()
        let layout = layout
        writer.write(layout)
        writer.write(sequence)
        writer.write(request)
        writer.write(kind)
        writer.write(parent)
        writer.write(status.rawValue)
        writer.write(endedAt)
        writer.write(decision?.rawValue)
        writer.write(confidence?.probability)
        writer.write(confidence?.calibrator)
        writer.write(confidence?.isCalibrated)
        writer.write(threshold)
        writer.write(escalation)
        writer.write(counterfactual?.model)
        writer.write(counterfactual?.cost.rawValue)
        writer.write(counterfactual?.low.rawValue)
        writer.write(counterfactual?.high.rawValue)
        writer.write(counterfactual?.isEstimated)
        writer.write(errorCode)
        writer.write(latencyMilliseconds)
        writer.write(firstTokenMilliseconds)
        writer.writeList(count: calls.count)
        for call in calls { writer.write(call) }
        if layout >= 2 { writer.write(reserved?.rawValue) }
        if layout >= 3 {
            writer.write(cached?.requestID)
            writer.write(cached?.spared?.rawValue)
            for call in calls { writer.write(call.endpoint) }
        }
        return writer.bytes
    }
}

extension LedgerIntent {
    private var layout: Int64 { work != nil ? 3 : reserved == nil ? 1 : 2 }

    /// Layout, the request, then a list of calls; in layout 2 then what is reserved; in layout 3 that or nil, the kind of
    /// work, and on which request. A call that is only expected has no endpoint yet.
    var canonicalBytes: [UInt8] {
        var writer = CanonicalWriter()
        writer.write(layout)
        writer.write(request)
        writer.writeList(count: calls.count)
        for call in calls { writer.write(call) }
        if layout >= 2 { writer.write(reserved?.rawValue) }
        if let work {
            writer.write(work.kind)
            writer.write(work.parent)
        }
        return writer.bytes
    }

    init(canonicalBytes: [UInt8]) throws(StoreError) {
        var reader = CanonicalReader(canonicalBytes)
        guard let layout = try reader.integer(), (1...3).contains(layout) else {
            throw .damaged(
                sequence: nil, reason: "an intent has an unknown layout")
        }
        let request = try reader.ledgerRequest()
        var calls: [CallReceipt] = []
        for _ in 0..<(try reader.listCount()) { calls.append(try reader.callReceipt()) }
        let reserved = layout >= 2 ? try reader.integer() : nil
        let work =
            layout == 3
            ? LaterWork(kind: try reader.required(reader.text()), parent: try reader.required(reader.text())) : nil
        guard reader.isAtEnd else { throw .damaged(sequence: nil, reason: "an intent is longer than it says") }
        self.init(request, calls: calls, reserved: reserved.map(NanoUSD.init), work: work)
    }
}

extension CanonicalWriter {
    fileprivate mutating func write(_ request: LedgerRequest) {
        write(request.requestID)
        write(request.startedAt)
        write(request.endpoint)
        write(request.route)
        write(request.model)
        write(request.tenant)
        write(request.keyID)
        write(request.tier)
        write(request.user)
        write(request.metadata)
        write(request.stream)
    }

    /// Pairs in the order of the keys' bytes.
    mutating func write(_ metadata: [String: String]) {
        writeList(count: metadata.count)
        let pairs =
            metadata.count < 2
            ? Array(metadata) : metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (key, value) in pairs {
            write(key)
            write(value)
        }
    }

    fileprivate mutating func write(_ call: CallReceipt) {
        write(call.model)
        write(call.side.rawValue)
        write(call.role.rawValue)
        write(call.usage.promptTokens)
        write(call.usage.cachedPromptTokens)
        write(call.usage.completionTokens)
        write(call.usage.computeNanoseconds)
        write(call.usage.isEstimated)
        write(call.cost?.rawValue)
        write(call.priceSource)
        write(call.latencyMilliseconds)
        write(call.firstTokenMilliseconds)
        write(call.failure)
    }
}

extension CanonicalReader {
    mutating func metadata() throws(StoreError) -> [String: String] {
        var metadata: [String: String] = [:]
        for _ in 0..<(try listCount()) {
            let key = try required(text())
            metadata[key] = try required(text())
        }
        return metadata
    }

    fileprivate mutating func ledgerRequest() throws(StoreError) -> LedgerRequest {
        var context = RequestContext(requestID: try required(text()))
        let startedAt = try required(integer())
        let endpoint = try required(text())
        let route = try required(text())
        let model = try required(text())
        context.tenant = try required(text())
        context.keyID = try text()
        context.tier = try required(text())
        context.user = try text()
        context.metadata = try metadata()
        let stream = try required(integer()) != 0
        return LedgerRequest(
            context, startedAt: startedAt, endpoint: endpoint, route: route, model: model, stream: stream)
    }

    fileprivate mutating func callReceipt() throws(StoreError) -> CallReceipt {
        let model = try required(text())
        let side = try required(CallReceipt.Side(rawValue: required(text())))
        let role = try required(CallReceipt.Role(rawValue: required(text())))
        let usage = Usage(
            promptTokens: Int(try required(integer())), cachedPromptTokens: Int(try required(integer())),
            completionTokens: Int(try required(integer())), computeNanoseconds: try integer(),
            isEstimated: try required(integer()) != 0)
        return CallReceipt(
            model: model, side: side, role: role, usage: usage, cost: try integer().map(NanoUSD.init),
            priceSource: try text(), latencyMilliseconds: try required(integer()),
            firstTokenMilliseconds: try integer(), failure: try text())
    }

    fileprivate func required<T>(_ value: T?) throws(StoreError) -> T {
        guard let value else { throw .damaged(sequence: nil, reason: "a value is missing") }
        return value
    }
}
