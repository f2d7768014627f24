import Foundation
import GRDB
import LapwingAPI

/// The rows of the evidence's file, and what they come to.
enum EvidenceRows {
    static func insert(_ answer: JudgedAnswer, _ db: Database) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func text(_ value: (any Encodable & Sendable)?) throws -> String? {
            try value.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        }
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO answers (request_id, route, model, tenant, tier, task, language, started_at,
                    decision, evidence, probability, calibrator, arm, unit, prompt, answer)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            answer.requestID, answer.route, answer.model, answer.tenant, answer.tier, answer.task, answer.language,
            answer.startedAt, answer.decision.rawValue, try text(answer.evidence), answer.confidence?.probability,
            answer.confidence?.calibrator, answer.canary?.arm.rawValue,
            answer.canary?.unit, try text(answer.prompt), answer.answer,
        ])
    }

    /// Whether an outcome takes the place of one by the same source and author, and whether it is the first that is known of
    /// the answer at all.
    struct Place {
        var isReplacing: Bool
        var isFirst: Bool
    }

    @discardableResult
    static func insert(_ outcome: AnswerOutcome, _ db: Database) throws -> Place {
        let side = try outcome.side ?? answer(outcome.requestID, db)?.about.decision.answeringSide ?? .open
        let key: StatementArguments = [outcome.requestID, outcome.source.rawValue, outcome.author, side.rawValue]
        let known = try Row.fetchAll(
            db, sql: "SELECT source, author FROM outcomes WHERE request_id = ? AND side = ?",
            arguments: [outcome.requestID, side.rawValue])
        let place = Place(
            isReplacing: known.contains {
                $0[0] as String == outcome.source.rawValue && $0[1] as String == outcome.author
            }, isFirst: known.isEmpty)
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO outcomes (request_id, source, author, side, right, score, correction, comment,
                    weight, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: key + [
                outcome.right, outcome.score, outcome.correction, outcome.comment, outcome.weight, outcome.at,
            ])
        return place
    }

    static func answer(
        _ requestID: String, _ db: Database
    ) throws -> (tenant: String, about: KeptOutcome)? {
        try Row.fetchOne(
            db, sql: "SELECT tenant, route, decision, probability, calibrator FROM answers WHERE request_id = ?",
            arguments: [requestID]
        ).map { row in
            (
                row[0],
                KeptOutcome(
                    route: row[1], decision: Decision(rawValue: row[2]) ?? .open, probability: row[3],
                    calibrator: row[4], isReplacing: false, isFirst: true)
            )
        }
    }

    static func labelled(route: String, since: Int64, _ db: Database) throws -> [LabelledEvidence] {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT a.request_id, model, task, language, started_at, evidence, features, probability,
                    source, side, right, weight, at, calibrator
                FROM answers a JOIN outcomes o ON o.request_id = a.request_id
                WHERE route = ? AND started_at >= ? AND evidence IS NOT NULL AND right IS NOT NULL
                ORDER BY started_at, a.request_id
                """, arguments: [route, since])
        var found: [LabelledEvidence] = []
        try forEachAnswer(rows) { row, verdicts in
            let closed = Verdict.resolve(verdicts.filter { $0.side == .closed })
            guard let open = Verdict.resolve(verdicts.filter { $0.side == .open }),
                let right = open.right(besides: closed?.right)
            else { return }
            found.append(
                LabelledEvidence(
                    requestID: row[0], route: route, model: row[1], task: row[2], language: row[3], at: row[4],
                    evidenceJSON: Data((row[5] as String).utf8),
                    probability: row[7],
                    calibrator: row[13], right: right, strongRight: closed?.right, source: open.source,
                    weight: open.weight))
        }
        return found
    }

    /// Rows of answers with an outcome each, an answer's own one after another: its first row with all that was said of it.
    static func forEachAnswer(_ rows: RowCursor, _ body: (Row, [Verdict]) -> Void) throws {
        var current: (row: Row, verdicts: [Verdict])?
        while let row = try rows.next() {
            let id: String = row[0]
            if let known = current, known.row[0] as String != id {
                body(known.row, known.verdicts)
                current = nil
            }
            if current == nil { current = (row.copy(), []) }
            if let verdict = Verdict(row) { current?.verdicts.append(verdict) }
        }
        if let current { body(current.row, current.verdicts) }
    }
}

/// One source's yes or no to one side's answer.
struct Verdict {
    var source: AnswerOutcome.Source
    var side: CallReceipt.Side
    var right: Bool
    var weight: Double
    var at: Int64

    /// Of a row with source, side, right, weight and time in the columns 8 to 12.
    init?(_ row: Row) {
        guard let source = AnswerOutcome.Source(rawValue: row[8]), let side = CallReceipt.Side(rawValue: row[9])
        else { return nil }
        (self.source, self.side, right, weight, at) = (source, side, row[10], row[11], row[12])
    }

    /// The most trusted source speaks for all: what most of its authors say, and where they are even, the last of them.
    static func resolve(_ verdicts: [Verdict]) -> Verdict? {
        let trust = AnswerOutcome.Source.allCases
        for source in trust.reversed() {
            let said = verdicts.filter { $0.source == source }
            guard let last = said.max(by: { $0.at < $1.at }) else { continue }
            let yes = said.count(where: \.right)
            var verdict = last
            if 2 * yes != said.count { verdict.right = 2 * yes > said.count }
            return verdict
        }
        return nil
    }

    /// Whether the open answer is right, of which this was said, where it may be known whether the closed one is.
    ///
    /// That both agree, or that one is as good as the other, says that the open one is right only as far as the closed one
    /// is. nil where it is not, and nothing follows.
    func right(besides closedIsRight: Bool?) -> Bool? {
        guard closedIsRight == false else { return right }
        return switch source {
        // The same as a wrong answer is wrong; another may be either.
        case .shadow: right ? false : nil
        // Worse than a wrong answer is wrong; as good or better may be either.
        case .judge: right ? nil : false
        case .feedback, .dataset: right
        }
    }

    /// Whether the closed answer is right beside an open one of which that is known, where this is how the two compare.
    func closedRight(besides openIsRight: Bool) -> Bool {
        if right { return openIsRight }
        // What differs from a right answer is wrong; what a judge prefers to one may well be right too.
        return source == .judge || !openIsRight
    }
}
