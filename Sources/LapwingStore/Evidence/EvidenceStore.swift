import Foundation
import GRDB
import LapwingAPI

/// Judged answers and what became of them: what calibrators learn from.
///
/// A file of its own beside the ledger, no part of its chain, so that it can be pruned. Several processes may have it open
/// at once.
package final class EvidenceStore: Sendable {
    package static let fileName = "evidence.db"

    package struct Options: Sendable {
        /// Most writes that may wait; more are dropped.
        package var queueLimit = 8192
        /// How long writes gather.
        package var delay = Duration.milliseconds(200)
        /// Told of what the file did not take.
        package var onFailure: @Sendable (any Error) -> Void = { _ in }

        package init() {}
    }

    let path: String
    private let pool: DatabasePool
    private let writer: EvidenceWriter

    /// Opens the file, or makes it.
    package init(path: String, options: Options = Options()) throws {
        self.path = path
        // A server and the command line may come first at the same moment.
        let lock = try FileLock(guarding: path, waits: true)
        pool = try StoreDatabase.evidence.open(path: path, synchronous: .normal)
        writer = EvidenceWriter(pool, limit: options.queueLimit, delay: options.delay, onFailure: options.onFailure)
        withExtendedLifetime(lock) {}
    }

    /// Keeps an answer, once nobody waits.
    package func record(_ answer: JudgedAnswer) { writer.add { db in try EvidenceRows.insert(answer, db) } }

    /// Keeps an outcome in place of an earlier one of the same source and author, once nobody waits. `onKept` is then told
    /// whether it is the first that is known of the answer; it must not wait.
    package func addOutcome(
        _ outcome: AnswerOutcome, onKept: (@Sendable (_ isFirst: Bool) -> Void)? = nil
    ) {
        writer.add { db in
            let place = try EvidenceRows.insert(outcome, db)
            onKept?(place.isFirst)
        }
    }

    /// Keeps what a client says of an answer, and returns once it is kept. nil where no answer of that id is known, or it
    /// is another tenant's.
    package func addFeedback(_ outcome: AnswerOutcome, tenant: String) async throws -> KeptOutcome? {
        try await write { db in
            guard let answer = try EvidenceRows.answer(outcome.requestID, db), answer.tenant == tenant else {
                return nil
            }
            var kept = answer.about
            let place = try EvidenceRows.insert(outcome, db)
            (kept.isReplacing, kept.isFirst) = (place.isReplacing, place.isFirst)
            return kept
        }
    }

    /// Rows of a route's answers of which it is known whether they were right, oldest first.
    package func labelled(route: String, since: Int64? = nil) throws -> [LabelledEvidence] {
        try read { db in try EvidenceRows.labelled(route: route, since: since ?? .min, db) }
    }

    /// Forgets the answers of requests that were admitted before, with their outcomes, and returns how many.
    package func prune(before moment: Int64) throws -> Int {
        try change { db in
            try db.execute(
                sql: """
                    DELETE FROM outcomes
                    WHERE request_id IN (SELECT request_id FROM answers WHERE started_at < ?)
                    """, arguments: [moment])
            // Of a request that is not known (any more), by the time of the outcome itself.
            try db.execute(
                sql: "DELETE FROM outcomes WHERE at < ? AND request_id NOT IN (SELECT request_id FROM answers)",
                arguments: [moment])
            try db.execute(sql: "DELETE FROM answers WHERE started_at < ?", arguments: [moment])
            return db.changesCount
        }
    }

    /// Writes that were dropped or that the file did not take.
    package var lostCount: Int { writer.lostCount }

    /// Writes what has gathered.
    package func flush() throws { try mapping { try pool.write { writer.performAll($0) } } }

    /// A look at the file with all that was recorded.
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try flush()
        return try mapping { try pool.read(body) }
    }

    /// A change to the file after all that was recorded.
    func change<T>(_ body: (Database) throws -> T) throws -> T {
        // Apart, so that a change that fails takes none of them with it.
        try flush()
        return try mapping { try pool.write(body) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            try await pool.write { [writer] db in writer.performAll(db) }
            return try await pool.write(body)
        } catch {
            return try mapping { throw error }
        }
    }

    /// SQLite's errors by their meaning. Of damage the file is named: what the ledger's says is of the ledger.
    private func mapping<T>(_ body: () throws -> T) throws -> T {
        do { return try StoreError.mapping(path: path, body) } catch StoreError.damaged(_, let reason) {
            throw StoreError.notAStore(path: path, found: reason)
        }
    }
}

/// What an outcome was said about.
package struct KeptOutcome: Hashable, Sendable {
    package var route: String
    package var decision: Decision
    /// What the open answer was judged to be, and by whose reckoning; nil where it was not judged.
    package var probability: Double?
    package var calibrator: String?
    /// Whether the same source had said something of it before.
    package var isReplacing: Bool
    /// Whether nobody had.
    package var isFirst: Bool
}
