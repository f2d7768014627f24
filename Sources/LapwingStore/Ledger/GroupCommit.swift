import Foundation
import GRDB
import Synchronization

/// Lets concurrent writers share one transaction, and so one flush of the disk.
///
/// Writes that wait for the disk have a thread of their own, which commits a batch and flushes it while the next one gathers;
/// a lone writer pays one flush and waits for nobody. The others are committed meanwhile, and flushed soon after: until then
/// a power cut may take them, the end of the process may not.
package final class GroupCommit<Write: Sendable>: Sendable {
    /// Performs a batch inside the transaction that is open. One result for each write, in order; a thrown error
    /// rolls back and fails them all.
    package typealias Perform = @Sendable ([Write], Database) throws -> [Result<Void, StoreError>]

    private struct Job {
        let write: Write
        let continuation: CheckedContinuation<Void, any Error>
    }

    /// Jobs that gather until somebody takes them.
    private struct Line {
        var jobs: [Job] = []
        /// Somebody takes them until there are none.
        var isServed = false

        /// Whether somebody must be sent for.
        mutating func append(_ job: Job) -> Bool {
            jobs.append(job)
            defer { isServed = true }
            return !isServed
        }

        /// None says that nobody serves the line any more.
        mutating func take(atMost limit: Int) -> [Job] {
            let batch = Array(jobs.prefix(limit))
            jobs.removeFirst(batch.count)
            isServed = !batch.isEmpty
            return batch
        }
    }

    private struct State {
        var prompt = Line()
        var durable = Line()
        /// After it what is remembered of the chain may be untrue: nothing more is written.
        var failure: (any Error)?
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
    private let queue = DispatchQueue(label: "lapwing.store.durable")

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

    /// Writes that wait for their batch.
    package var waitingCount: Int { state.withLock { $0.prompt.jobs.count + $0.durable.jobs.count } }

    /// Returns once the write is in the log, and on the disk where it waits for that.
    package func submit(_ write: Write) async throws {
        if let failure = log?.failure ?? state.withLock({ $0.failure }) { throw failure }
        let isDurable = log != nil && waitsForDisk(write)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let job = Job(write: write, continuation: continuation)
            let mustServe: Bool? = state.withLock { state in
                guard state.prompt.jobs.count + state.durable.jobs.count < limit else { return nil }
                return isDurable ? state.durable.append(job) : state.prompt.append(job)
            }
            switch mustServe {
            case nil: continuation.resume(throwing: StoreError.queueFull(limit: limit))
            case false?: break
            case true? where isDurable: queue.async { self.serveDurable() }
            case true?: servePrompt()
            }
        }
    }

    /// One batch; others who use the database get their turn before the next.
    private func servePrompt() {
        pool.asyncWriteWithoutTransaction { db in
            let batch = self.state.withLock { $0.prompt.take(atMost: self.batchLimit) }
            guard !batch.isEmpty else { return }
            let results = self.commit(batch, db)
            self.log?.owe()
            self.servePrompt()
            for (job, result) in zip(batch, results) { job.continuation.resume(with: result) }
        }
    }

    private func serveDurable() {
        while true {
            let batch = state.withLock { $0.durable.take(atMost: batchLimit) }
            if batch.isEmpty { return }
            let results = pool.writeWithoutTransaction { commit(batch, $0) }
            let failure = log?.flush()
            for (job, result) in zip(batch, results) {
                job.continuation.resume(with: failure.map { .failure($0) } ?? result)
            }
        }
    }

    private func commit(_ jobs: [Job], _ db: Database) -> [Result<Void, any Error>] {
        do {
            var results: [Result<Void, StoreError>] = []
            try db.inTransaction(.immediate) {
                results = try perform(jobs.map(\.write), db)
                return .commit
            }
            return results.map { $0.mapError { $0 as any Error } }
        } catch {
            // SQLite rolls back by itself on some errors, GRDB on the others.
            let mapped = StoreError.from(error, path: pool.path)
            do { try rolledBack(db) } catch {
                let lasting = StoreError.from(error, path: pool.path)
                state.withLock { $0.failure = lasting }
                return jobs.map { _ in .failure(StoreError.from(error, path: pool.path)) }
            }
            return jobs.map { _ in .failure(mapped) }
        }
    }
}
