import LapwingAPI

/// Something that a running call did.
package enum CallEvent: Sendable {
    case event(GenerationEvent)
    /// The call's stream is over. Without an error and before `GenerationEvent.completed` it is a failure all the same.
    case ended(RequestError?)
}

/// Decides, event by event, what of an answer is sent, when it is committed, and whether the closed model is called.
///
/// A request that may not escalate is committed before its first event. Otherwise the open answer is held back until the
/// judge has seen enough. If it is too unsure the closed model is called, and the open call is left running until the
/// closed one has given its first content: only then is it certain that the tokens already judged will not be needed. The
/// price is the open tokens of that short time; the gain is that a closed model that fails costs neither a second prompt
/// nor another answer than the one that was judged. For a client that reads one body, an open answer that is whole is kept
/// at no cost until the closed one is whole too.
package struct StreamCommit: Sendable {
    package enum Action: Sendable {
        case send(GenerationEvent)
        case callClosed
        case cancelOpen
        /// The kept answer is whole: enter it, then tell the client.
        case finish
        case fail(RequestError)
    }

    private enum Phase {
        /// The open answer is kept back. Becomes `passing(.open)`, `escalating` or `ended`.
        case holding
        /// The closed model was called and neither answer is committed. Becomes `passing` or `ended`.
        case escalating
        /// Committed to one side, whose events are sent as they come. Becomes `ended`.
        case passing(CallReceipt.Side)
        case ended
    }

    /// One side's events that may yet be sent.
    private struct Held {
        var events: [GenerationEvent] = []
        var isWhole = false
        var hasFailed = false

        mutating func keep(_ event: GenerationEvent) {
            events.append(event)
            if case .completed = event { isWhole = true }
        }
    }

    private let route: String
    private var models: [CallReceipt.Side: String]
    private var policy: CommitPolicy
    private let model: ModelJudge
    private var judge: AnswerJudge
    private var phase: Phase
    private var open = Held()
    private var closed = Held()
    /// The commitment goes out with the next event.
    private var owesCommitment = false
    /// Whether the decision may not change any more.
    private var isFinal = true

    /// nil until something is decided; final once `finish` or `fail` was returned.
    package private(set) var decision: Decision?
    package private(set) var confidence: Confidence?
    /// What the open answer was judged by; nil where it was not, or came without log-probabilities.
    package private(set) var evidence: Evidence?
    /// nil while nothing is committed.
    package private(set) var keptSide: CallReceipt.Side?
    /// Whether any part of an answer was sent, beyond the commitment itself.
    package private(set) var hasSentContent = false

    /// `models` names the models that answer for each side; `closed` is needed where the policy lets it be called.
    package init(
        route: String, models: [CallReceipt.Side: String], policy: CommitPolicy, confidence model: ModelJudge
    ) {
        self.route = route
        self.models = models
        self.policy = policy
        self.model = model
        judge = AnswerJudge(policy: policy, model: model.judge(of: models[.open]))
        phase = .holding
        confidence = policy.gateConfidence
    }

    /// Has the answer judged with its prompt's vector too. Only before anything of it has come.
    mutating func setPromptVector(_ vector: PromptVector) {
        policy.promptVector = vector
        judge = AnswerJudge(policy: policy, model: model.judge(of: models[.open]))
    }

    /// What to do before the first call; that call itself is the caller's to make.
    package mutating func start() -> [Action] {
        if policy.mayEscalate { return [] }
        pass(policy.first)
        if policy.commitsLate { return [] }
        return commitment()
    }

    /// Lets the answer of `side` through as it comes.
    private mutating func pass(_ side: CallReceipt.Side) {
        phase = .passing(side)
        keptSide = side
        decision = policy.first == .closed ? .closed : .open
        // An answer that is sent before it is judged may yet come to `would-escalate`.
        isFinal = policy.threshold == nil || policy.first == .closed
        owesCommitment = true
    }

    package mutating func receive(_ event: CallEvent, from side: CallReceipt.Side) -> [Action] {
        switch (phase, side) {
        case (.passing(let kept), _) where kept == side: pass(event, from: side)
        case (.holding, .open): hold(event)
        case (.escalating, .open): keepOpen(event)
        case (.escalating, .closed): weighClosed(event)
        case (.passing, _), (.holding, .closed), (.ended, _): []
        }
    }

    private mutating func pass(_ event: CallEvent, from side: CallReceipt.Side) -> [Action] {
        switch event {
        case .event(let event):
            if side == .open, decision == .open, let judgement = judge.observe(event) {
                (confidence, evidence) = (judgement.confidence, judgement.evidence)
                if judgement.isUnderThreshold { decision = .wouldEscalate }
            }
            return send([event])
        case .ended(let error): return fail(error, of: side)
        }
    }

    private mutating func hold(_ event: CallEvent) -> [Action] {
        switch event {
        case .event(let event):
            open.keep(event)
            guard let judgement = judge.observe(event) else { return [] }
            (confidence, evidence) = (judgement.confidence, judgement.evidence)
            guard judgement.isUnderThreshold else { return commit(.open, .open) }
            phase = .escalating
            return [.callClosed]
        case .ended(let error): return fail(error, of: .open)
        }
    }

    private mutating func keepOpen(_ event: CallEvent) -> [Action] {
        switch event {
        case .event(let event): open.keep(event)
        case .ended: open.hasFailed = !open.isWhole
        }
        return []
    }

    private mutating func weighClosed(_ event: CallEvent) -> [Action] {
        switch event {
        case .event(let event):
            closed.keep(event)
            let isEnough = event.isContent && (policy.readsStream || !open.isWhole)
            guard isEnough || closed.isWhole else { return [] }
            return (open.isWhole || open.hasFailed ? [] : [.cancelOpen]) + commit(.closed, .escalated)
        case .ended(let error):
            return open.hasFailed ? fail(error, of: .closed) : commit(.open, .unavailable)
        }
    }

    private mutating func commit(_ side: CallReceipt.Side, _ decision: Decision) -> [Action] {
        phase = .passing(side)
        keptSide = side
        self.decision = decision
        isFinal = true
        owesCommitment = true
        let held = side == .open ? open : closed
        (open, closed) = (Held(), Held())
        return commitment() + send(held.events)
    }

    private mutating func commitment() -> [Action] {
        guard owesCommitment, let side = keptSide else { return [] }
        owesCommitment = false
        let commitment = Commitment(
            route: route, model: models[side] ?? route, decision: isFinal ? decision : nil, confidence: confidence)
        return [.send(.committed(commitment))]
    }

    private mutating func send(_ events: [GenerationEvent]) -> [Action] {
        var actions: [Action] = []
        for event in events {
            if case .completed = event {
                phase = .ended
                return actions + commitment() + [.finish]
            }
            guard let event = policy.presented(event) else { continue }
            hasSentContent = true
            actions += commitment() + [.send(event)]
        }
        return actions
    }

    private mutating func fail(_ error: RequestError?, of side: CallReceipt.Side) -> [Action] {
        phase = .ended
        return [.fail(error ?? .endedEarly(model: models[side] ?? route))]
    }
}

