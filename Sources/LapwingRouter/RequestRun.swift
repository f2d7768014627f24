import LapwingAPI
import LapwingStore
import Logging

/// Performs one request: makes the calls that `StreamCommit` and each side's `AnswerCourse` decide on, sends what they
/// say, and enters the end.
struct RequestRun: Sendable {
    enum Input: Sendable {
        /// Of the call at this place in `calls`.
        case call(Int, CallEvent)
        /// A pause before the side's next call is over.
        case due(CallReceipt.Side)
        /// The call has said nothing for as long as its model may be waited for alone.
        case slow(AnswerCourse.Call, CallReceipt.Side)
    }

    /// A call that was made.
    struct RunningCall {
        let call: AnswerCourse.Call
        /// Whose answer it may become; its cost is on its meter's side.
        let side: CallReceipt.Side
        var meter: CallMeter
        let task: Task<Void, Never>
        /// Holds it against what was shown, where it follows that.
        var repeated: RepeatedAnswer?
        /// Its text, where that is compared or kept; nil too for a call that goes on with another's answer.
        var said: AnswerText?
    }

    let request: GenerationRequest
    let context: RequestContext
    let plan: RequestPlan
    private let output: GenerationStream.Continuation
    private let logger: Logger
    let clock: any Clock<Duration>
    let random: @Sendable () -> Double
    /// Why it ends, once it is cancelled.
    private let reasonOfEnd: @Sendable () -> RequestError
    let stopwatch: Stopwatch
    private let inputs: AsyncStream<Input>
    let mailbox: AsyncStream<Input>.Continuation
    var record: RequestRecord
    var commit: StreamCommit
    var courses: [CallReceipt.Side: AnswerCourse] = [:]
    /// The models of each course's candidates, in their order.
    var models: [CallReceipt.Side: [PlannedModel]]
    /// In the order in which they were made.
    var calls: [RunningCall] = []
    /// Why no closed model answered where one was due; nil too where all its endpoints are left alone.
    var closedFailure: RequestError?
    /// Pauses and delays in progress.
    var timers: [Task<Void, Never>] = []
    /// Models of which the ledger expects a call that may cost something and has not been made.
    var expected: Set<String> = []
    /// What is sent once it is whole, to a client that reads one body: until then another answer may take its place.
    private var unsent: [GenerationEvent] = []
    /// The text that the client has, where another call may go on with it, and the calls that it is of.
    private(set) var shown = ""
    private(set) var parts: [Int] = []
    /// Makes what the answer is judged beside; asked once the request is admitted.
    var findVector: @Sendable () async -> PromptVector? = { nil }
    /// Told of a whole answer that may be compared with another model's, once its client has it. Must not wait.
    var onAnswer: (@Sendable (FinishedAnswer) -> Void)?
    /// Where the answer is kept once it is whole, and what it is so far; nil where it is not kept.
    private var keeping: (place: RouteCache.Place, recording: AnswerRecording)?

    init(
        _ request: GenerationRequest, context: RequestContext, plan: RequestPlan, record: RequestRecord,
        confidence: ModelJudge, output: GenerationStream.Continuation, logger: Logger,
        clock: any Clock<Duration>, random: @escaping @Sendable () -> Double,
        reasonOfEnd: @escaping @Sendable () -> RequestError
    ) {
        self.request = request
        self.context = context
        self.plan = plan
        self.record = record
        self.output = output
        self.logger = logger
        self.clock = clock
        self.random = random
        self.reasonOfEnd = reasonOfEnd
        stopwatch = Stopwatch(clock)
        (inputs, mailbox) = AsyncStream.makeStream()
        self.models = plan.models
        var models = [plan.policy.first: plan.first.name]
        if let escalation = plan.escalation { models[.closed] = escalation.name }
        commit = StreamCommit(
            route: plan.route.name, models: models, policy: plan.policy, confidence: confidence)
    }

    /// Has the answer kept at its end.
    mutating func keepAnswer(at place: RouteCache.Place?) {
        guard let place, place.isKept else { return }
        keeping = (place, AnswerRecording(byteLimit: place.cache.mostAnswerBytes))
    }

    /// Runs until the request is in the ledger and the stream is finished. Cancelling the task is what a client does that
    /// goes away.
    mutating func run() async {
        do {
            try await record.expect(plan.first)
            expected.insert(plan.first.name)
        } catch {
            return output.finish(throwing: RequestError(error))
        }
        if let vector = await findVector() { commit.setPromptVector(vector) }
        var end = await answer()
        if case .cancelled = end, reasonOfEnd() != .cancelled { end = .failed(reasonOfEnd()) }
        if end.isWhole, commit.decision == .unavailable { warnOfClosed() }
        for timer in timers { timer.cancel() }
        let kept = keptCall
        for index in calls.indices where !end.isWhole || index != kept { stop(index) }
        // The ledger must be written although the client, and with it this task, may be gone.
        let entering = Task { [record, outcome = outcome(end)] in try await record.enter(outcome) }
        do {
            let receipt = try await entering.value
            switch end {
            case .whole(let model, let usage):
                keep(usage: usage, receipt: receipt)
                for event in unsent { output.yield(event) }
                output.yield(.completed(model: model, usage: usage, receipt: receipt))
                output.finish()
                if let onAnswer { onAnswer(finishedAnswer(receipt)) }
            case .failed(let error): output.finish(throwing: error)
            case .cancelled: output.finish(throwing: RequestError.cancelled)
            }
        } catch {
            output.finish(throwing: RequestError(error))
        }
        // A kept call has said its last event and ends by itself, so that its connection can be used again.
        for call in calls { await call.task.value }
    }

