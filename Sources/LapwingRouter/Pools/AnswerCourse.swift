import LapwingAPI

/// Decides which calls one answer is made of: where the first goes, what follows a failure, and when to give up.
///
/// Pure: it is told the time since the request came, asks for endpoints through closures, and says what to do next.
/// Only one call's text becomes the answer: the first to say anything. A failure before any of it was shown is repaired
/// here, by the same model at another endpoint or after a pause, then by the next model.
package struct AnswerCourse: Sendable {
    /// A model that may answer.
    package struct Candidate: Hashable, Sendable {
        package var model: String
        /// Most calls to it.
        package var attempts = 1
        package var contextLength: Int?
        package var backOff = BackOff()
        package var manner = Manner.anew

        package init(model: String) { self.model = model }
    }

    /// How a call's text becomes part of the answer.
    package enum Manner: Hashable, Sendable {
        /// It is the answer.
        case anew
        /// It goes on where the text that was shown ends; the model is given that text as its own.
        case continuing
        /// It begins anew and is shown from where the text that was shown ends, as long as it agrees with that.
        case repeating
    }

    /// One call as it is to be made.
    package struct Call: Hashable, Sendable {
        /// Counted from 0 in the order of the calls.
        package var id: Int
        package var candidate: Int
        package var endpoint: Int
        package var manner = Manner.anew

        package init(id: Int, candidate: Int, endpoint: Int, manner: Manner = .anew) {
            (self.id, self.candidate, self.endpoint, self.manner) = (id, candidate, endpoint, manner)
        }
    }

    package enum Step: Hashable, Sendable {
        case call(Call)
        case wait(Duration)
        case fail(RequestError)
    }

    package enum Action: Sendable {
        /// A part of the answer.
        case pass(GenerationEvent)
        /// This call is not wanted any more.
        case stop(Int)
        /// No call is left; `next` says what follows, where nothing was shown yet.
        case failed(RequestError)
    }

    /// How to reach the pools.
    package struct Pools {
        /// Takes an endpoint of the candidate's.
        package var take: (_ candidate: Int, _ avoiding: Set<Int>) -> EndpointPool.Offer
        /// The same without taking.
        package var look: (_ candidate: Int, _ avoiding: Set<Int>) -> EndpointPool.Offer
        /// Whether the candidate's pool may be sent one more retry.
        package var spendRetry: (_ candidate: Int) -> Bool
        package var random: () -> Double

        package init(
            take: @escaping (Int, Set<Int>) -> EndpointPool.Offer,
            look: @escaping (Int, Set<Int>) -> EndpointPool.Offer,
            spendRetry: @escaping (Int) -> Bool = { _ in true }, random: @escaping () -> Double = { 1 }
        ) {
            self.take = take
            self.look = look
            self.spendRetry = spendRetry
            self.random = random
        }
    }

    /// Most calls of one answer, over all models.
    package static let mostCalls = 6
    /// How long an endpoint that wants to be left alone is waited for: a little where another model could answer instead.
    private static let patience = (withNext: Duration.seconds(3), alone: Duration.seconds(30))

    package private(set) var candidates: [Candidate]
    /// The candidate that the first one was asked in the place of: whatever the others find wrong, it is asked at the end, if
    /// need be by one call more than `mostCalls`. nil where the first is the one that was meant.
    private var lastResort: Int?
    private let timeLimit: Duration
    /// The model whose turn it is.
    package private(set) var candidate = 0
    private var callsHere = 0
    private var waitedHere = Duration.zero
    package private(set) var callCount = 0
    /// Endpoints of this model that have been asked, and those that are not to be asked again.
    private var asked: Set<Int> = []
    private var silent: Set<Int> = []
    /// Calls in progress, and the one whose text is the answer.
    private var running: [Call] = []
    package private(set) var answering: Call?
    /// What the caller is told where nothing helps: the failure of the model that was asked for.
    package private(set) var failure: RequestError?
    /// Whether it goes on with an answer that broke off. What is found wrong with that is not the caller's matter.
    package private(set) var isGoingOn = false
    /// What the last failure allows; nil where there was none since the last call or pause.
    private var remedy: FailureClass.Remedy?

    /// The candidates in their order, at least one.
    package init(_ candidates: [Candidate], timeLimit: Duration, lastResort: Int? = nil) {
        precondition(!candidates.isEmpty, "an answer is asked of at least one model")
        self.lastResort = lastResort
        self.candidates = candidates
        self.timeLimit = timeLimit
    }

    /// The first call, or the next one after a failure or a pause.
    package mutating func next(at now: Duration, _ pools: Pools) -> Step {
        guard let remedy else { return step(at: now, pools) }
        self.remedy = nil
        return step(after: remedy, at: now, pools)
    }

    /// The answer broke off after a part of it was shown, and these may go on with it. Where none does, the caller is told
    /// of what broke it off.
    package mutating func goOn(with candidates: [Candidate], after error: RequestError) {
        precondition(
            !candidates.isEmpty && running.isEmpty, "what goes on with an answer follows its end")
        let broken = answering
        let isSameModel = broken.map { self.candidates[$0.candidate].model } == candidates[0].model
        self.candidates = candidates
        (candidate, answering, remedy, lastResort) = (0, nil, nil, nil)
        (failure, isGoingOn) = (error, true)
        (callsHere, waitedHere) = (0, .zero)
        // The endpoint that broke off is asked for the rest where there is no other, unless it fell silent.
        if isSameModel, let broken {
            (asked, silent) = ([broken.endpoint], silent.intersection([broken.endpoint]))
        } else {
            (asked, silent) = ([], [])
        }
    }

    /// The call's answer is not to be had: it was stopped because it does not agree with what was shown.
    package mutating func reject(_ id: Int) {
        running.removeAll { $0.id == id }
        remedy = .nextModel
    }

    /// A second call beside the first, where that has said nothing yet.
    package mutating func hedge(_ call: Call, _ pools: Pools) -> Call? {
        guard answering == nil, running == [call], callCount < Self.mostCalls,
            case .endpoint = pools.look(candidate, asked),
            pools.spendRetry(candidate), case .endpoint(let endpoint) = pools.take(candidate, asked)
        else { return nil }
        return begin(endpoint)
    }

    package mutating func receive(_ event: CallEvent, from id: Int) -> [Action] {
        guard let index = running.firstIndex(where: { $0.id == id }) else { return [] }
        switch event {
        case .event(let event):
            var actions: [Action] = []
            if answering == nil {
                answering = running[index]
                actions = running.filter { $0.id != id }.map { .stop($0.id) }
                running = [running[index]]
            }
            if case .completed = event { running = [] }
            return actions + [.pass(event)]
        case .ended(let error):
            let call = running.remove(at: index)
            let error = error ?? .endedEarly(model: candidates[call.candidate].model)
            note(error, of: call)
            // The other one may yet answer.
            guard running.isEmpty else { return [] }
            return [.failed(error)]
        }
    }

    private mutating func note(_ error: RequestError, of call: Call) {
        if FailureClass(error).remedy == .retryElsewhere { silent.insert(call.endpoint) }
        if !isGoingOn, call.candidate == 0 || failure == nil { failure = error }
        remedy = FailureClass(error).remedy
    }

    private mutating func step(after remedy: FailureClass.Remedy, at now: Duration, _ pools: Pools)
        -> Step
    {
        answering = nil
        switch remedy {
        case .retry, .retryElsewhere: return again(at: now, pools)
        case .nextModel: return moveOn(at: now, pools)
        case .longerContext:
            let length = candidates[candidate].contextLength
            return moveOn(at: now, pools) { $0.contextLength.map { $0 > length ?? 0 } ?? true }
        // What another model than the one asked for finds wrong is not the caller's matter; nor is that a model does not
        // take the beginning of an answer.
        case .final: return candidate > 0 || isGoingOn || lastResort != nil ? moveOn(at: now, pools) : giveUp()
        }
    }

    private mutating func again(at now: Duration, _ pools: Pools) -> Step {
        guard callsHere < candidates[candidate].attempts, callCount < Self.mostCalls else {
            return moveOn(at: now, pools)
        }
        // Another endpoint is asked at once, the same one after a pause.
        if case .endpoint = pools.look(candidate, asked.union(silent)) {
            guard pools.spendRetry(candidate) else { return moveOn(at: now, pools) }
            if case .endpoint(let endpoint) = pools.take(candidate, asked.union(silent)) {
                return .call(begin(endpoint))
            }
        }
        var pause = candidates[candidate].backOff.delay(after: callsHere, random: pools.random())
        switch pools.look(candidate, silent) {
        case .endpoint: break
        // A little later than it asked, and not all at once.
        case .resting(let rest): pause = max(pause, rest * (1 + 0.1 * pools.random()))
        case .broken, .none: return moveOn(at: now, pools)
        }
        guard mayWait(pause, at: now), pools.spendRetry(candidate) else {
            return moveOn(at: now, pools)
        }
        return wait(pause)
    }

    private func mayWait(_ pause: Duration, at now: Duration) -> Bool {
        let patience = candidate + 1 < candidates.count ? Self.patience.withNext : Self.patience.alone
        return waitedHere + pause <= patience && now + pause < timeLimit
    }

    private mutating func wait(_ pause: Duration) -> Step {
        waitedHere += pause
        return .wait(pause)
    }

    private mutating func step(at now: Duration, _ pools: Pools) -> Step {
        guard now < timeLimit, callCount < Self.mostCalls || candidate == lastResort else { return giveUp() }
        if case .endpoint(let endpoint) = pools.take(candidate, asked.union(silent)) {
            return .call(begin(endpoint))
        }
        switch pools.take(candidate, silent) {
        case .endpoint(let endpoint): return .call(begin(endpoint))
        case .resting(let rest):
            if mayWait(rest, at: now) { return wait(rest) }
            note(refusal("its upstream asked to be left alone", rest))
        case .broken(let time): note(refusal("its endpoints failed too often lately", time))
        case .none: break
        }
        return moveOn(at: now, pools)
    }

    private mutating func note(_ refusal: RequestError) { if failure == nil { failure = refusal } }

    private func refusal(_ reason: String, _ time: Duration) -> RequestError {
        let seconds = Int(time.components.seconds) + (time.components.attoseconds > 0 ? 1 : 0)
        return .unavailable(
            what: candidates[candidate].model, reason: reason, retryAfterSeconds: max(seconds, 1))
    }

    private mutating func moveOn(
        at now: Duration, _ pools: Pools, where fits: (Candidate) -> Bool = { _ in true }
    ) -> Step {
        let left = candidates.indices.filter { $0 > candidate && (fits(candidates[$0]) || $0 == lastResort) }
        let next = callCount < Self.mostCalls ? left.first : left.first { $0 == lastResort }
        guard let next else { return giveUp() }
        candidate = next
        (callsHere, waitedHere, asked, silent) = (0, .zero, [], [])
        return step(at: now, pools)
    }

    private func giveUp() -> Step {
        .fail(failure ?? .endedEarly(model: candidates[candidate].model))
    }

    private mutating func begin(_ endpoint: Int) -> Call {
        let manner = candidates[candidate].manner
        let call = Call(id: callCount, candidate: candidate, endpoint: endpoint, manner: manner)
        callCount += 1
        callsHere += 1
        asked.insert(endpoint)
        running.append(call)
        return call
    }
}
