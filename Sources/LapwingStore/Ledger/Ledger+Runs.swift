import GRDB
import LapwingAPI

extension Ledger {
    /// Writes down that the server has begun to run on a machine that costs `perHour`, and returns the run's number.
    package func beginRun(at now: Int64, perHour: NanoUSD) throws -> Int64 {
        guard !isOff else { return 0 }
        return try write { db in
            try db.execute(
                sql: "INSERT INTO runs (started_at, seen_at, per_hour) VALUES (?, ?, ?)",
                arguments: [now, now, perHour.rawValue])
            return db.lastInsertedRowID
        }
    }

    /// Writes down that the run goes on, or ends now.
    package func noteRun(_ run: Int64, at now: Int64) throws {
        guard !isOff else { return }
        try write { db in
            try db.execute(
                sql: "UPDATE runs SET seen_at = max(seen_at, ?) WHERE id = ?", arguments: [now, run])
        }
    }
}

/// How long the server ran within a period, and what that costs.
struct RunTime {
    var milliseconds: Int64 = 0
    /// Nano-US-dollars an hour times milliseconds.
    private var product: Int128 = 0

    init(_ db: Database, _ period: Period) throws {
        let (since, until) = (period.since ?? .min, period.until ?? .max)
        let runs = try Row.fetchCursor(
            db,
            sql:
                "SELECT max(started_at, ?1), min(seen_at, ?2), per_hour FROM runs WHERE started_at < ?2 AND seen_at > ?1",
            arguments: [since, until])
        while let run = try runs.next() {
            let length = (run[1] as Int64) - (run[0] as Int64)
            milliseconds += length
            product += Int128(length) * Int128(run[2] as Int64)
        }
    }

    var cost: NanoUSD { NanoUSD(Int64(clamping: roundHalfToEven(product, dividedBy: 3_600_000))) }
}
