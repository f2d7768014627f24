import Foundation
import GRDB
import LapwingAPI

/// What a key's requests of one day cost.
package struct KeySpending: Hashable, Sendable {
    /// The key's id.
    package var key: String
    /// A moment of that day in UTC, in milliseconds since 1970.
    package var startedAt: Int64
    /// Up to what was reserved for each.
    package var spent: NanoUSD
    /// Beyond it.
    package var overrun: NanoUSD

    package init(key: String, startedAt: Int64, spent: NanoUSD, overrun: NanoUSD) {
        self.key = key
        self.startedAt = startedAt
        self.spent = spent
        self.overrun = overrun
    }
}

extension LedgerReader {
    /// By key and day, over the entries that began at `since` or later. An entry belongs to the day on which it began.
    package func spending(since: Int64) throws -> [KeySpending] {
        let sql = """
            SELECT CAST(names.text AS BLOB), min(started_at), sum(min(cost, coalesce(reserved, cost))),
                sum(max(cost - coalesce(reserved, cost), 0))
            FROM (
                SELECT key, started_at, reserved,
                    (SELECT coalesce(sum(cost), 0) FROM calls WHERE entry = seq) AS cost
                FROM entries WHERE started_at >= ? AND key IS NOT NULL
            ) JOIN names ON names.id = key GROUP BY key, started_at / 86400000
            """
        return try read { db in
            try Row.fetchAll(db, sql: sql, arguments: [since]).map { row in
                KeySpending(
                    key: String(decoding: row[0] as Data, as: UTF8.self), startedAt: row[1],
                    spent: NanoUSD(row[2] as Int64), overrun: NanoUSD(row[3] as Int64))
            }
        }
    }
}
