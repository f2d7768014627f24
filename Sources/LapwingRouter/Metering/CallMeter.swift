import LapwingAPI

/// Counts what one call reads and writes, and when.
struct CallMeter: Sendable {
    let model: ModelBinding
    let side: CallReceipt.Side
    private let estimatedPromptTokens: Int
    private let stopwatch: Stopwatch
    private var firstToken: Duration?
    private var end: Duration?
    private var tokenCount = 0
    /// What the provider reported at its end.
    private(set) var reportedUsage: Usage?
    private(set) var failure: RequestError?

    /// Starts counting now.
    init(model: ModelBinding, side: CallReceipt.Side, estimatedPromptTokens: Int, clock: any Clock<Duration>) {
        self.model = model
        self.side = side
        self.estimatedPromptTokens = estimatedPromptTokens
        stopwatch = Stopwatch(clock)
    }

    mutating func observe(_ event: CallEvent) {
        switch event {
        case .event(let event):
            if event.isContent, firstToken == nil { firstToken = stopwatch.elapsed() }
            if case .delta(_, let text, let tokens) = event { tokenCount += max(tokens.count, text.isEmpty ? 0 : 1) }
            if case .completed(_, let usage, _) = event {
                reportedUsage = usage
                stop()
            }
        case .ended(let error):
            guard reportedUsage == nil else { return }
            failure = error ?? .endedEarly(model: model.name)
            stop()
        }
    }

    /// The call is over or was cancelled; the first word counts.
    mutating func stop() { if end == nil { end = stopwatch.elapsed() } }

    /// What the provider reported, else what was seen, marked as an estimate. A call that gave nothing before it failed
    /// read nothing either, as far as its provider's bill goes.
    func usage(machineTime: MachineTime) -> Usage {
        if let reportedUsage { return reportedUsage }
        guard failure == nil || tokenCount > 0 else {
            return Usage(
                promptTokens: 0, completionTokens: 0, computeNanoseconds: model.location == .local ? 0 : nil,
                isEstimated: true)
        }
        let compute: Int64? =
            if model.location == .local {
                machineTime.estimate(
                    tokens: estimatedPromptTokens + tokenCount, of: model.name, elapsed: end ?? stopwatch.elapsed())
            } else {
                nil
            }
        return Usage(
            promptTokens: estimatedPromptTokens, completionTokens: tokenCount, computeNanoseconds: compute,
            isEstimated: true)
    }

    /// The call's line in the receipt, priced. A call that failed is `failed` whatever `role` says.
    func receipt(as role: CallReceipt.Role, pricing: Pricing, day: String, machineTime: MachineTime) -> CallReceipt {
        let usage = usage(machineTime: machineTime)
        let isFree = usage.promptTokens == 0 && usage.completionTokens == 0 && failure != nil
        let cost = isFree ? Pricing.Cost(amount: .zero) : pricing.cost(of: usage, on: model, day: day)
        return CallReceipt(
            model: model.name, side: side, role: failure == nil ? role : .failed, usage: usage, cost: cost.amount,
            priceSource: cost.source, latencyMilliseconds: (end ?? stopwatch.elapsed()).milliseconds,
            firstTokenMilliseconds: firstToken?.milliseconds, failure: failure?.ledgerCode)
    }
}
