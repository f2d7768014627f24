import LapwingAPI

/// Who asked for what: the part of a record that is known when the request is admitted.
package struct LedgerRequest: Hashable, Sendable {
    package var requestID: String
    /// Milliseconds since 1970, from the caller's clock.
    package var startedAt: Int64
    /// `chat.completions`, `completions`, `score` and so on.
    package var endpoint: String
    /// The route's name, or the model's where the client named a model.
    package var route: String
    /// The model that is asked first; of an answer that was kept, the one that gave it.
    package var model: String
    package var tenant: String
    package var keyID: String?
    package var tier: String
    package var user: String?
    package var metadata: [String: String]
    package var stream: Bool

    package init(
        _ context: RequestContext, startedAt: Int64, endpoint: String, route: String, model: String,
        stream: Bool = false
    ) {
        requestID = context.requestID
        self.startedAt = startedAt
        self.endpoint = endpoint
        self.route = route
        self.model = model
        tenant = context.tenant
        keyID = context.keyID
        tier = context.tier
        user = context.user
        metadata = context.metadata
        self.stream = stream
    }
}

/// Work on a request that was answered already: another model's answer to it, or what a judge said of two.
package struct LaterWork: Hashable, Sendable {
    /// `shadow`, `judge`, `hedge`.
    package var kind: String
    /// The request id of the entry that it belongs to.
    package var parent: String

    package init(kind: String, parent: String) {
        self.kind = kind
        self.parent = parent
    }
}

/// A request that was let in and has not ended.
@dynamicMemberLookup
package struct LedgerIntent: Hashable, Sendable {
    package var request: LedgerRequest
    /// The calls to be entered should nothing more be heard of the request: those that were about to be made, with an
    /// estimate of what they come to.
    package var calls: [CallReceipt]
    /// What its key's budget holds for it; nil where the key has none.
    package var reserved: NanoUSD?
    /// What it will be entered as; nil is a request of its own.
    package var work: LaterWork?

    package init(
        _ request: LedgerRequest, calls: [CallReceipt] = [], reserved: NanoUSD? = nil, work: LaterWork? = nil
    ) {
        self.reserved = reserved
        self.work = work
        self.request = request
        self.calls = calls
    }

    package subscript<Value>(dynamicMember path: WritableKeyPath<LedgerRequest, Value>) -> Value {
        get { request[keyPath: path] }
        set { request[keyPath: path] = newValue }
    }
}

/// All that is kept of a request that has ended. One a request id, never changed.
@dynamicMemberLookup
package struct LedgerEntry: Hashable, Sendable {
    package enum Status: String, Sendable, Codable, CaseIterable {
        /// The client was sent the whole answer.
        case completed
        /// The answer broke off after its first part was sent.
        case aborted
        /// The client went away.
        case cancelled
        /// There was no answer.
        case failed
        /// The process died before the end; entered by recovery, with the intent's estimates.
        case lost
    }

    package var request: LedgerRequest
    /// `request`, or what later work on one was: `shadow`, `judge`, `hedge`.
    package var kind: String
    /// The request id of the entry that this one belongs to, where `kind` is not `request`.
    package var parent: String?
    package var status: Status
    /// Milliseconds since 1970.
    package var endedAt: Int64
    /// nil where the request ended before there was one.
    package var decision: Decision?
    package var confidence: Confidence?
    /// The confidence under which the route escalates.
    package var threshold: Double?
    /// `unavailable` where the closed model was wanted and could not be had.
    package var escalation: String?
    package var calls: [CallReceipt]
    package var counterfactual: Counterfactual?
    /// A short word such as `upstream_timeout`; never content.
    package var errorCode: String?
    /// nil where it is not known, as for a lost request.
    package var latencyMilliseconds: Int64?
    package var firstTokenMilliseconds: Int64?
    /// What its key's budget held for it. What the calls cost beyond that is overrun.
    package var reserved: NanoUSD?
    /// Set where the answer was kept from an earlier request, and no call was made.
    package var cached: CachedAnswer?

    package init(
        _ request: LedgerRequest, status: Status, endedAt: Int64, decision: Decision?,
        confidence: Confidence? = nil, threshold: Double? = nil, calls: [CallReceipt],
        counterfactual: Counterfactual? = nil, latencyMilliseconds: Int64?
    ) {
        self.request = request
        kind = "request"
        self.status = status
        self.endedAt = endedAt
        self.decision = decision
        self.confidence = confidence
        self.threshold = threshold
        self.calls = calls
        self.counterfactual = counterfactual
        self.latencyMilliseconds = latencyMilliseconds
    }

    /// The model whose text was the answer, or the one asked first where no text was kept.
    package var answeringModel: String { calls.first { $0.role == .kept }?.model ?? request.model }

    package subscript<Value>(dynamicMember path: WritableKeyPath<LedgerRequest, Value>) -> Value {
        get { request[keyPath: path] }
        set { request[keyPath: path] = newValue }
    }
}

extension LedgerEntry {
    /// The end of a request of which nothing more was heard.
    init(lost intent: LedgerIntent, at endedAt: Int64) {
        self.init(
            intent.request, status: .lost, endedAt: endedAt, decision: nil, calls: intent.calls,
            latencyMilliseconds: nil)
        reserved = intent.reserved
        note(intent.work)
    }

    /// Says that this is work on another request.
    package mutating func note(_ work: LaterWork?) {
        guard let work else { return }
        (kind, parent) = (work.kind, work.parent)
    }
}

/// An entry as it lies in the chain.
package struct StoredEntry: Hashable, Sendable {
    /// 1 for the first; no number is left out.
    package var sequence: Int64
    package var hash: [UInt8]
    package var entry: LedgerEntry

    package init(sequence: Int64, hash: [UInt8], entry: LedgerEntry) {
        self.sequence = sequence
        self.hash = hash
        self.entry = entry
    }
}
