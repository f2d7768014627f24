/// Why the store could not do what was asked. Each case carries what was found and, where it helps, what was expected.
package enum StoreError: Error, Hashable, Sendable {
    /// The file or its folder cannot be opened, made or written.
    case cannotOpen(path: String, reason: String)
    /// Another process (or another `Ledger` in this one) has the file open for writing.
    case inUse(path: String, processID: Int32?)
    /// The file is not a Lapwing store.
    case notAStore(path: String, found: String)
    /// The file was written by a newer Lapwing.
    case newerSchema(path: String)
    /// The file was written by an older Lapwing and is opened for reading only, so it cannot be migrated here.
    case olderSchema(path: String)
    /// There is something at the path already, and overwriting was not asked for.
    case alreadyExists(path: String)
    /// A backup was to take the place of the very ledger that it copies.
    case sameFile(path: String)
    case diskFull(path: String)
    /// The system could not bring the log to the disk; nothing is written any more until the next start.
    case cannotFlush(path: String, reason: String)
    /// An entry or an open intent has this request id already.
    case duplicateRequest(id: String)
    /// The request whose intent was to be amended has none.
    case notAdmitted(id: String)
    /// A value that cannot be kept as it stands.
    case invalidEntry(field: String, found: String, expected: String)
    /// As many writes as may wait are waiting.
    case queueFull(limit: Int)
    /// An entry does not say what it said when it was written; `sequence` is nil where no single entry can be named.
    case damaged(sequence: Int64?, reason: String)
    /// A sum passed the range of Int64.
    case overflow(what: String)
    /// A table of prices that cannot be read at all.
    case malformedPriceTable(reason: String)
    case malformedDate(found: String)
    /// A line of a file of checkpoints that proves nothing, or another thing than was asked.
    case badCheckpoint(line: Int, reason: String)
    /// A provider's invoice that cannot be read; `line` is nil where the whole is of no known form.
    case malformedInvoice(line: Int?, reason: String)
    /// Anything else that SQLite reports; `code` is its extended result code.
    case database(path: String, code: Int32, message: String)
}

extension StoreError: CustomStringConvertible {
    /// One sentence that says what was found and what to do.
    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "Cannot open '\(path)': \(reason)."
        case .inUse(let path, let processID):
            "'\(path)' is in use by \(processID.map { "process \($0)" } ?? "another process"); one process at a time may write to it."
        case .notAStore(let path, let found): "'\(path)' is not a Lapwing store: \(found)."
        case .newerSchema(let path): "'\(path)' was written by a newer version of Lapwing; use that version."
        case .olderSchema(let path):
            "'\(path)' was written by an older version of Lapwing; start the server once so that it is brought up to date."
        case .alreadyExists(let path): "'\(path)' exists already; it is overwritten only with --force."
        case .sameFile(let path): "'\(path)' is the ledger itself; a backup needs a file of its own."
        case .diskFull(let path): "The disk that holds '\(path)' is full."
        case .cannotFlush(let path, let reason):
            "The disk did not take the log of '\(path)' (\(reason)); start again once the disk is well."
        case .duplicateRequest(let id): "The ledger has an entry or an open intent for request '\(id)' already."
        case .notAdmitted(let id): "The ledger has no open intent for request '\(id)'."
        case .invalidEntry(let field, let found, let expected):
            "The ledger entry's '\(field)' is \(found), expected \(expected)."
        case .queueFull(let limit): "\(limit) ledger writes are waiting for the disk already."
        case .damaged(let sequence, let reason):
            sequence.map { "Ledger entry \($0) is damaged: \(reason)." } ?? "The ledger is damaged: \(reason)."
        case .overflow(let what): "The sum of \(what) passes the range of 64-bit integers."
        case .malformedPriceTable(let reason): "The price table cannot be read: \(reason)."
        case .malformedDate(let found): "'\(found)' is not a date; expected YYYY-MM-DD."
        case .badCheckpoint(let line, let reason): "Line \(line) of the checkpoints proves nothing: \(reason)."
        case .malformedInvoice(let line, let reason):
            "The invoice cannot be read\(line.map { ", line \($0)" } ?? ""): \(reason)."
        case .database(let path, let code, let message): "SQLite reports error \(code) for '\(path)': \(message)."
        }
    }
}
