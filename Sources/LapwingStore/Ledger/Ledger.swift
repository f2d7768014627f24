import GRDB
import LapwingAPI

package struct LedgerOptions: Sendable {
    package var durability: Durability = .grouped
    /// Most writes that may wait for the disk; more are refused with `StoreError.queueFull`.
    package var queueLimit = 8192
    /// Most 4 KiB pages that the file may grow to, as a full disk would have it; nil is SQLite's own limit.
    package var pageLimit: Int?

    package init() {}
}

/// When an entry is on the disk. All but `grouped` are for measurements and for tests that must be able to fail.
package enum Durability: String, Sendable, CaseIterable {
    /// Before it returns; those that return together share one flush.
    case grouped
    /// Before it returns, by a transaction and a flush of its own.
    case each
    /// At some checkpoint: a power cut takes the last entries with it.
    case deferred
    /// Never: nothing is written.
    case off
}

/// The durable, append-only, hash-chained record of every request, open for writing.
///
/// One process at a time may hold a file open like this; any number may read it through `LedgerReader` meanwhile.
package final class Ledger: Sendable {
    /// Reads the same file beside the writer.
    package let reader: LedgerReader
    private let pool: DatabasePool
    private let writer: LedgerWriter
    private let commits: GroupCommit<LedgerWrite>
    private let log: LogFlush?
    let isOff: Bool
    /// Intents that the file held when it was opened: the process that admitted them is gone.
    private let unfinished: UnfinishedIntents
    private let lock: FileLock

    /// Opens the ledger at `path`, or makes it. Throws `StoreError.inUse` while another has it open for writing.
    package init(path: String, options: LedgerOptions = LedgerOptions()) throws {
        lock = try FileLock(guarding: path)
        let durability = options.durability
        // Grouped commits do not wait themselves, as `log` brings them to the disk beside the writer.
        let pool = try StoreDatabase.ledger.open(
            path: path, synchronous: durability == .each ? .full : .normal, pageLimit: options.pageLimit)
        let log = durability == .grouped ? try LogFlush(ofDatabaseAt: path) : nil
        let (writer, unfinished) = try StoreError.mapping(path: path) {
            try pool.read { db in (try LedgerWriter(db), try UnfinishedIntents(db)) }
        }
        self.pool = pool
        self.writer = writer
        self.unfinished = unfinished
        self.log = log
        isOff = durability == .off
        reader = LedgerReader(path: path, database: pool)
        commits = GroupCommit(
            pool: pool, limit: options.queueLimit, batchLimit: durability == .each ? 1 : 512, log: log,
            waitsForDisk: \.waitsForDisk,
            perform: { try writer.perform($0, $1) }, rolledBack: { try writer.reload($0) })
    }

    /// Records that a request was let in. Returns once that is in the log, where the end of the process leaves it; it is on
    /// the disk a few milliseconds later, or with the next entry.
    package func admit(_ intent: LedgerIntent) async throws {
        try await submit(.admit(intent))
    }

    /// Puts an intent in the place of the one that the request was let in with, which must be open. Returns as `admit` does.
    package func amend(_ intent: LedgerIntent) async throws {
        try await submit(.amend(intent))
    }

    /// Enters a request's end and closes its intent, if it had one. Returns once that is on the disk.
    ///
    /// Throws `StoreError.duplicateRequest` where the request has an entry already.
    package func complete(_ entry: LedgerEntry) async throws {
        try await submit(.complete(entry))
    }

    private func submit(_ write: LedgerWrite) async throws {
        if !isOff { try await commits.submit(write) }
    }

    /// Writes that wait for the disk.
    package var waitingCount: Int { commits.waitingCount }

    /// Request ids of intents that an earlier process left open and that cannot be read. They stay as they are.
    package var unreadableIntents: [String] { unfinished.unreadable }

    /// Enters every intent that an earlier process left open as `lost`, with its estimates, and returns how many.
    /// Intents admitted since the ledger was opened are not touched.
    package func recover(at now: Int64) throws -> Int {
        let intents = unfinished.take()
        guard !intents.isEmpty else { return 0 }
        do {
            let results = try pool.write { db in
                try writer.perform(intents.map { .complete(LedgerEntry(lost: $0, at: now)) }, db)
            }
            if let failure = log?.flush() { throw failure }
            // An intent whose request was completed since has its one entry, and recovery adds none.
            return results.count { if case .success = $0 { true } else { false } }
        } catch {
            unfinished.putBack(intents)
            try pool.writeWithoutTransaction { db in try writer.reload(db) }
            throw StoreError.from(error, path: pool.path)
        }
    }

    /// How often the log was brought to the disk; nil where nothing waits for that.
    package var flushCount: Int? { log?.count }

    /// For what is in no chain.
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try StoreError.mapping(path: pool.path) { try pool.write(body) }
    }
}