extension StreamCommit {
    /// Whether nothing of the side's answer was shown, so that another may take its place. Who reads one body has seen
    /// nothing before its end.
    package func canRestart(_ side: CallReceipt.Side) -> Bool {
        switch phase {
        case .holding: side == .open
        case .escalating: side == .closed
        case .passing(let kept): kept == side && !(hasSentContent && policy.readsStream)
        case .ended: false
        }
    }

    /// Forgets what came of the side's answer; another follows. Only where `canRestart`.
    package mutating func restart(_ side: CallReceipt.Side) {
        precondition(canRestart(side), "an answer that was shown cannot begin anew")
        hasSentContent = false
        if side == .closed, decision == .escalated || decision == nil {
            closed = Held()
            owesCommitment = decision != nil
            return
        }
        judge = AnswerJudge(policy: policy, model: model.judge(of: models[.open]))
        (open, confidence, evidence, decision, keptSide) = (Held(), policy.gateConfidence, nil, nil, nil)
        if policy.mayEscalate {
            phase = .holding
        } else {
            let isOwed = owesCommitment || policy.commitsLate || !policy.readsStream
            pass(policy.first)
            owesCommitment = isOwed
        }
    }

    /// Another model's answer follows on this side. Where nothing was shown yet, a closed one is not judged, and there is
    /// nothing to escalate to. Where it goes on with what was shown, the client is told of it.
    package mutating func expect(_ name: String, billedAs billed: CallReceipt.Side, on side: CallReceipt.Side) {
        if hasSentContent, models[side] != name { owesCommitment = true }
        models[side] = name
        guard side == policy.first, !hasSentContent else { return }
        if side == .open {
            if billed == .closed { (policy.mayEscalate, policy.threshold) = (false, nil) }
            if model.promises, !model.knows(name), policy.threshold != nil {
                (policy.threshold, policy.unknown) = (Route.escalatesAll, .escalate)
            }
            judge = AnswerJudge(policy: policy, model: model.judge(of: name))
            if billed == .closed { pass(side) }
        }
        if keptSide == side { decision = billed == .closed ? .closed : policy.decisionOfStandIn }
    }
}

extension GenerationEvent {
    /// Whether this is a part of an answer, and not something that comes before or after one.
    var isContent: Bool {
        switch self {
        case .delta(_, let text, let tokens): !text.isEmpty || !tokens.isEmpty
        case .reasoning(_, let text): !text.isEmpty
        case .toolCall, .finished: true
        case .committed, .prompt, .checked, .completed: false
        }
    }
}

extension RequestError {
    /// A provider's stream ended without an error and without its last event.
    static func endedEarly(model: String) -> RequestError {
        .upstreamFailed(model: model, status: nil, reason: "its answer ended before it was complete")
    }
}
