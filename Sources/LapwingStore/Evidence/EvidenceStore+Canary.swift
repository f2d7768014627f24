import GRDB
import LapwingAPI

/// A candidate on trial in a route.
package struct CanaryTrial: Hashable, Sendable {
    /// Milliseconds since 1970, as all times here. What was answered before is no part of the trial.
    package var beganAt: Int64
    /// From then on the candidate was given nothing any more.
    package var rolledBackAt: Int64?
}

/// How a trial's two arms did, as far as their answers' outcomes are known.
package struct CanaryEvidence: Hashable, Sendable {
    package struct Arm: Hashable, Sendable {
        package var answers = 0
        /// Users, keys or requests that the arm was drawn for.
        package var units = 0

        package init(answers: Int = 0, units: Int = 0) {
            self.answers = answers
            self.units = units
        }
    }

    package var arms: [CanaryDraw.Arm: Arm]
    /// In the order in which they were told.
    package var outcomes: [(arm: CanaryDraw.Arm, right: Bool)]

    package init(arms: [CanaryDraw.Arm: Arm], outcomes: [(arm: CanaryDraw.Arm, right: Bool)]) {
        self.arms = arms
        self.outcomes = outcomes
    }

    package static func == (a: CanaryEvidence, b: CanaryEvidence) -> Bool {
        a.arms == b.arms && a.outcomes.elementsEqual(b.outcomes, by: ==)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(arms) }
}

extension EvidenceStore {
    /// The trial of a candidate, which begins now unless it is known already.
    package func trial(of candidate: String, on route: String, at now: Int64) throws -> CanaryTrial {
        try change { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO canaries (route, candidate, began_at) VALUES (?, ?, ?)",
                arguments: [route, candidate, now])
            return try Self.trial(candidate, route, db) ?? CanaryTrial(beganAt: now)
        }
    }

    /// nil where the candidate was never tried there.
    package func knownTrial(of candidate: String, on route: String) throws -> CanaryTrial? {
        try read { db in try Self.trial(candidate, route, db) }
    }

    /// Ends a trial for good; one that has ended stays as it is.
    package func rollBack(_ candidate: String, on route: String, at now: Int64) throws {
        try change { db in
            try db.execute(
                sql: """
                    UPDATE canaries SET rolled_back_at = coalesce(rolled_back_at, ?) WHERE route = ? AND candidate = ?
                    """, arguments: [now, route, candidate])
        }
    }

    /// Forgets a trial, so that the next one begins anew.
    package func forgetTrial(of candidate: String, on route: String) throws {
        try change { db in
            try db.execute(
                sql: "DELETE FROM canaries WHERE route = ? AND candidate = ?", arguments: [route, candidate])
        }
    }

    /// What is known of the answers since `beganAt` to requests that each arm's own model was asked. What a closed model
    /// answered at a gate's word, or another in one's place, says nothing of either. Outcomes are those that clients and
    /// data sets told of the answer that was given: other sources know only of some answers, and of more in the one arm
    /// than in the other.
    package func canaryEvidence(
        of candidate: String, besides open: String, on route: String, since beganAt: Int64
    ) throws -> CanaryEvidence {
        try read { db in
            var evidence = CanaryEvidence(arms: [:], outcomes: [])
            let counts = """
                SELECT arm, count(*), count(DISTINCT unit) FROM answers
                WHERE route = ? AND started_at >= ? AND decision <> 'closed'
                    AND model = CASE arm WHEN 'candidate' THEN ? WHEN 'current' THEN ? END
                GROUP BY arm
                """
            for row in try Row.fetchAll(db, sql: counts, arguments: [route, beganAt, candidate, open]) {
                guard let arm = CanaryDraw.Arm(rawValue: row[0]) else { continue }
                evidence.arms[arm] = CanaryEvidence.Arm(answers: row[1], units: row[2])
            }
            let outcomes = """
                SELECT arm, CASE WHEN decision = 'escalated' THEN 'closed' ELSE 'open' END AS given,
                    a.request_id, 0, 0, 0, 0, 0, source, side, right, weight, at
                FROM answers a JOIN outcomes o ON o.request_id = a.request_id
                WHERE route = ? AND started_at >= ? AND decision <> 'closed'
                    AND model = CASE arm WHEN 'candidate' THEN ? WHEN 'current' THEN ? END AND right IS NOT NULL AND side = given AND source IN ('feedback', 'dataset')
                ORDER BY at, a.request_id
                """
            var said: [String: (arm: CanaryDraw.Arm, verdicts: [Verdict])] = [:]
            var order: [String] = []
            for row in try Row.fetchAll(db, sql: outcomes, arguments: [route, beganAt, candidate, open]) {
                guard let arm = CanaryDraw.Arm(rawValue: row[0]), let verdict = Verdict(row) else { continue }
                let id: String = row[2]
                if said[id] == nil { order.append(id) }
                said[id, default: (arm, [])].verdicts.append(verdict)
            }
            evidence.outcomes = order.compactMap { id in
                said[id].flatMap { found in Verdict.resolve(found.verdicts).map { (found.arm, $0.right) } }
            }
            return evidence
        }
    }

    private static func trial(_ candidate: String, _ route: String, _ db: Database) throws -> CanaryTrial? {
        try Row.fetchOne(
            db, sql: "SELECT began_at, rolled_back_at FROM canaries WHERE route = ? AND candidate = ?",
            arguments: [route, candidate]
        ).map { CanaryTrial(beganAt: $0[0], rolledBackAt: $0[1]) }
    }
}
