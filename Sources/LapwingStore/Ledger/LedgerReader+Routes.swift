import Foundation
import GRDB
import LapwingAPI

/// What the ledger says of a route's requests in a period.
package struct RouteTraffic: Hashable, Sendable {
    /// How many came on the day of UTC that had the most.
    package var busiestDay: Int
    /// What the closed model took for a request of the route, or would have; nil where that is not known.
    package var meanClosedCost: NanoUSD?

    package init(busiestDay: Int, meanClosedCost: NanoUSD?) {
        self.busiestDay = busiestDay
        self.meanClosedCost = meanClosedCost
    }
}

extension LedgerReader {
    /// What the calls on the closed side cost, by route, over the entries that began at `since` or later. A sum that does
    /// not fit stays at its end.
    package func closedSpending(since: Int64) throws -> [String: NanoUSD] {
        let sql = """
            SELECT CAST(names.text AS BLOB), sum(cost >> 32), sum(cost & 4294967295)
            FROM entries JOIN calls ON calls.entry = entries.seq JOIN names ON names.id = entries.route
            WHERE started_at >= ? AND side = (SELECT id FROM names WHERE text = 'closed') AND cost IS NOT NULL
            GROUP BY entries.route
            """
        return try read { db in
            let rows = try Row.fetchAll(db, sql: sql, arguments: [since]).map { row in
                (String(decoding: row[0] as Data, as: UTF8.self), Self.sum(upper: row[1], lower: row[2]))
            }
            return Dictionary(uniqueKeysWithValues: rows)
        }
    }

    /// Of the requests that began at `since` or later and asked a model.
    package func traffic(of route: String, since: Int64) throws -> RouteTraffic {
        let sql = """
            SELECT count(*), sum(counterfactual_cost / 1e9), count(counterfactual_cost)
            FROM entries
            WHERE started_at >= ? AND route = (SELECT id FROM names WHERE text = CAST(? AS TEXT))
                AND cached_from IS NULL AND parent IS NULL
            GROUP BY started_at / 86400000
            """
        return try read { db in
            var traffic = RouteTraffic(busiestDay: 0, meanClosedCost: nil)
            var (sum, count) = (0.0, 0)
            for row in try Row.fetchAll(db, sql: sql, arguments: [since, Data(route.utf8)]) {
                traffic.busiestDay = max(traffic.busiestDay, row[0])
                sum += row[1] ?? 0
                count += row[2]
            }
            if count > 0 { traffic.meanClosedCost = NanoUSD(Int64((sum / Double(count) * 1e9).rounded())) }
            return traffic
        }
    }
}
