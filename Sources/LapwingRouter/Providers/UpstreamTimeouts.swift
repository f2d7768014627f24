import LapwingAPI
import Synchronization

/// How long an upstream may take for each part of an answer.
package struct UpstreamTimeouts: Hashable, Sendable {
    /// The client's own; `HTTPClient.forUpstreams` takes it.
    package var connect: Duration = .seconds(5)
    /// From sending the request to the first token, connecting included.
    package var firstToken: Duration = .seconds(60)
    package var betweenTokens: Duration = .seconds(30)
    package var total: Duration = .seconds(600)
    /// From the last choice's end to the end of the stream; then the answer counts as it is.
    package var afterWhole: Duration = .seconds(2)

    package init() {}
}

/// What an upstream was doing when its time was up, as the end of a sentence.
enum UpstreamStage: String, Sendable {
    case connecting = "while connecting"
    case firstToken = "before the first token"
    case betweenTokens = "between two tokens"
    case total = "before the answer was whole"
}

/// Notices when a call has gone without progress for too long.
final class UpstreamWatch: Sendable {
    private struct State {
        /// nil once the answer is whole.
        var stage: UpstreamStage?
        var due: Duration
    }

    private let model: String
    private let timeouts: UpstreamTimeouts
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let state: Mutex<State>

    init(model: String, timeouts: UpstreamTimeouts, clock: any Clock<Duration>) {
        self.model = model
        self.timeouts = timeouts
        self.clock = clock
        stopwatch = Stopwatch(clock)
        state = Mutex(State(stage: .firstToken, due: timeouts.firstToken))
    }

    /// A token came.
    func progressed() { expect(.betweenTokens, within: timeouts.betweenTokens) }

    /// Every choice has ended: only the usage and the end of the stream are still to come, and neither is waited for long.
    func becameWhole() { expect(nil, within: timeouts.afterWhole) }

    /// No time that is set while it sleeps can be up before it wakes.
    private var nap: Duration { min(timeouts.betweenTokens, timeouts.afterWhole) }

    private func expect(_ stage: UpstreamStage?, within time: Duration) {
        let now = stopwatch.elapsed()
        state.withLock { $0 = State(stage: stage, due: now + time) }
    }

    /// Returns when it is cancelled, or when a whole answer has had its time to end. Throws `upstreamTimedOut` when any
    /// other time is up.
    func run() async throws(RequestError) {
        while true {
            let (stage, due) = state.withLock { ($0.stage, $0.due) }
            let now = stopwatch.elapsed()
            if now >= due || now >= timeouts.total {
                guard let stage else { return }
                // Where both are up, what it was waited for says more: a probe, or an answer that comes in one piece.
                let reached = now >= due ? stage : .total
                throw .upstreamTimedOut(model: model, stage: reached.rawValue)
            }
            do { try await clock.sleep(for: min(min(due, timeouts.total) - now, nap)) } catch { return }
        }
    }
}
