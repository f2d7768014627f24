import LapwingAPI
import LapwingStore

/// What a call that is not routed comes to.
protocol SingleCallResult: Sendable {
    var usage: Usage { get }
    var receipt: Receipt? { get set }
}

extension ScoringResult: SingleCallResult {}
extension EmbeddingResult: SingleCallResult {}
extension RerankResult: SingleCallResult {}

/// A request that one model answers or nobody: no confidence is told of it, and it never escalates.
struct SingleCall: Sendable {
    /// The endpoint's name in the ledger.
    let endpoint: String
    let route: Route
    let model: ModelBinding
    /// What is read, for estimates.
    let prompts: [Prompt]
    let context: RequestContext
}

extension Router {
    /// Makes the call, and enters and prices it as any other; the caller's going away cancels it.
    func perform<Result: SingleCallResult>(
        _ call: SingleCall, _ work: @escaping @Sendable (RequestContext) async throws -> Result
    ) async throws -> Result {
        let record = RequestRecord(
            endpoint: call.endpoint, route: call.route, first: call.model, prompts: call.prompts, threshold: nil,
            stream: false, countsSavings: false, context: call.context, services: services)
        let task = try running.start { [side = table.side(of: call.model)] in
            try await Self.perform(call, side: side, record: record, work)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private static func perform<Result: SingleCallResult>(
        _ call: SingleCall, side: CallReceipt.Side, record: RequestRecord,
        _ work: @Sendable (RequestContext) async throws -> Result
    ) async throws -> Result {
        var record = record
        try await record.expect(call.model)
        var meter = record.meter(call.model, side: side)
        let decision: Decision = side == .closed ? .closed : .open
        do {
            var result = try await work(meter.metered(call.context))
            meter.observe(.event(.completed(model: call.model.name, usage: result.usage, receipt: nil)))
            result.receipt = try await record.enter(
                RequestRecord.Outcome(status: .completed, decision: decision, calls: [(meter, .kept)]))
            return result
        } catch {
            guard meter.reportedUsage == nil else { throw RequestError(error) }
            let error = RequestError(error)
            meter.observe(.ended(error))
            // Entered although the caller, and with it this task, may be gone.
            let entering = Task { [record, meter] in
                try await record.enter(
                    RequestRecord.Outcome(
                        status: error == .cancelled ? .cancelled : .failed, calls: [(meter, .failed)], error: error))
            }
            _ = try await entering.value
            throw error
        }
    }
}
