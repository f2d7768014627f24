import LapwingAPI

/// Chooses a side before anything is generated; the seam for a gate that reads the prompt.
package protocol PromptGate: Sendable {
    /// `closed` sends the request to the route's closed model at once. Asked only where the request may escalate.
    func side(for request: GenerationRequest, route: Route) async -> CallReceipt.Side
}
