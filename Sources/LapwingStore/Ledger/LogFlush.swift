import Foundation
import Synchronization

/// Flushes SQLite's write-ahead log to the disk beside the thread that writes it.
///
/// A commit with `synchronous=NORMAL` leaves the log in the system's memory, and a checkpoint flushes it before it copies from
/// it (https://www.sqlite.org/wal.html); a flush between the two is what `FULL` adds. The log keeps its file as long as the
/// database is open.
package final class LogFlush: Sendable {
    private struct State {
        /// Whether something is in the log that nobody waits for.
        var owes = false
        var hasTimer = false
        var count = 0
        /// What the system could not write once may be lost although the next flush succeeds: nothing is promised any more.
        var failure: StoreError?
    }

    private let path: String
    private let delay: DispatchTimeInterval
    private let descriptor: Int32
    private let state = Mutex(State())

    /// Of the database at `path`, which has a log already. What nobody waits for is flushed within `delay`.
    package init(ofDatabaseAt path: String, delay: DispatchTimeInterval = .milliseconds(10)) throws {
        self.path = path
        self.delay = delay
        // SQLite's locks are on other files, which closing this descriptor does not touch.
        descriptor = open(path + "-wal", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw StoreError.cannotOpen(path: path + "-wal", reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// Flushes that were done.
    package var count: Int { state.withLock { $0.count } }

    package var failure: StoreError? { state.withLock { $0.failure } }

    /// What was written before this call is flushed soon, with what somebody waits for or by itself.
    package func owe() {
        let mustStart = state.withLock { state in
            state.owes = true
            defer { state.hasTimer = true }
            return !state.hasTimer
        }
        guard mustStart else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [weak self] in
            guard let self else { return }
            let isOwed = state.withLock { state in
                state.hasTimer = false
                return state.owes
            }
            if isOwed { _ = flush() }
        }
    }

    /// Returns once what was written before is on the disk, nil, or that it cannot be brought there.
    package func flush() -> StoreError? {
        state.withLock { $0.owes = false }
        #if canImport(Darwin)
            // fsync leaves the data in the drive's own memory there.
            let status = fcntl(descriptor, F_FULLFSYNC)
        #else
            let status = fdatasync(descriptor)
        #endif
        let reason = status < 0 ? String(cString: strerror(errno)) : nil
        return state.withLock { state in
            state.count += 1
            if let reason, state.failure == nil { state.failure = .cannotFlush(path: path, reason: reason) }
            return state.failure
        }
    }
}
