import Foundation
import GRDB
import LapwingAPI

/// The columns of an entry and of a call, in the one order that writing and reading share.
enum EntryRows {
    /// Texts are cast to bytes on both ways: GRDB reads and binds text up to its first NUL only.
    static let entryColumns = """
        seq, CAST(request_id AS BLOB), started_at, endpoint, route, model, tenant, key, tier, user, metadata, stream, \
        kind, CAST(parent AS BLOB), status, ended_at, decision, confidence, calibrator, calibrated, threshold, \
        escalation, counterfactual_model, counterfactual_cost, counterfactual_low, counterfactual_high, \
        counterfactual_estimated, error, latency, first_token, hash, reserved, CAST(cached_from AS BLOB), spared
        """
    static let callColumns = """
        entry, ordinal, model, side, role, prompt_tokens, cached_tokens, completion_tokens, compute, estimated, cost, \
        price_source, latency, first_token, failure, endpoint
        """
    static let insertEntry = """
        INSERT INTO entries VALUES (?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?, ?, ?, ?, \
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?)
        """
    static let insertCall = "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

    static func insert(_ stored: StoredEntry, names: inout NameWriter, _ db: Database) throws {
        let statement = try db.cachedStatement(sql: insertEntry)
        statement.setUncheckedArguments(try arguments(of: stored, names: &names, db))
        try statement.execute()
        for (ordinal, call) in stored.entry.calls.enumerated() {
            let statement = try db.cachedStatement(sql: insertCall)
            statement.setUncheckedArguments(
                try arguments(of: call, entry: stored.sequence, ordinal: ordinal, names: &names, db))
            try statement.execute()
        }
    }

    private static func arguments(
        of stored: StoredEntry, names: inout NameWriter, _ db: Database
    ) throws -> StatementArguments {
        let entry = stored.entry
        let request = entry.request
        var metadata: Data?
        if !request.metadata.isEmpty {
            var writer = CanonicalWriter()
            writer.write(request.metadata)
            metadata = Data(writer.bytes)
        }
        return [
            stored.sequence, Data(request.requestID.utf8), request.startedAt, try names.id(of: request.endpoint, db),
            try names.id(of: request.route, db), try names.id(of: request.model, db),
            try names.id(of: request.tenant, db), try names.id(ofOptional: request.keyID, db),
            try names.id(of: request.tier, db), try names.id(ofOptional: request.user, db), metadata, request.stream,
            try names.id(of: entry.kind, db), entry.parent.map { Data($0.utf8) },
            try names.id(of: entry.status.rawValue, db), entry.endedAt,
            try names.id(ofOptional: entry.decision?.rawValue, db), entry.confidence?.probability,
            try names.id(ofOptional: entry.confidence?.calibrator, db), entry.confidence?.isCalibrated, entry.threshold,
            try names.id(ofOptional: entry.escalation, db), try names.id(ofOptional: entry.counterfactual?.model, db),
            entry.counterfactual?.cost.rawValue, entry.counterfactual?.low.rawValue,
            entry.counterfactual?.high.rawValue, entry.counterfactual?.isEstimated,
            try names.id(ofOptional: entry.errorCode, db), entry.latencyMilliseconds, entry.firstTokenMilliseconds,
            Data(stored.hash), entry.reserved?.rawValue, entry.cached.map { Data($0.requestID.utf8) },
            entry.cached?.spared?.rawValue,
        ]
    }

    private static func arguments(
        of call: CallReceipt, entry: Int64, ordinal: Int, names: inout NameWriter, _ db: Database
    ) throws -> StatementArguments {
        [
            entry, ordinal, try names.id(of: call.model, db), try names.id(of: call.side.rawValue, db),
            try names.id(of: call.role.rawValue, db), call.usage.promptTokens, call.usage.cachedPromptTokens,
            call.usage.completionTokens, call.usage.computeNanoseconds, call.usage.isEstimated, call.cost?.rawValue,
            try names.id(ofOptional: call.priceSource, db), call.latencyMilliseconds, call.firstTokenMilliseconds,
            try names.id(ofOptional: call.failure, db), try names.id(ofOptional: call.endpoint, db),
        ]
    }
}
