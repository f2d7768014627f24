import Foundation
import GRDB
import Synchronization

/// Lets concurrent writers share one transaction, and so one flush of the disk.
///
/// While one batch is being written the next one gathers; while one is being flushed the next is written. Writes that need
/// not wait for the disk are flushed soon after: until then a power cut may take them, the end of the process may not.
package final class GroupCommit<Write: Sendable>: Sendable {
    /// Performs a batch inside the transaction that is open. One result for each write, in order; a thrown error
    /// rolls back and fails them all.
    package typealias Perform = @Sendable ([Write], Database) throws -> [Result<Void, StoreError>]

    private struct Job {
        let write: Write
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiting: [Job] = []
        var isScheduled = false
    }

    private let pool: DatabasePool
    private let limit: Int
    private let batchLimit: Int
    private let perform: Perform
    private let waitsForDisk: @Sendable (Write) -> Bool
    /// nil where nothing waits for the disk.
    private let log: LogFlush?
    /// Called after a batch was rolled back, so that what `perform` remembers can be read again.
    private let rolledBack: @Sendable (Database) throws -> Void
    private let state = Mutex(State())

    /// More than `batchLimit` at once would hold the log's write lock for long and gain nothing.
    package init(
        pool: DatabasePool, limit: Int, batchLimit: Int = 512, log: LogFlush?,
        waitsForDisk: @escaping @Sendable (Write) -> Bool,
        perform: @escaping Perform,
        rolledBack: @escaping @Sendable (Database) throws -> Void
    ) {
        self.pool = pool
        self.limit = limit
        self.batchLimit = batchLimit
        self.waitsForDisk = waitsForDisk
        self.log = log
        self.perform = perform
        self.rolledBack = rolledBack
    }

    /// Returns once the write is in the log, and on the disk where it waits for that.
    package func submit(_ write: Write) async throws {
        if let failure = log?.failure { throw failure }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let (accepted, mustSchedule) = state.withLock { state in
                guard state.waiting.count < limit else { return (false, false) }
                state.waiting.append(Job(write: write, continuation: continuation))
                defer { state.isScheduled = true }
                return (true, !state.isScheduled)
            }
            if !accepted { continuation.resume(throwing: StoreError.queueFull(limit: limit)) }
            if mustSchedule { schedule() }
        }
    }

    private func schedule() {
        pool.asyncWriteWithoutTransaction { db in self.flush(db) }
    }

    private func flush(_ db: Database) {
        let batch = state.withLock { state in
            let batch = Array(state.waiting.prefix(batchLimit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        let results = commit(batch.map(\.write), db)
        // Other users of the writer get their turn between two batches.
        let mustSchedule = state.withLock { state in
            state.isScheduled = !state.waiting.isEmpty
            return state.isScheduled
        }
        if mustSchedule { schedule() }
        var waiters: [LogFlush.Waiter] = []
        for (job, result) in zip(batch, results) {
            if case .success = result, log != nil, waitsForDisk(job.write) {
                waiters.append { job.continuation.resume(with: $0.map(Result.failure) ?? .success(())) }
            } else {
                job.continuation.resume(with: result)
            }
        }
        // Whoever waits brings to the disk what the others wrote.
        if waiters.isEmpty { log?.owe() } else { log?.add(waiters) }
    }

    private func commit(_ writes: [Write], _ db: Database) -> [Result<Void, any Error>] {
        do {
            var results: [Result<Void, StoreError>] = []
            try db.inTransaction(.immediate) {
                results = try perform(writes, db)
                return .commit
            }
            return results.map { $0.mapError { $0 as any Error } }
        } catch {
            // SQLite rolls back by itself on some errors, GRDB on the others.
            let mapped = StoreError.from(error, path: pool.path)
            do { try rolledBack(db) } catch {
                return writes.map { _ in .failure(StoreError.from(error, path: pool.path)) }
            }
            return writes.map { _ in .failure(mapped) }
        }
    }
}
