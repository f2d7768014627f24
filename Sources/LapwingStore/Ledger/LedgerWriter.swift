import Foundation
import GRDB
import LapwingAPI
import Synchronization

/// One change to the ledger.
enum LedgerWrite: Sendable {
    case admit(LedgerIntent)
    case amend(LedgerIntent)
    case complete(LedgerEntry)

    /// Whether somebody is told of it who counts on it after a power cut.
    var waitsForDisk: Bool { if case .complete = self { true } else { false } }
}

/// Knows the end of the chain and adds to it. Used on the database's writer queue only; the lock is never waited for.
final class LedgerWriter: Sendable {
    private struct State {
        var sequence: Int64
        var hash: [UInt8]
        var names = NameWriter()
    }

    private let state: Mutex<State>

    init(_ db: Database) throws { state = Mutex(try Self.load(db)) }

    /// Reads the end of the chain again, after a rollback has made what is remembered untrue.
    func reload(_ db: Database) throws {
        let fresh = try Self.load(db)
        state.withLock { $0 = fresh }
    }

    /// Performs `writes` inside the transaction that is open.
    func perform(_ writes: [LedgerWrite], _ db: Database) throws -> [Result<Void, StoreError>] {
        try state.withLock { state in
            let before = state.sequence
            var results: [Result<Void, StoreError>] = []
            results.reserveCapacity(writes.count)
            for write in writes {
                do throws(any Error) {
                    switch write {
                    case .admit(let intent): try Self.admit(intent, db)
                    case .amend(let intent): try Self.amend(intent, db)
                    case .complete(let entry): try Self.append(entry, &state, db)
                    }
                    results.append(.success(()))
                } catch let error as StoreError {
                    // Raised before anything of this write was written; the batch's other writes are not touched.
                    results.append(.failure(error))
                }
            }
            if state.sequence != before {
                try db.cachedStatement(sql: "UPDATE head SET seq = ?, hash = ?")
                    .execute(arguments: [state.sequence, Data(state.hash)])
            }
            return results
        }
    }

    private static func admit(_ intent: LedgerIntent, _ db: Database) throws {
        try check(intent.request)
        // One statement where three would say the same: neither an entry nor an open intent may have the id.
        let insert = try db.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO intents SELECT CAST(?1 AS TEXT), ?2
                WHERE NOT EXISTS (SELECT 1 FROM entries WHERE request_id = CAST(?1 AS TEXT))
                """)
        insert.setUncheckedArguments([Data(intent.requestID.utf8), Data(intent.canonicalBytes)])
        try insert.execute()
        if db.changesCount == 0 { throw StoreError.duplicateRequest(id: intent.requestID) }
    }

    private static func amend(_ intent: LedgerIntent, _ db: Database) throws {
        let update = try db.cachedStatement(sql: "UPDATE intents SET body = ? WHERE request_id = CAST(? AS TEXT)")
        update.setUncheckedArguments([Data(intent.canonicalBytes), Data(intent.requestID.utf8)])
        try update.execute()
        if db.changesCount == 0 { throw StoreError.notAdmitted(id: intent.requestID) }
    }

    private static func append(_ entry: LedgerEntry, _ state: inout State, _ db: Database) throws {
        try check(entry)
        let id = Data(entry.requestID.utf8)
        // Looked up first, because an error that comes after the first row of a write must fail the whole batch.
        if try exists(id, db) { throw StoreError.duplicateRequest(id: entry.requestID) }
        let sequence = state.sequence + 1
        let hash = HashChain.hash(after: state.hash, entry, sequence: sequence)
        try EntryRows.insert(StoredEntry(sequence: sequence, hash: hash, entry: entry), names: &state.names, db)
        let delete = try db.cachedStatement(sql: "DELETE FROM intents WHERE request_id = CAST(? AS TEXT)")
        delete.setUncheckedArguments([id])
        try delete.execute()
        state.sequence = sequence
        state.hash = hash
    }

    private static func exists(_ id: Data, _ db: Database) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM entries WHERE request_id = CAST(? AS TEXT)")
        return try Row.fetchOne(statement, arguments: [id]) != nil
    }

    private static func check(_ request: LedgerRequest) throws {
        guard !request.requestID.isEmpty else {
            throw StoreError.invalidEntry(field: "requestID", found: "empty", expected: "an id")
        }
    }

    /// SQLite keeps a NaN as NULL, so the hash would not hold.
    private static func check(_ entry: LedgerEntry) throws {
        try check(entry.request)
        for (field, value) in [("confidence", entry.confidence?.probability), ("threshold", entry.threshold)] {
            guard value?.isFinite ?? true else {
                throw StoreError.invalidEntry(field: field, found: "\(value ?? 0)", expected: "a finite number")
            }
        }
    }

    private static func load(_ db: Database) throws -> State {
        let (sequence, hash) = try end(of: db)
        return State(sequence: sequence, hash: hash)
    }

    /// How many entries the chain has, and the hash of the last. Reads `head` and holds it against the last entry: a chain
    /// must not go on from an end that is not its own.
    static func end(of db: Database) throws -> (sequence: Int64, hash: [UInt8]) {
        guard let head = try Row.fetchOne(db, sql: "SELECT seq, hash FROM head WHERE id = 1") else {
            throw StoreError.damaged(sequence: nil, reason: "the head of the chain is missing")
        }
        var fields = FieldReader(head)
        let sequence = try fields.integer()
        let hash = try fields.bytes()
        let last = try Row.fetchOne(db, sql: "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1")
        var lastFields = last.map(FieldReader.init)
        let lastSequence = try lastFields?.integer() ?? 0
        let lastHash = try lastFields?.bytes() ?? HashChain.genesis
        guard sequence == lastSequence, hash == lastHash else {
            throw StoreError.damaged(
                sequence: max(sequence, lastSequence),
                reason: "the chain ends at entry \(lastSequence), but its head says \(sequence)")
        }
        return (sequence, hash)
    }
}
