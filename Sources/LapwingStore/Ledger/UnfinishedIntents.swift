import GRDB
import Synchronization

/// The intents that were open when the ledger was opened, until recovery takes them.
final class UnfinishedIntents: Sendable {
    /// Request ids of those that cannot be read. One such must not keep the server from starting.
    let unreadable: [String]
    private let intents: Mutex<[LedgerIntent]>

    init(_ db: Database) throws {
        var readable: [LedgerIntent] = []
        var unreadable: [String] = []
        for stored in try StoredIntent.all(db) {
            do { readable.append(try stored.intent()) } catch { unreadable.append(stored.requestID) }
        }
        self.unreadable = unreadable
        intents = Mutex(readable)
    }

    func take() -> [LedgerIntent] {
        intents.withLock { intents in
            defer { intents = [] }
            return intents
        }
    }

    func putBack(_ taken: [LedgerIntent]) { intents.withLock { $0 = taken + $0 } }
}

/// An open intent as it lies in the file.
struct StoredIntent {
    let requestID: String
    private let body: [UInt8]

    static func all(_ db: Database) throws -> [StoredIntent] {
        try Row.fetchAll(db, sql: "SELECT CAST(request_id AS BLOB), body FROM intents ORDER BY request_id").map { row in
            var fields = FieldReader(row)
            let id = String(decoding: try fields.bytes(), as: UTF8.self)
            return StoredIntent(requestID: id, body: try fields.bytes())
        }
    }

    /// Throws `StoreError.damaged` where it does not say what it should, or is of another request than its row.
    func intent() throws(StoreError) -> LedgerIntent {
        let intent = try LedgerIntent(canonicalBytes: body)
        guard intent.requestID.utf8.elementsEqual(requestID.utf8) else {
            throw .damaged(sequence: nil, reason: "an intent is of another request than it says")
        }
        return intent
    }
}
