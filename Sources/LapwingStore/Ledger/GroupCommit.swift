import Foundation
import GRDB
import Synchronization

/// Lets concurrent writers share one transaction, and so one flush of the disk.
///
/// While one batch is being flushed the next one gathers; a lone writer pays one flush and waits for nobody. A batch of
/// writes that need not wait for the disk is flushed soon after, with the next that must or by itself: until then a power
/// cut may take it, the end of the process may not.
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
        /// Whether the log has commits that were not flushed to the disk.
        var owesFlush = false
        var isFlushScheduled = false
        /// Commits that waited for the disk.
        var flushCount = 0
    }

    /// More would hold the log's write lock for long and gain nothing.
    private static var batchLimit: Int { 512 }

    private let pool: DatabasePool
    private let limit: Int
    private let perform: Perform
    private let waitsForDisk: @Sendable (Write) -> Bool
    /// Whether anything waits for the disk.
    private let flushes: Bool
    /// Called after a batch was rolled back, so that what `perform` remembers can be read again.
    private let rolledBack: @Sendable (Database) throws -> Void
    private let state = Mutex(State())

    package init(
        pool: DatabasePool, limit: Int, flushes: Bool, waitsForDisk: @escaping @Sendable (Write) -> Bool,
        perform: @escaping Perform,
        rolledBack: @escaping @Sendable (Database) throws -> Void
    ) {
        self.pool = pool
        self.limit = limit
        self.waitsForDisk = waitsForDisk
        self.flushes = flushes
        self.perform = perform
        self.rolledBack = rolledBack
    }

    /// Returns once the write is in the log, and on the disk where it waits for that.
    package func submit(_ write: Write) async throws {
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
            let batch = Array(state.waiting.prefix(Self.batchLimit))
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
        for (job, result) in zip(batch, results) {
            job.continuation.resume(with: result.mapError { $0 as any Error })
        }
    }

    private func commit(_ writes: [Write], _ db: Database) -> [Result<Void, any Error>] {
        do {
            var results: [Result<Void, StoreError>] = []
            let isLater = flushes && !writes.contains(where: waitsForDisk)
            // Set for each batch, so that none is committed under another's rule where setting it fails.
            if flushes { try (isLater ? Synchronous.normal : .full).set(db) }
            defer { if isLater { try? Synchronous.full.set(db) } }
            try db.inTransaction(.immediate) {
                results = try perform(writes, db)
                return .commit
            }
            if flushes { noteCommit(isLater: isLater) }
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

    private func noteCommit(isLater: Bool) {
        let mustSchedule = state.withLock { state in
            state.owesFlush = isLater
            // A commit that waited has flushed all those before it.
            if !isLater { state.flushCount += 1 }
            defer { if isLater { state.isFlushScheduled = true } }
            return isLater && !state.isFlushScheduled
        }
        if mustSchedule { scheduleFlush() }
    }

    /// While others commit, they flush the log within this time.
    private static var flushDelay: DispatchTimeInterval { .milliseconds(10) }

    private func scheduleFlush() {
        let count = state.withLock { $0.flushCount }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.flushDelay) { [weak self] in
            guard let self else { return }
            pool.asyncWriteWithoutTransaction { db in self.flushLog(db, unlessAfter: count) }
        }
    }

    private func flushLog(_ db: Database, unlessAfter count: Int) {
        let (isOwed, isYoung) = state.withLock { state in
            state.isFlushScheduled = state.owesFlush && state.flushCount > count
            return (state.owesFlush, state.isFlushScheduled)
        }
        if isYoung { return scheduleFlush() }
        // A checkpoint flushes the log before it copies from it. One that fails is made good by the next commit that waits.
        guard isOwed, (try? db.checkpoint(.passive)) != nil else { return }
        state.withLock { $0.owesFlush = false }
    }
}
