import Foundation
import GRDB

/// Reads a ledger: report, verify, export and backup. Works beside the process that writes it and never waits for it.
package final class LedgerReader: Sendable {
    let path: String
    let database: any DatabaseReader

    /// Opens the ledger at `path` for reading; it must exist.
    package convenience init(path: String) throws {
        self.init(path: path, database: try StoreDatabase.ledger.openForReading(path: path))
    }

    init(path: String, database: any DatabaseReader) {
        self.path = path
        self.database = database
    }

    /// How many entries the chain has.
    package func entryCount() throws -> Int64 {
        try read { try Int64.fetchOne($0, sql: "SELECT seq FROM head") ?? 0 }
    }

    /// What the local calls among the last `entryCount` entries read and wrote, and the machine time they took, by model.
    package func recentMachineTime(entryCount: Int64 = 10_000) throws -> [String: (tokens: Int64, nanoseconds: Int64)] {
        let sql = """
            SELECT CAST(names.text AS BLOB), sum(prompt_tokens - cached_tokens + completion_tokens), sum(compute)
            FROM calls JOIN names ON names.id = calls.model
            WHERE entry > (SELECT seq FROM head) - ? AND compute IS NOT NULL AND NOT estimated GROUP BY calls.model
            """
        return try read { db in
            let rows = try Row.fetchAll(db, sql: sql, arguments: [entryCount]).map { row in
                (
                    String(decoding: row[0] as Data, as: UTF8.self),
                    (tokens: row[1] as Int64, nanoseconds: row[2] as Int64)
                )
            }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    /// Calls `body` with every entry, oldest first, holding one in memory at a time; all belong to one moment.
    package func forEachEntry(_ body: (StoredEntry) throws -> Void) throws {
        try read { db in
            var cursor = try EntryCursor(db)
            while let entry = try cursor.next() { try body(entry) }
        }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try StoreError.mapping(path: path) { try database.read(body) }
    }
}
