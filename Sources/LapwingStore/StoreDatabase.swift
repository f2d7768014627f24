import Foundation
import GRDB

/// How SQLite waits for the disk at each commit.
package enum Synchronous: String, Sendable {
    /// The write-ahead log is flushed to the disk before a commit returns.
    case full = "FULL"
    /// The log is flushed at checkpoints, and whenever `LogFlush` does it.
    case normal = "NORMAL"

    /// Takes effect for the next commit; does nothing within a transaction.
    func set(_ db: Database) throws { try db.execute(sql: "PRAGMA synchronous = \(rawValue)") }
}

/// Opens the SQLite files of a data folder, each of its kind.
struct StoreDatabase {
    /// At a fixed place in the file's header: tells our files from other SQLite databases, and from one another.
    let applicationID: Int32
    let migrator: DatabaseMigrator

    /// "LPWG": the ledger, with imported prices.
    static var ledger: StoreDatabase { StoreDatabase(applicationID: 0x4C50_5747, migrator: Migrations.migrator) }
    /// "LPWK".
    static var keys: StoreDatabase { StoreDatabase(applicationID: 0x4C50_574B, migrator: KeyMigrations.migrator) }
    /// "LPWE".
    static var evidence: StoreDatabase {
        StoreDatabase(applicationID: 0x4C50_5745, migrator: EvidenceMigrations.migrator)
    }

    /// Opens for writing, makes the file if there is none, and brings its schema up to date.
    func open(path: String, synchronous: Synchronous, pageLimit: Int? = nil) throws -> DatabasePool {
        try mapping(path: path) {
            if size(ofFileAt: path) == 0 { try mark(path) }
            try checkIdentity(path: path)
            let pool = try DatabasePool(path: path, configuration: configuration())
            try pool.writeWithoutTransaction { db in
                // GRDB sets NORMAL as it turns the write-ahead log on, after any hook of the configuration has run.
                try synchronous.set(db)
                // On macOS fsync alone leaves the data in the drive's cache; elsewhere these two do nothing.
                try db.execute(sql: "PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1")
                if let pageLimit { try db.execute(sql: "PRAGMA max_page_count = \(pageLimit)") }
            }
            if try pool.read(migrator.hasBeenSuperseded) { throw StoreError.newerSchema(path: path) }
            try migrator.migrate(pool)
            return pool
        }
    }

    /// Opens beside a writer, or alone, and changes nothing.
    func openForReading(path: String) throws -> DatabaseQueue {
        try mapping(path: path) {
            guard size(ofFileAt: path) > 0 else {
                throw StoreError.cannotOpen(path: path, reason: "there is no such file, or it is empty")
            }
            try checkIdentity(path: path)
            var configuration = configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            if try queue.read(migrator.hasBeenSuperseded) { throw StoreError.newerSchema(path: path) }
            guard try queue.read(migrator.hasCompletedMigrations) else { throw StoreError.olderSchema(path: path) }
            return queue
        }
    }

    /// Makes the file and writes its application id, before the write-ahead log is turned on: what is in the log only is
    /// not in the header that `checkIdentity` reads.
    private func mark(_ path: String) throws {
        // Its owner's alone from the first moment on, in whatever folder; SQLite gives the files beside it the same rights.
        FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        let queue = try DatabaseQueue(path: path, configuration: configuration())
        try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = \(applicationID)") }
        try queue.close()
    }

    private func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.label = "lapwing.store"
        return configuration
    }

    private func mapping<T>(path: String, _ body: () throws -> T) throws -> T {
        try StoreError.mapping(path: path, body)
    }

    private func size(ofFileAt path: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
    }

    /// Reads the header itself, because SQLite would take any empty or foreign database for ours and migrate it.
    ///
    /// https://www.sqlite.org/fileformat.html section 1.3: magic in bytes 0 ..< 16, application id in 68 ..< 72.
    private func checkIdentity(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path), let header = try file.read(upToCount: 72) else {
            throw StoreError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        guard header.count == 72, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw StoreError.notAStore(path: path, found: "it does not begin as an SQLite database does")
        }
        let found = header[68..<72].reduce(0) { $0 << 8 | UInt32($1) }
        guard found == UInt32(applicationID) else {
            throw StoreError.notAStore(path: path, found: "its application id is \(found)")
        }
    }
}
