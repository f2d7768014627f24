import GRDB

extension StoreError {
    /// What an SQLite error means to a user; errors of ours pass unchanged.
    static func from(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let message = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL: return StoreError.diskFull(path: path)
        case .SQLITE_CORRUPT: return StoreError.damaged(sequence: nil, reason: message)
        case .SQLITE_NOTADB: return StoreError.notAStore(path: path, found: message)
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
            return StoreError.cannotOpen(path: path, reason: message)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return StoreError.inUse(path: path, processID: nil)
        default:
            return StoreError.database(path: path, code: error.extendedResultCode.rawValue, message: message)
        }
    }

    /// Runs `body` and gives its SQLite errors their meaning.
    static func mapping<T>(path: String, _ body: () throws -> T) throws -> T {
        do { return try body() } catch { throw from(error, path: path) }
    }
}
