import Foundation
import GRDB

extension LedgerReader {
    /// Copies the ledger as it stands to a new file, while it is being written to, and verifies the copy.
    ///
    /// The file appears under its name only once it is whole and on the disk. Throws `StoreError.alreadyExists` where
    /// there is one and `force` is not given, and `StoreError.sameFile` where it is this ledger. `progress` gets pages
    /// copied and in all, every `pagesPerStep` pages. The copy of a damaged ledger is kept, and the result says what is
    /// wrong with it. Throws `CancellationError` in a cancelled task.
    @discardableResult
    package func backup(
        to destination: String, force: Bool = false, pagesPerStep: Int32 = 4096,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> VerifyResult {
        // Taking the place of a file that is written to would leave its writer with one that nobody can open again.
        if DatabaseFile.isSame(path, destination) { throw StoreError.sameFile(path: destination) }
        guard force || !FileManager.default.fileExists(atPath: destination) else {
            throw StoreError.alreadyExists(path: destination)
        }
        let partial = destination + ".partial"
        defer { DatabaseFile.remove(partial) }
        let result = try copy(to: partial, pagesPerStep: pagesPerStep, progress: progress)
        try DatabaseFile.move(partial, to: destination)
        return result
    }

    /// Copies to `path`, which is overwritten, as one file without a write-ahead log.
    private func copy(to path: String, pagesPerStep: Int32, progress: (Int, Int) -> Void) throws -> VerifyResult {
        DatabaseFile.remove(path)
        try withoutActuallyEscaping(progress) { progress in
            try StoreError.mapping(path: path) {
                let copy = try DatabaseQueue(path: path)
                try database.read { db in
                    // A statement pins the snapshot; without one each step would drop its own, and a commit between two
                    // steps begins the copy again (https://www.sqlite.org/c3ref/backup_finish.html).
                    _ = try Row.fetchOne(db, sql: "SELECT seq FROM head")
                    try copy.writeWithoutTransaction { destination in
                        try db.backup(to: destination, pagesPerStep: pagesPerStep) {
                            progress($0.completedPageCount, $0.totalPageCount)
                            try Task.checkCancellation()
                        }
                    }
                }
                // The copied header asks for a write-ahead log; without one the copy is a single file.
                try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
                try copy.close()
            }
        }
        return try LedgerReader(path: path).verify()
    }
}

extension Ledger {
    /// Puts the backup at `source` in the place of the ledger at `destination`.
    ///
    /// The backup is verified first (`StoreError.damaged`). Throws `StoreError.inUse` while a process writes to the
    /// ledger and `StoreError.alreadyExists` where there is one and `force` is not given. The old ledger stays in place
    /// until the new one is whole and on the disk.
    @discardableResult
    package static func restore(
        from source: String, to destination: String, force: Bool = false,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> VerifyResult {
        let lock = try FileLock(guarding: destination)
        defer { withExtendedLifetime(lock) {} }
        guard force || !FileManager.default.fileExists(atPath: destination) else {
            throw StoreError.alreadyExists(path: destination)
        }
        let reader = try LedgerReader(path: source)
        if let failure = try reader.verify().failure {
            throw StoreError.damaged(sequence: failure.sequence, reason: failure.reason)
        }
        let fresh = destination + ".restoring"
        defer { DatabaseFile.remove(fresh) }
        let result = try reader.backup(to: fresh, force: true, progress: progress)
        if let failure = result.failure {
            throw StoreError.damaged(sequence: failure.sequence, reason: failure.reason)
        }
        DatabaseFile.foldLog(of: destination)
        try DatabaseFile.move(fresh, to: destination)
        return result
    }
}
