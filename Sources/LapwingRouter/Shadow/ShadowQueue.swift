import Synchronization

/// Work that nobody waits for: little of it at once, some of it waiting, and what is more is dropped.
final class ShadowQueue: Sendable {
    typealias Job = @Sendable () async -> Void

    private struct State {
        var runningCount = 0
        var waiting: [Job] = []
        /// Those who wait until there is nothing more to do.
        var watchers: [CheckedContinuation<Void, Never>] = []
    }

    private let running: RunningRequests
    private let width: Int
    private let limit: Int
    private let state = Mutex(State())

    /// The work is ended with the requests of `running`, and none begins once those are drained.
    init(_ running: RunningRequests, width: Int = 2, limit: Int = 64) {
        self.running = running
        self.width = width
        self.limit = limit
    }

    /// False where there is no room.
    func add(_ job: @escaping Job) -> Bool {
        enum Place { case now, later, none }
        let place: Place = state.withLock { state in
            if state.runningCount < width {
                state.runningCount += 1
                return .now
            }
            guard state.waiting.count < limit else { return .none }
            state.waiting.append(job)
            return .later
        }
        if place == .now { start(job) }
        return place != .none
    }

    private func start(_ job: @escaping Job) {
        do {
            _ = try running.start { [self] in
                await job()
                next()
            }
        } catch {
            // It is shutting down.
            state.withLock { $0.waiting = [] }
            end()
        }
    }

    private func end() {
        let watchers = state.withLock { state in
            state.runningCount -= 1
            guard state.runningCount == 0 else { return [] as [CheckedContinuation<Void, Never>] }
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.resume() }
    }

    /// Returns once there is nothing more to do.
    func settle() async {
        await withCheckedContinuation { watcher in
            let isIdle = state.withLock { state in
                if state.runningCount > 0 { state.watchers.append(watcher) }
                return state.runningCount == 0
            }
            if isIdle { watcher.resume() }
        }
    }

    private func next() {
        let job = state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
        if let job { start(job) } else { end() }
    }
}
