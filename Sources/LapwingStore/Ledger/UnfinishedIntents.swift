import GRDB
import Synchronization

/// The intents that were open when the ledger was opened, until recovery takes them.
final class UnfinishedIntents: Sendable {
    private let intents: Mutex<[LedgerIntent]>

    init(_ db: Database) throws {
        let bodies = try Row.fetchAll(db, sql: "SELECT body FROM intents ORDER BY request_id")
        intents = Mutex(
            try bodies.map { row in
                var fields = FieldReader(row)
                return try LedgerIntent(canonicalBytes: fields.bytes())
            })
    }

    func take() -> [LedgerIntent] {
        intents.withLock { intents in
            defer { intents = [] }
            return intents
        }
    }

    func putBack(_ taken: [LedgerIntent]) { intents.withLock { $0 = taken + $0 } }
}
