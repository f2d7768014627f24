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
                    decision, evidence, features, probability, calibrator, arm, unit, prompt, answer)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            answer.requestID, answer.route, answer.model, answer.tenant, answer.tier, answer.task, answer.language,
            answer.startedAt, answer.decision.rawValue, try text(answer.evidence), try text(answer.features),
            answer.confidence?.probability, answer.confidence?.calibrator, answer.canary?.arm.rawValue,
            answer.canary?.unit, answer.prompt, answer.answer,
        ])
    }

    /// Returns whether it takes another's place.
    @discardableResult
    static func insert(_ outcome: AnswerOutcome, _ db: Database) throws -> Bool {
        let side = try outcome.side ?? answer(outcome.requestID, db)?.about.decision.answeringSide ?? .open
        let key: StatementArguments = [outcome.requestID, outcome.source.rawValue, outcome.author, side.rawValue]
        let isReplacing =
            try Row.fetchOne(
                db, sql: "SELECT 1 FROM outcomes WHERE request_id = ? AND source = ? AND author = ? AND side = ?",
                arguments: key) != nil
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO outcomes (request_id, source, author, side, right, score, correction, comment,
                    weight, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: key + [
                outcome.right, outcome.score, outcome.correction, outcome.comment, outcome.weight, outcome.at,
            ])
        return isReplacing
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
                    calibrator: row[4], isReplacing: false)
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
        var current: (row: Row, verdicts: [Verdict])?
        func end() {
            guard let (row, verdicts) = current else { return }
            guard let open = Verdict.resolve(verdicts.filter { $0.side == .open }) else { return }
            let closed = Verdict.resolve(verdicts.filter { $0.side == .closed })
            found.append(
                LabelledEvidence(
                    requestID: row[0], route: route, model: row[1], task: row[2], language: row[3], at: row[4],
                    evidenceJSON: Data((row[5] as String).utf8),
                    featuresJSON: (row[6] as String?).map { Data($0.utf8) }, probability: row[7],
                    calibrator: row[13], right: open.right, strongRight: closed?.right, weight: open.weight))
        }
        while let row = try rows.next() {
            let id: String = row[0]
            if let known = current?.row, known[0] as String != id {
                end()
                current = nil
            }
            if current == nil { current = (row.copy(), []) }
            if let verdict = Verdict(row) { current?.verdicts.append(verdict) }
        }
        end()
        return found
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
    static func resolve(_ verdicts: [Verdict]) -> (right: Bool, weight: Double)? {
        let trust = AnswerOutcome.Source.allCases
        for source in trust.reversed() {
            let said = verdicts.filter { $0.source == source }
            guard let last = said.max(by: { $0.at < $1.at }) else { continue }
            let yes = said.count(where: \.right)
            let right = 2 * yes == said.count ? last.right : 2 * yes > said.count
            return (right, last.weight)
        }
        return nil
    }
}

extension Decision {
    /// Whose answer the client was given.
    package var answeringSide: CallReceipt.Side {
        switch self {
        case .open, .wouldEscalate, .unavailable: .open
        case .closed, .escalated: .closed
        }
    }
}
