import LapwingAPI
import Synchronization

/// Counts what one call reads and writes, and when.
package struct CallMeter: Sendable {
    /// Machine time as the provider spends it. A call that is cut off has no last event to say it.
    private final class Compute: Sendable {
        private let spent = Atomic<Int64>(0)

        var nanoseconds: Int64 { spent.load(ordering: .relaxed) }
        func add(_ nanoseconds: Int64) { spent.wrappingAdd(nanoseconds, ordering: .relaxed) }
    }

    let model: ModelBinding
    let side: CallReceipt.Side
    private let endpoint: String?
    private let estimatedPromptTokens: Int
    private let stopwatch: Stopwatch
    /// When it began, from its request's admission.
    private let beganAt: Duration
    private let compute = Compute()
    private var firstToken: Duration?
    private var end: Duration?
    private var tokenCount = 0
    /// What the provider reported at its end.
    package private(set) var reportedUsage: Usage?
    package private(set) var failure: RequestError?

    /// Starts counting now. `endpoint` is the one of the model's pool that is called.
    package init(
        model: ModelBinding, side: CallReceipt.Side, estimatedPromptTokens: Int, endpoint: String? = nil,
        beganAt: Duration = .zero,
        clock: any Clock<Duration>
    ) {
        self.model = model
        self.side = side
        self.endpoint = endpoint
        self.estimatedPromptTokens = estimatedPromptTokens
        self.beganAt = beganAt
        stopwatch = Stopwatch(clock)
    }

    /// The context with which the call is to be made, so that its machine time is counted here.
    package func metered(_ context: RequestContext) -> RequestContext {
        var context = context
        context.onCompute = { [compute] in compute.add($0) }
        return context
    }

    /// What a call says after it was stopped is not counted: it ended because it was not wanted any more.
    package mutating func observe(_ event: CallEvent) {
        guard end == nil else { return }
        switch event {
        case .event(let event):
            if event.isContent, firstToken == nil { firstToken = stopwatch.elapsed() }
            tokenCount += event.tokenCount
            if case .completed(_, let usage, _) = event {
                reportedUsage = usage
                stop()
            }
        case .ended(let error):
            failure = error ?? .endedEarly(model: model.name)
            stop()
        }
    }

    /// The call is over or was cancelled; the first word counts.
    package mutating func stop() { if end == nil { end = stopwatch.elapsed() } }

    /// What the provider reported, else what was seen, marked as an estimate; machine time is then what was spent in whole
    /// steps, so that no sum of calls exceeds the time that the engine was busy.
    package var usage: Usage {
        if let reportedUsage { return reportedUsage }
        return Usage(
            promptTokens: wasRefused ? 0 : estimatedPromptTokens, completionTokens: tokenCount,
            computeNanoseconds: model.location == .local ? compute.nanoseconds : nil, isEstimated: true)
    }

    /// Whether a provider may ask money for it: one that refused it has read nothing.
    var mayBeBilled: Bool { !wasRefused }

    private var wasRefused: Bool { tokenCount == 0 && failure?.isRefusal == true }

    var time: CallTime {
        CallTime(beganAt: beganAt, duration: end ?? stopwatch.elapsed(), firstToken: firstToken)
    }

    /// The call's line in the receipt, priced. A call that failed is `failed` whatever `role` says, unless the answer begins
    /// with its text.
    package func receipt(as role: CallReceipt.Role, pricing: Pricing, day: String) -> CallReceipt {
        let isFree = wasRefused && model.location == .remote
        let cost = isFree ? Pricing.Cost(amount: .zero) : pricing.cost(of: usage, on: model, day: day)
        return CallReceipt(
            model: model.name, side: side, role: failure == nil || role == .continued ? role : .failed, usage: usage,
            cost: cost.amount,
            priceSource: cost.source, latencyMilliseconds: (end ?? stopwatch.elapsed()).milliseconds,
            firstTokenMilliseconds: firstToken?.milliseconds, failure: failure?.ledgerCode, endpoint: endpoint)
    }
}
