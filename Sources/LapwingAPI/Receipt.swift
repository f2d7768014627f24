/// Which side answered, and why.
package enum Decision: String, Sendable, Codable, CaseIterable {
    /// The open model's answer was kept.
    case open
    /// The closed model was chosen by the prompt gate or by the client, or answered where no open one could.
    case closed
    /// The open answer fell under the threshold and the closed model answered instead.
    case escalated
    /// The open answer fell under the threshold, but its tier does not escalate or there is no closed model.
    case wouldEscalate = "would-escalate"
    /// The open answer fell under the threshold or the prompt gate chose the closed model, that failed, and an open one's
    /// answer was kept.
    case unavailable

    /// Whose answer the client was given.
    package var answeringSide: CallReceipt.Side {
        switch self {
        case .open, .wouldEscalate, .unavailable: .open
        case .closed, .escalated: .closed
        }
    }
}

/// How likely the open answer is right, and by whose reckoning.
package struct Confidence: Hashable, Sendable, Codable {
    /// Between 0 and 1.
    package var probability: Double
    /// The calibrator's name, such as `default-1`.
    package var calibrator: String
    /// Whether the calibrator was fitted on this route's own traffic.
    package var isCalibrated: Bool

    package init(probability: Double, calibrator: String, isCalibrated: Bool) {
        self.probability = probability
        self.calibrator = calibrator
        self.isCalibrated = isCalibrated
    }
}

/// What is settled once an answer can no longer be switched.
package struct Commitment: Hashable, Sendable {
    /// The route's name, or the model's where the client named a model.
    package var route: String
    package var model: String
    /// nil where the answer is sent before it is judged.
    package var decision: Decision?
    package var confidence: Confidence?
    /// nil where the route keeps no answers.
    package var cache: CacheResult?

    package init(route: String, model: String, decision: Decision?, confidence: Confidence?) {
        self.route = route
        self.model = model
        self.decision = decision
        self.confidence = confidence
    }
}

/// One call to one model: what it was for, what it read and wrote, what it cost.
package struct CallReceipt: Hashable, Sendable, Codable {
    package enum Role: String, Sendable, Codable {
        /// Its text is the answer.
        case kept
        /// It was made and paid, and its text was not used.
        case discarded
        /// It broke off in mid-answer, and the answer goes on from there with the text of another call.
        case continued
        /// It gave no answer.
        case failed
    }

    package enum Side: String, Sendable, Codable { case open, closed }

    package var model: String
    package var side: Side
    package var role: Role
    package var usage: Usage
    /// nil is `unpriced`, never free.
    package var cost: NanoUSD?
    /// Where the price came from: a price's source and date, or `machine time`.
    package var priceSource: String?
    package var latencyMilliseconds: Int64
    /// nil where nothing was generated.
    package var firstTokenMilliseconds: Int64?
    /// A short word for what went wrong, when `role` is `failed`.
    package var failure: String?
    /// Host and port of the endpoint that was called; nil for a model in this process. For the ledger, not for clients.
    package var endpoint: String?

    package init(
        model: String, side: Side, role: Role, usage: Usage, cost: NanoUSD?, priceSource: String?,
        latencyMilliseconds: Int64, firstTokenMilliseconds: Int64? = nil, failure: String? = nil,
        endpoint: String? = nil
    ) {
        self.model = model
        self.side = side
        self.role = role
        self.usage = usage
        self.cost = cost
        self.priceSource = priceSource
        self.latencyMilliseconds = latencyMilliseconds
        self.firstTokenMilliseconds = firstTokenMilliseconds
        self.failure = failure
        self.endpoint = endpoint
    }
}

/// What the closed model would have cost for the same request.
package struct Counterfactual: Hashable, Sendable, Codable {
    package var model: String
    package var cost: NanoUSD
    /// The ends of the interval where token counts are estimated; equal to `cost` where they are known.
    package var low: NanoUSD
    package var high: NanoUSD
    package var isEstimated: Bool

    package init(model: String, cost: NanoUSD, low: NanoUSD, high: NanoUSD, isEstimated: Bool) {
        self.model = model
        self.cost = cost
        self.low = low
        self.high = high
        self.isEstimated = isEstimated
    }
}

/// What one request came to: who answered, how sure, at what cost, against what alternative.
package struct Receipt: Hashable, Sendable, Codable {
    package var requestID: String
    package var route: String
    /// The model whose answer was kept.
    package var model: String
    package var decision: Decision
    package var confidence: Confidence?
    /// `unavailable` where an escalation was due and the closed model gave no answer or could not be called.
    package var escalation: String?
    package var calls: [CallReceipt]
    /// Sum of the calls that have a price; see `unpricedCalls`.
    package var cost: NanoUSD
    package var unpricedCalls: Int
    package var counterfactual: Counterfactual?
    /// nil where the route keeps no answers.
    package var cache: CacheResult?

    /// Whether the answer is of several calls, the later ones going on where an earlier one broke off.
    package var isContinued: Bool { calls.contains { $0.role == .continued } }

    /// Counterfactual less cost; nil where there is nothing to compare with or a call has no price.
    package var saved: NanoUSD? {
        guard let counterfactual, unpricedCalls == 0 else { return nil }
        return counterfactual.cost - cost
    }

    package init(
        requestID: String, route: String, model: String, decision: Decision, confidence: Confidence?,
        escalation: String? = nil, calls: [CallReceipt], counterfactual: Counterfactual?
    ) {
        self.requestID = requestID
        self.route = route
        self.model = model
        self.decision = decision
        self.confidence = confidence
        self.escalation = escalation
        self.calls = calls
        self.cost = calls.reduce(.zero) { $0 + ($1.cost ?? .zero) }
        self.unpricedCalls = calls.count(where: { $0.cost == nil })
        self.counterfactual = counterfactual
    }
}
