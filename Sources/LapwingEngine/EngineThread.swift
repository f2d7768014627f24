import Foundation
import Synchronization

/// A thread of its own for one actor, so that a forward pass never blocks the cooperative pool.
///
/// Jobs run one at a time in the order in which they came. The thread lives until `stop`.
final class EngineThread: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    /// Signalled after each change of `state`; holds no state itself.
    private let changed = NSCondition()

    init(name: String) {
        let thread = Thread { [self] in run() }
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        signal()
    }

    /// Ends the thread once the jobs that it has are done.
    func stop() {
        state.withLock { $0.isStopped = true }
        signal()
    }

    private func signal() {
        changed.lock()
        changed.signal()
        changed.unlock()
    }

    private func run() {
        while true {
            let (jobs, isStopped) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopped)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if jobs.isEmpty {
                if isStopped { return }
                sleepUntilChanged()
            }
        }
    }

    private func sleepUntilChanged() {
        changed.lock()
        while state.withLock({ $0.jobs.isEmpty && !$0.isStopped }) { changed.wait() }
        changed.unlock()
    }
}
