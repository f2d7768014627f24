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

/// A request that one model answers or nobody: no confidence is told of it, and it never escalates or goes to another
/// model. What fails is asked of the model's endpoints again.
struct SingleCall: Sendable {
    /// The endpoint's name in the ledger.
    let endpoint: String
    let route: Route
    let model: ModelBinding
    /// What is read, for estimates.
    let prompts: [Prompt]
    /// Most tokens that are read, where that is more than the prompts have together.
    var mostTokens: Int?
    let context: RequestContext
    /// Set where it is work on a request that was answered already; its key pays nothing for it.
    var work: LaterWork?
}

extension Router {
    /// The work, at an endpoint of the model's pool where it has one.
    typealias Work<Result> = @Sendable (PoolEndpoint?, RequestContext) async throws -> Result

    /// Makes the call, and enters and prices it as any other; the caller's going away cancels it.
    func perform<Result: SingleCallResult>(_ call: SingleCall, _ work: @escaping Work<Result>) async throws -> Result {
        var services = services
        if call.work != nil { (services.accounts, services.evidence) = (nil, nil) }
        let record = RequestRecord(
            endpoint: call.endpoint, route: call.route, first: call.model, prompts: call.prompts, threshold: nil,
            stream: false, countsSavings: false,
            demand: Demand(reading: call.prompts, mostTokens: call.mostTokens, model: call.model),
            context: call.context, services: services, work: call.work)
        let task = try running.start { [side = table.side(of: call.model), clock = services.time.clock, random] in
            var run = SingleCallRun(call, side: side, record: record, clock: clock, random: random)
            return try await run.run(work)
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}

/// Performs one such request.
private struct SingleCallRun {
    private let call: SingleCall
    private let side: CallReceipt.Side
    private var record: RequestRecord
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let random: @Sendable () -> Double
    private var course: AnswerCourse
    private var calls: [(meter: CallMeter, role: CallReceipt.Role)] = []

    init(
        _ call: SingleCall, side: CallReceipt.Side, record: RequestRecord, clock: any Clock<Duration>,
        random: @escaping @Sendable () -> Double
    ) {
        self.call = call
        self.side = side
        self.record = record
        self.clock = clock
        self.random = random
        stopwatch = Stopwatch(clock)
        course = AnswerCourse([PlannedModel(binding: call.model, side: side)])
    }

    mutating func run<Result: SingleCallResult>(_ work: Router.Work<Result>) async throws -> Result {
        try await record.expect(call.model)
        call.model.pool?.earnRetry()
        let pools = AnswerCourse.Pools([call.model], prompts: call.prompts, random: random)
        while true {
            switch course.next(at: stopwatch.elapsed(), pools) {
            case .call(let next): if let result = try await attempt(next, work) { return result }
            case .wait(let pause):
                do { try await clock.sleep(for: pause) } catch { throw try await failed(.cancelled) }
            case .fail(let error): throw try await failed(error)
            }
        }
    }

    /// nil where it failed.
    private mutating func attempt<Result: SingleCallResult>(
        _ next: AnswerCourse.Call, _ work: Router.Work<Result>
    ) async throws -> Result? {
        // What a failed call may have cost comes on top of what is expected of the next.
        let mayCostMore = calls.contains { $0.meter.mayBeBilled }
        let lease = call.model.pool?.lease(next.endpoint)
        if mayCostMore {
            do { try await record.expect(call.model) } catch {
                lease?.end(.cancelled)
                throw try await failed(RequestError(error))
            }
        }
        var meter = record.meter(call.model, side: side, at: lease?.provider)
        let found: Result
        do {
            found = try await work(lease?.provider, meter.metered(call.context))
            lease?.gaveFirstToken()
            lease?.end(nil)
        } catch {
            let error = RequestError(error)
            lease?.end(error)
            meter.observe(.ended(error))
            calls.append((meter, .failed))
            _ = course.receive(.ended(error), from: next.id)
            return nil
        }
        var result = found
        meter.observe(.event(.completed(model: call.model.name, usage: result.usage, receipt: nil)))
        // Of later work nothing is the client's answer.
        calls.append((meter, call.work == nil ? .kept : .discarded))
        let decision: Decision? = call.work == nil ? (side == .closed ? .closed : .open) : nil
        result.receipt = try await record.enter(
            RequestRecord.Outcome(status: .completed, decision: decision, calls: calls))
        return result
    }

    /// Enters the failure and gives it back to be thrown.
    private func failed(_ error: RequestError) async throws -> RequestError {
        let outcome = RequestRecord.Outcome(
            status: error == .cancelled ? .cancelled : .failed, calls: calls, error: error)
        // Entered although the caller, and with it this task, may be gone.
        let entering = Task { [record] in try await record.enter(outcome) }
        _ = try await entering.value
        return error
    }
}