    enum End {
        case whole(model: String, usage: Usage)
        case failed(RequestError)
        case cancelled

        var isWhole: Bool { if case .whole = self { true } else { false } }
    }

    private mutating func answer() async -> End {
        // A client that has gone already is not answered at all.
        if Task.isCancelled { return .cancelled }
        if let end = await perform(commit.start()) { return end }
        if let end = await proceed(plan.policy.first) { return end }
        for await input in inputs {
            if let end = await take(input) { return end }
        }
        return .cancelled
    }

    private mutating func take(_ input: Input) async -> End? {
        switch input {
        case .call(let index, let event):
            calls[index].meter.observe(event)
            if case .event(let said) = event { calls[index].said?.add(said) }
            guard case .event(let said) = event, let finding = calls[index].repeated?.receive(said) else {
                return await advance(index, event)
            }
            guard case .new(let events) = finding else { return await reject(index) }
            for event in events {
                if let end = await advance(index, .event(event)) { return end }
            }
            return nil
        case .due(let side): return await proceed(side)
        case .slow(let call, let side): return await hedge(call, side)
        }
    }

    mutating func perform(_ actions: [StreamCommit.Action]) async -> End? {
        for action in actions {
            switch action {
            case .send(let sent):
                if sent.isContent { record.noteContent() }
                let event = record.marked(sent)
                keeping?.recording.append(event)
                if plan.continuation != nil, case .delta(_, let text, _) = event { shown += text }
                if plan.policy.readsStream { output.yield(event) } else { unsent.append(event) }
            case .callClosed:
                if let end = await proceed(.closed) { return end }
            case .cancelOpen:
                for index in calls.indices where calls[index].side == .open { stop(index) }
            case .finish:
                guard let kept = keptCall, let usage = wholeUsage(kept)
                else { return .failed(.internal(reason: "an answer was finished that no call gave")) }
                return .whole(model: calls[kept].meter.model.name, usage: usage)
            case .fail(let error): return .failed(error)
            }
        }
        return nil
    }

    /// Nothing more is tried for this side.
    mutating func giveUp(_ side: CallReceipt.Side, _ error: RequestError) async -> End? {
        let actions = commit.receive(.ended(error), from: side)
        if side == .closed, commit.decision == .unavailable { closedFailure = error }
        return await perform(actions)
    }

    /// The client is answered all the same, so that only the log says why.
    private func warnOfClosed() {
        let closed = plan.escalation ?? plan.first
        logger.warning(
            "the closed model gave no answer, the open one was kept",
            metadata: [
                "request": "\(context.requestID)", "route": "\(plan.route.name)", "model": "\(closed.name)",
                "code": "\(closedFailure?.ledgerCode ?? "unavailable")",
            ])
    }

    /// Another answer follows in place of the side's.
    mutating func restart(_ side: CallReceipt.Side) {
        commit.restart(side)
        (unsent, parts, shown) = ([], [], "")
        keeping?.recording.restart()
    }

    /// Keeps a whole answer of the model that the route means. One that another gave in its place, that is of several parts
    /// or that lacks a closed model which was due may be better the next time.
    private func keep(usage: Usage, receipt: Receipt) {
        guard let keeping, keeping.recording.isFit, receipt.escalation == nil, !receipt.isContinued,
            receipt.model == plan.first.name || receipt.model == plan.escalation?.name
        else { return }
        keeping.place.keep(KeptAnswer(keeping.recording, usage: usage, receipt: receipt))
    }

    /// The call gives a part of the answer.
    mutating func notePart(_ index: Int, _ manner: AnswerCourse.Manner) {
        guard parts.last != index else { return }
        parts = manner == .continuing ? parts + [index] : [index]
    }

    /// Tokens of the answer so far, whoever wrote them.
    var shownTokenCount: Int { parts.reduce(0) { $0 + calls[$1].meter.usage.completionTokens } }

    /// Whether more than one call gave the answer.
    private var isInParts: Bool { parts.count > 1 && parts.last == keptCall }

    /// What the client is told: of an answer in parts, the first one's prompt and all that was written.
    private func wholeUsage(_ kept: Int) -> Usage? {
        guard let usage = calls[kept].meter.reportedUsage else { return nil }
        guard isInParts, let first = parts.first else { return usage }
        return Usage(
            promptTokens: calls[first].meter.usage.promptTokens, completionTokens: shownTokenCount, isEstimated: true)
    }

    private func finishedAnswer(_ receipt: Receipt) -> FinishedAnswer {
        func text(_ side: CallReceipt.Side) -> String? { calls.last { $0.side == side }?.said?.whole }
        return FinishedAnswer(
            request: request, context: context, route: plan.route, decision: receipt.decision,
            confidence: receipt.confidence, open: text(.open), closed: text(.closed))
    }

    private func role(of index: Int, _ end: End) -> CallReceipt.Role {
        if index == keptCall { return .kept }
        return end.isWhole && isInParts && parts.contains(index) ? .continued : .discarded
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
        if commit.decision == .unavailable { outcome.escalation = RequestPlan.Withheld.unavailable.rawValue }
        if commit.decision == .wouldEscalate { outcome.escalation = plan.withheld?.rawValue }
        outcome.evidence = commit.evidence
        outcome.text = keptCall.flatMap { calls[$0].said?.whole }
        outcome.judgedModel = calls.last { $0.side == .open }?.meter.model.name
        outcome.calls = calls.indices.map { (calls[$0].meter, role(of: $0, end)) }
        return outcome
    }
}
