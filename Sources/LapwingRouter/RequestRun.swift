import LapwingAPI
import LapwingStore
import Logging

/// Performs one request: makes the calls that `StreamCommit` decides on, sends what it says, and enters the end.
struct RequestRun: Sendable {
    private typealias Input = (side: CallReceipt.Side, event: CallEvent)

    /// One call in progress.
    private struct RunningCall {
        var meter: CallMeter
        let task: Task<Void, Never>
    }

    private let request: GenerationRequest
    private let context: RequestContext
    private let plan: RequestPlan
    private let output: GenerationStream.Continuation
    private let logger: Logger
    private let inputs: AsyncStream<Input>
    private let mailbox: AsyncStream<Input>.Continuation
    private var record: RequestRecord
    private var commit: StreamCommit
    private var calls: [CallReceipt.Side: RunningCall] = [:]

    init(
        _ request: GenerationRequest, context: RequestContext, plan: RequestPlan, record: RequestRecord,
        confidence: any ConfidenceModel, output: GenerationStream.Continuation, logger: Logger
    ) {
        self.request = request
        self.context = context
        self.plan = plan
        self.record = record
        self.output = output
        self.logger = logger
        (inputs, mailbox) = AsyncStream.makeStream()
        var models = [plan.policy.first: plan.first.name]
        if let escalation = plan.escalation { models[.closed] = escalation.name }
        commit = StreamCommit(
            route: plan.route.name, models: models, policy: plan.policy, confidence: confidence)
    }

    /// Runs until the request is in the ledger and the stream is finished. Cancelling the task is what a client does that
    /// goes away.
    mutating func run() async {
        do {
            try await record.expect(plan.first)
        } catch {
            return output.finish(throwing: RequestError(error))
        }
        let end = await answer()
        for side in calls.keys where !end.isWhole || side != commit.keptSide { stop(side) }
        // The ledger must be written although the client, and with it this task, may be gone.
        let entering = Task { [record, outcome = outcome(end)] in try await record.enter(outcome) }
        do {
            let receipt = try await entering.value
            switch end {
            case .whole(let model, let usage):
                output.yield(.completed(model: model, usage: usage, receipt: receipt))
                output.finish()
            case .failed(let error): output.finish(throwing: error)
            case .cancelled: output.finish(throwing: RequestError.cancelled)
            }
        } catch {
            output.finish(throwing: RequestError(error))
        }
        // A kept call has said its last event and ends by itself, so that its connection can be used again.
        for call in calls.values { await call.task.value }
    }

    private enum End {
        case whole(model: String, usage: Usage)
        case failed(RequestError)
        case cancelled

        var isWhole: Bool { if case .whole = self { true } else { false } }
    }

    private mutating func answer() async -> End {
        // A client that has gone already is not answered at all.
        if Task.isCancelled { return .cancelled }
        if let end = await perform(commit.start()) { return end }
        call(plan.first, side: plan.policy.first)
        for await (side, event) in inputs {
            calls[side]?.meter.observe(event)
            let actions = commit.receive(event, from: side)
            if side == .closed, case .ended(let error) = event, commit.decision == .unavailable { warn(of: error) }
            if let end = await perform(actions) { return end }
        }
        return .cancelled
    }

    /// The client is answered all the same, so that only the log says why.
    private func warn(of error: RequestError?) {
        let name = plan.escalation?.name ?? plan.route.name
        logger.warning(
            "the closed model gave no answer, the open one was kept",
            metadata: [
                "request": "\(context.requestID)", "route": "\(plan.route.name)", "model": "\(name)",
                "code": "\((error ?? .endedEarly(model: name)).ledgerCode)",
            ])
    }

    private mutating func perform(_ actions: [StreamCommit.Action]) async -> End? {
        for action in actions {
            switch action {
            case .send(let event):
                if event.isContent { record.noteContent() }
                output.yield(event)
            case .callClosed:
                await callClosed()
                if Task.isCancelled { return .cancelled }
            case .cancelOpen: stop(.open)
            case .finish:
                guard let side = commit.keptSide, let meter = calls[side]?.meter, let usage = meter.reportedUsage
                else { return .failed(.internal(reason: "an answer was finished that no call gave")) }
                return .whole(model: meter.model.name, usage: usage)
            case .fail(let error): return .failed(error)
            }
        }
        return nil
    }

    private mutating func callClosed() async {
        guard let escalation = plan.escalation else { return }
        do {
            try await record.expect(escalation)
            if !Task.isCancelled { call(escalation, side: .closed) }
        } catch {
            // What cannot be written down is not called; to the decision it is a closed model that failed.
            mailbox.yield((.closed, .ended(RequestError(error))))
        }
    }

    private mutating func call(_ model: ModelBinding, side: CallReceipt.Side) {
        var request = request
        request.model = model.upstreamName
        if side == .open, plan.wantsEvidence {
            // Evidence is of the answer: more of the prompt than was asked for would only be computed again.
            request.promptTopLogProbabilities = request.topLogProbabilities
            request.topLogProbabilities = max(
                request.topLogProbabilities ?? 0, Self.alternativesForEvidence)
        }
        let meter = record.meter(model, side: side)
        let task = Task { [mailbox, request, context = meter.metered(context)] in
            do {
                let provider = try model.require(\.provider, for: .chat)
                for try await event in try await provider.generate(request, context: context) {
                    mailbox.yield((side, .event(event)))
                }
                mailbox.yield((side, .ended(nil)))
            } catch {
                mailbox.yield((side, .ended(RequestError(error))))
            }
        }
        calls[side] = RunningCall(meter: meter, task: task)
    }

    /// The best and the second: what the margin and the entropy of the first token need.
    private static let alternativesForEvidence = 2

    /// Ends the work behind a call; its meter stands still from here on.
    private mutating func stop(_ side: CallReceipt.Side) {
        calls[side]?.task.cancel()
        calls[side]?.meter.stop()
    }

    private func outcome(_ end: End) -> RequestRecord.Outcome {
        var outcome = RequestRecord.Outcome(
            status: .completed, decision: commit.decision, confidence: commit.confidence, calls: [])
        switch end {
        case .whole: break
        case .failed(let error):
            // Who reads one body has seen nothing of it.
            outcome.status = commit.hasSentContent && request.stream ? .aborted : .failed
            outcome.error = error
        case .cancelled:
            outcome.status = .cancelled
            outcome.error = .cancelled
        }
        let lacked = plan.lacksClosedModel && commit.decision == .wouldEscalate
        if commit.decision == .unavailable || lacked { outcome.escalation = "unavailable" }
        for side in [CallReceipt.Side.open, .closed] {
            guard let call = calls[side] else { continue }
            outcome.calls.append((call.meter, side == commit.keptSide ? .kept : .discarded))
        }
        return outcome
    }
}
