import LapwingAPI
import Synchronization

/// Notices when a call has gone without progress for too long, and cuts it off.
final class UpstreamWatch: Sendable {
    private struct State {
        /// nil once the answer is whole.
        var stage: UpstreamStage?
        var due: Duration
        var isOver = false
        var verdict: RequestError?
        var cut: (@Sendable () -> Void)?
    }

    private let model: String
    private let timeouts: UpstreamTimeouts
    private let stopwatch: Stopwatch
    private let state: Mutex<State>

    /// Its time begins now.
    init(model: String, timeouts: UpstreamTimeouts, clock: any Clock<Duration>) {
        self.model = model
        self.timeouts = timeouts
        stopwatch = Stopwatch(clock)
        state = Mutex(State(stage: .firstToken, due: timeouts.firstToken))
    }

    /// A token came.
    func progressed() { expect(.betweenTokens, within: timeouts.betweenTokens) }

    /// Every choice has ended: only the usage and the end of the stream are still to come, and neither is waited for long.
    func becameWhole() { expect(nil, within: timeouts.afterWhole) }

    private func expect(_ stage: UpstreamStage?, within time: Duration) {
        let due = stopwatch.elapsed() + time
        state.withLock { ($0.stage, $0.due) = (stage, due) }
    }

    /// What ends the call when its time is up; called at once where it is.
    func whenUp(_ cut: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            state.cut = cut
            return state.isOver
        }
        if isOver { cut() }
    }

    /// `upstreamTimedOut` once the time was up, unless a whole answer only took too long to end.
    var verdict: RequestError? { state.withLock { $0.verdict } }

    /// No time that is set while it sleeps can be up before it wakes.
    private var nap: Duration {
        min(timeouts.firstToken, timeouts.betweenTokens, timeouts.afterWhole, timeouts.total)
    }

    /// How long it need not be looked at again. Cuts the call off where its time is up.
    func look() -> Duration {
        let now = stopwatch.elapsed()
        let (due, cut) = state.withLock { state -> (Duration, (@Sendable () -> Void)?) in
            let due = min(state.due, timeouts.total)
            guard now >= due, !state.isOver else { return (due, nil) }
            state.isOver = true
            if let stage = state.stage {
                // Where both are up, what it was waited for says more: a probe, or an answer that comes in one piece.
                let reached = now >= state.due ? stage : .total
                state.verdict = .upstreamTimedOut(model: model, stage: reached.rawValue)
            }
            return (due, state.cut)
        }
        cut?()
        return now < due ? min(due - now, nap) : nap
    }
}

/// Looks at all calls of an upstream in time. One task sleeps for them all, as a timer for each call would cost more than
/// the call's other bookkeeping together.
final class UpstreamWatches: Sendable {
    private struct State {
        var nextID = 0
        var watches: [Int: UpstreamWatch] = [:]
        var looking: Task<Void, Never>?
    }

    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    init(clock: any Clock<Duration>) { self.clock = clock }

    /// Does the work, and cuts it off when the watch's time is up. Throws the watch's verdict then, else what the work does.
    func during<Value: Sendable>(
        _ watch: UpstreamWatch, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let id = begin(watch)
        defer { end(id) }
        let task = Task { try await work() }
        watch.whenUp { task.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            throw watch.verdict ?? error
        }
    }

    /// Looks at the watch until `end`.
    func begin(_ watch: UpstreamWatch) -> Int {
        state.withLock { state in
            state.nextID += 1
            state.watches[state.nextID] = watch
            // Any nap that it takes ends before this one's first time can be up.
            if state.looking == nil { state.looking = Task { await self.look() } }
            return state.nextID
        }
    }

    func end(_ id: Int) {
        state.withLock { state in
            state.watches[id] = nil
            guard state.watches.isEmpty else { return }
            state.looking?.cancel()
            state.looking = nil
        }
    }

    private func look() async {
        while !Task.isCancelled {
            let watches = state.withLock { Array($0.watches.values) }
            guard let pause = watches.map({ $0.look() }).min() else { return }
            do { try await clock.sleep(for: pause) } catch { return }
        }
    }
}
