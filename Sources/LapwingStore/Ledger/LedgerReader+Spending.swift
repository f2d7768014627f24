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
    /// By key and day, over the entries that began at `since` or later. An entry belongs to the day on which it began; later
    /// work on a request, such as shadowing, to no key, as none pays for what it did not ask for.
    ///
    /// SQLite's sum stops with an error past 64 bits, and the server must start all the same: upper and lower halves are
    /// summed apart, and a sum that does not fit stays at its end, as `NanoUSD` has it.
    package func spending(since: Int64) throws -> [KeySpending] {
        let sql = """
            SELECT CAST(names.text AS BLOB), min(started_at), sum(spent >> 32), sum(spent & 4294967295),
                sum(overrun >> 32), sum(overrun & 4294967295)
            FROM (
                SELECT key, started_at, min(cost, coalesce(reserved, cost)) AS spent,
                    max(cost - coalesce(reserved, cost), 0) AS overrun
                FROM (
                    SELECT key, started_at, reserved, iif(
                        upper + (lower >> 32) > 2147483647, 9223372036854775807, (upper << 32) + lower) AS cost
                    FROM (
                        SELECT key, started_at, reserved,
                            (SELECT coalesce(sum(cost >> 32), 0) FROM calls WHERE entry = seq) AS upper,
                            (SELECT coalesce(sum(cost & 4294967295), 0) FROM calls WHERE entry = seq) AS lower
                        FROM entries WHERE started_at >= ? AND key IS NOT NULL AND parent IS NULL
                    )
                )
            ) JOIN names ON names.id = key GROUP BY key, started_at / 86400000
            """
        return try read { db in
            try Row.fetchAll(db, sql: sql, arguments: [since]).map { row in
                KeySpending(
                    key: String(decoding: row[0] as Data, as: UTF8.self), startedAt: row[1],
                    spent: Self.sum(upper: row[2], lower: row[3]), overrun: Self.sum(upper: row[4], lower: row[5]))
            }
        }
    }

    static func sum(upper: Int64, lower: Int64) -> NanoUSD {
        NanoUSD(Int64(clamping: Int128(upper) << 32 + Int128(lower)))
    }
}
