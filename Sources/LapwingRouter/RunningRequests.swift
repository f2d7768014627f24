import LapwingAPI
import Synchronization

/// Owns the tasks of the requests in progress: each runs to its ledger entry, whether or not anybody still listens.
package final class RunningRequests: Sendable {
    private struct Running {
        let cancel: @Sendable () -> Void
        let end: @Sendable () async -> Void
    }

    private struct State {
        var isDraining = false
        /// Requests that were cut off.
        var cutOffCount = 0
        var nextID = 0
        var running: [Int: Running] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package var isDraining: Bool { state.withLock { $0.isDraining } }
    package var count: Int { state.withLock { $0.running.count } }

    /// Starts the work. Throws `unavailable` once draining has begun.
    package func start<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) throws(RequestError) -> Task<Value, any Error> {
        let started: Task<Value, any Error>? = state.withLock { state in
            if state.isDraining { return nil }
            let id = state.nextID
            state.nextID += 1
            let task = Task {
                defer { self.state.withLock { $0.running[id] = nil } }
                return try await work()
            }
            state.running[id] = Running(cancel: { task.cancel() }, end: { _ = await task.result })
            return task
        }
        guard let started else {
            throw Self.shuttingDown
        }
        return started
    }

    /// Takes no more requests and waits until those in progress are in the ledger.
    package func drain() async {
        state.withLock { $0.isDraining = true }
        while let running = state.withLock({ $0.running.values.first }) { await running.end() }
    }

    /// Cuts off what is in progress.
    package func cancelAll() {
        let running = state.withLock { state in
            state.cutOffCount += state.running.count
            return Array(state.running.values)
        }
        running.forEach { $0.cancel() }
    }

    package var cutOffCount: Int { state.withLock { $0.cutOffCount } }

    /// Why a request ends that was cancelled: its client went away, unless all were cut off.
    var reasonOfEnd: RequestError { cutOffCount > 0 ? Self.shuttingDown : .cancelled }

    private static let shuttingDown = RequestError.unavailable(
        what: "lapwing", reason: "it is shutting down", retryAfterSeconds: 5)
}
