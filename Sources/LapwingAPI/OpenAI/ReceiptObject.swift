extension OpenAI {
    /// The `lapwing` object of an answer or of a stream's last chunk: a `Receipt` as JSON.
    package struct ReceiptObject: Hashable, Sendable {
        package var requestID: String
        package var route: String
        /// The model whose answer was kept.
        package var model: String
        package var decision: Decision
        /// nil where the answer gave no evidence.
        package var confidence: Confidence?
        /// nil where a call has no price; see `unpricedCalls`.
        package var cost: DollarAmount?
        /// nil where there is nothing to compare with or a call has no price.
        package var saved: DollarAmount?
        package var unpricedCalls: Int
        package var counterfactual: CounterfactualObject?
        /// `unavailable` where an escalation was due and the closed model gave no answer or could not be called.
        package var escalation: String?
        /// The answer broke off and another call went on with it; see the calls of role `continued`.
        package var isContinued: Bool
        /// `hit`, `miss` or `bypass`; nil where the route keeps no answers.
        package var cache: String?
        /// Of a hit: the request that the answer was made for, and what its calls cost.
        package var cachedFrom: String?
        package var spared: DollarAmount?
        package var calls: [Call]

        package init(_ receipt: Receipt) {
            requestID = receipt.requestID
            route = receipt.route
            model = receipt.model
            decision = receipt.decision
            confidence = receipt.confidence
            cost = receipt.unpricedCalls == 0 ? DollarAmount(receipt.cost) : nil
            saved = receipt.saved.map(DollarAmount.init)
            unpricedCalls = receipt.unpricedCalls
            counterfactual = receipt.counterfactual.map(CounterfactualObject.init)
            escalation = receipt.escalation
            isContinued = receipt.isContinued
            cache = receipt.cache?.word
            cachedFrom = receipt.cache?.cached?.requestID
            spared = receipt.cache?.cached?.spared.map(DollarAmount.init)
            calls = receipt.calls.map(Call.init)
        }
    }

    /// What the closed model would have cost; `low` and `high` differ from `cost` where token counts are estimated.
    package struct CounterfactualObject: Hashable, Sendable, Codable {
        package var model: String
        package var cost: DollarAmount
        package var low: DollarAmount
        package var high: DollarAmount
        package var estimated: Bool

        package init(_ counterfactual: Counterfactual) {
            model = counterfactual.model
            cost = DollarAmount(counterfactual.cost)
            low = DollarAmount(counterfactual.low)
            high = DollarAmount(counterfactual.high)
            estimated = counterfactual.isEstimated
        }

        private enum CodingKeys: String, CodingKey {
            case model, estimated
            case cost = "cost_usd"
            case low = "low_usd"
            case high = "high_usd"
        }
    }
}

extension OpenAI.ReceiptObject {
    /// One call to one model.
    package struct Call: Hashable, Sendable, Codable {
        package var model: String
        package var side: CallReceipt.Side
        package var role: CallReceipt.Role
        package var promptTokens: Int
        package var cachedTokens: Int
        package var completionTokens: Int
        package var isEstimated: Bool
        /// Absent is unpriced, never free.
        package var cost: DollarAmount?
        package var priceSource: String?
        package var latencyMilliseconds: Int64
        package var firstTokenMilliseconds: Int64?
        package var failure: String?

        package init(_ call: CallReceipt) {
            model = call.model
            side = call.side
            role = call.role
            promptTokens = call.usage.promptTokens
            cachedTokens = call.usage.cachedPromptTokens
            completionTokens = call.usage.completionTokens
            isEstimated = call.usage.isEstimated
            cost = call.cost.map(DollarAmount.init)
            priceSource = call.priceSource
            latencyMilliseconds = call.latencyMilliseconds
            firstTokenMilliseconds = call.firstTokenMilliseconds
            failure = call.failure
        }

        private enum CodingKeys: String, CodingKey {
            case model, side, role, failure
            case promptTokens = "prompt_tokens"
            case cachedTokens = "cached_tokens"
            case completionTokens = "completion_tokens"
            case isEstimated = "estimated"
            case cost = "cost_usd"
            case priceSource = "price_source"
            case latencyMilliseconds = "latency_ms"
            case firstTokenMilliseconds = "first_token_ms"
        }
    }
}

extension OpenAI.ReceiptObject: Codable {
    private enum CodingKeys: String, CodingKey {
        case route, model, decision, confidence, calibrator, calibrated, counterfactual, escalation, calls, cache
        case cachedFrom = "cached_from"
        case spared = "spared_usd"
        case isContinued = "continued"
        case requestID = "request_id"
        case cost = "cost_usd"
        case saved = "saved_usd"
        case unpricedCalls = "unpriced_calls"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        requestID = try container.decode(String.self, forKey: .requestID)
        route = try container.decode(String.self, forKey: .route)
        model = try container.decode(String.self, forKey: .model)
        decision = try container.decode(Decision.self, forKey: .decision)
        if let probability = try container.decodeIfPresent(Double.self, forKey: .confidence) {
            confidence = Confidence(
                probability: probability, calibrator: try container.decode(String.self, forKey: .calibrator),
                isCalibrated: try container.decode(Bool.self, forKey: .calibrated))
        }
        cost = try container.decodeIfPresent(DollarAmount.self, forKey: .cost)
        saved = try container.decodeIfPresent(DollarAmount.self, forKey: .saved)
        unpricedCalls = try container.decodeIfPresent(Int.self, forKey: .unpricedCalls) ?? 0
        counterfactual = try container.decodeIfPresent(
            OpenAI.CounterfactualObject.self, forKey: .counterfactual)
        escalation = try container.decodeIfPresent(String.self, forKey: .escalation)
        isContinued = try container.decodeIfPresent(Bool.self, forKey: .isContinued) ?? false
        cache = try container.decodeIfPresent(String.self, forKey: .cache)
        cachedFrom = try container.decodeIfPresent(String.self, forKey: .cachedFrom)
        spared = try container.decodeIfPresent(DollarAmount.self, forKey: .spared)
        calls = try container.decodeIfPresent([Call].self, forKey: .calls) ?? []
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(requestID, forKey: .requestID)
        try container.encode(route, forKey: .route)
        try container.encode(model, forKey: .model)
        try container.encode(decision, forKey: .decision)
        try container.encode(confidence?.probability, forKey: .confidence)
        try container.encode(confidence?.calibrator, forKey: .calibrator)
        try container.encode(confidence?.isCalibrated, forKey: .calibrated)
        try container.encode(cost, forKey: .cost)
        try container.encode(saved, forKey: .saved)
        try container.encode(unpricedCalls, forKey: .unpricedCalls)
        try container.encode(counterfactual, forKey: .counterfactual)
        try container.encodeIfPresent(escalation, forKey: .escalation)
        if isContinued { try container.encode(true, forKey: .isContinued) }
        try container.encodeIfPresent(cache, forKey: .cache)
        try container.encodeIfPresent(cachedFrom, forKey: .cachedFrom)
        try container.encodeIfPresent(spared, forKey: .spared)
        try container.encode(calls, forKey: .calls)
    }
}
