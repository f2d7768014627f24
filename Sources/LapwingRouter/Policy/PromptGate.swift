import LapwingAPI

/// Chooses a side before anything is generated.
package protocol PromptGate: Sendable {
    /// What it makes of the prompt; nil where it has nothing to say. Asked only where the request may escalate.
    func finding(for request: GenerationRequest, route: Route, context: RequestContext) async -> GateFinding?
}

/// What a gate makes of a prompt.
package struct GateFinding: Hashable, Sendable {
    /// `closed` sends the request to the route's closed model at once.
    package var side: CallReceipt.Side
    /// How little the closed model would add. It is entered where it decided.
    package var confidence: Confidence?
    /// Confidences under it are sent to the closed model.
    package var threshold: Double?

    package init(side: CallReceipt.Side, confidence: Confidence? = nil, threshold: Double? = nil) {
        self.side = side
        self.confidence = confidence
        self.threshold = threshold
    }
}
