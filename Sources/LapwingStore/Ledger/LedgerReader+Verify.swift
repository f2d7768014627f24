import GRDB

/// What verification of a ledger found.
package struct VerifyResult: Hashable, Sendable, Codable {
    package struct Failure: Hashable, Sendable, Codable {
        /// The first entry that is not as it was written; nil where the file is damaged outside of every entry.
        package var sequence: Int64?
        package var requestID: String?
        package var reason: String
    }

    /// Entries and calls that were found to be right, up to the first failure.
    package var entryCount: Int64 = 0
    package var callCount: Int64 = 0
    /// The hash of the last entry that was right, in hexadecimal. Whoever keeps it apart can tell later that nothing
    /// before it was changed.
    package var head = ""
    /// How many checkpoints the chain was held against; nil for none.
    package var checkpointCount: Int?
    package var failure: Failure?
}

extension LedgerReader {
    /// Recomputes the chain from what is stored, reads the open intents, then has SQLite check the file's structure.
    ///
    /// Finds any changed, missing, added or moved entry or call, and entries cut off the end as long as `head` was not
    /// cut with them; with `checkpoints`, whose signatures are known to be good, also that, and a chain that was written
    /// anew. Runs on a snapshot, beside the writer, in constant memory. `progress` gets entries done and in
    /// all. Throws `CancellationError` in a cancelled task.
    package func verify(
        against checkpoints: [Checkpoint] = [], progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws -> VerifyResult {
        try read { db in
            var result = VerifyResult()
            if !checkpoints.isEmpty { result.checkpointCount = checkpoints.count }
            do {
                try Self.checkChain(db, &result, CheckpointWatch(checkpoints), progress)
                if result.failure == nil { try Self.checkIntents(db, &result) }
                if result.failure == nil { try Self.checkFile(db, &result) }
            } catch StoreError.damaged(let sequence, let reason) {
                result.failure = .init(sequence: sequence, requestID: nil, reason: reason)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                let reason = error.message ?? error.resultCode.description
                result.failure = .init(sequence: result.entryCount + 1, requestID: nil, reason: reason)
            }
            return result
        }
    }

    private static func checkChain(
        _ db: Database, _ result: inout VerifyResult, _ watch: CheckpointWatch, _ progress: (Int64, Int64) -> Void
    ) throws {
        var watch = watch
        guard let headRow = try Row.fetchOne(db, sql: "SELECT seq, hash FROM head") else {
            throw StoreError.damaged(sequence: nil, reason: "the head of the chain is missing")
        }
        var headFields = FieldReader(headRow)
        let total = try headFields.integer()
        let headHash = try headFields.bytes()
        var hash = HashChain.genesis
        result.head = hexadecimal(hash)
        if let reason = watch.fault(after: 0, hash: hash) {
            result.failure = .init(sequence: nil, requestID: nil, reason: reason)
            return
        }
        var cursor = try EntryCursor(db)
        while let stored = try cursor.next() {
            let expected = result.entryCount + 1
            hash = HashChain.hash(after: hash, stored.entry, sequence: stored.sequence)
            let reason =
                fault(in: stored, expected: expected, hash: hash, strayCall: cursor.strayCall)
                ?? watch.fault(after: expected, hash: hash)
            if let reason {
                result.failure = .init(sequence: expected, requestID: stored.entry.requestID, reason: reason)
                return
            }
            result.entryCount = expected
            result.callCount = cursor.callCount
            result.head = hexadecimal(hash)
            if expected.isMultiple(of: 1000) || expected == total {
                progress(expected, total)
                try Task.checkCancellation()
            }
        }
        if let stray = cursor.strayCall {
            result.failure = .init(sequence: stray, requestID: nil, reason: "there is a call without its entry")
        } else if result.entryCount != total || hash != headHash {
            result.failure = .init(
                sequence: result.entryCount + 1, requestID: nil,
                reason: "the chain ends after \(result.entryCount) entries, but its head says \(total)")
        } else if let reason = watch.fault(atEnd: total) {
            result.failure = .init(sequence: total + 1, requestID: nil, reason: reason)
        }
    }

    private static func fault(in stored: StoredEntry, expected: Int64, hash: [UInt8], strayCall: Int64?) -> String? {
        if stored.sequence != expected { return "expected entry \(expected), found entry \(stored.sequence)" }
        if let strayCall { return "there is a call of entry \(strayCall), which does not exist" }
        if stored.hash != hash { return "its hash does not match what it says" }
        return nil
    }

    /// Intents are not in the chain; those that are open must at least be readable.
    private static func checkIntents(_ db: Database, _ result: inout VerifyResult) throws {
        for stored in try StoredIntent.all(db) {
            do throws(StoreError) {
                _ = try stored.intent()
            } catch {
                guard case .damaged(_, let reason) = error else { throw error }
                result.failure = .init(
                    sequence: nil, requestID: stored.requestID, reason: "an open intent cannot be read: \(reason)")
                return
            }
        }
    }

    /// Finds what the chain cannot see: a broken index, pages that no table owns.
    private static func checkFile(_ db: Database, _ result: inout VerifyResult) throws {
        let report = try String.fetchAll(db, sql: "PRAGMA integrity_check(1)")
        if report != ["ok"] {
            result.failure = .init(
                sequence: nil, requestID: nil, reason: "SQLite reports: \(report.joined(separator: "; "))")
        }
    }
}

/// Lower-case hexadecimal digits.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
