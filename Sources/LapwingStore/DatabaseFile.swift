import Foundation
import GRDB

/// Moves and removes database files together with the logs that lie beside them.
enum DatabaseFile {
    private static let companions = ["-wal", "-shm", "-journal"]

    /// Whether both paths lead to one file that exists.
    static func isSame(_ first: String, _ second: String) -> Bool {
        var (a, b) = (stat(), stat())
        return stat(first, &a) == 0 && stat(second, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }

    /// Removes a closed database; it need not exist.
    static func remove(_ path: String) {
        for suffix in [""] + companions { _ = unlink(path + suffix) }
    }

    /// Brings what is still in the old database's log into its file, so that the log can go. A database that is too
    /// broken for that is about to be replaced anyway.
    static func foldLog(of path: String) {
        guard FileManager.default.fileExists(atPath: path + "-wal") else { return }
        guard let queue = try? DatabaseQueue(path: path) else { return }
        _ = try? queue.writeWithoutTransaction { db in try db.checkpoint(.truncate) }
        try? queue.close()
    }

    /// Puts a closed, single-file database in the place of another, in one step, and on the disk.
    static func move(_ source: String, to destination: String) throws {
        try flush(source, O_RDONLY)
        // A log that stayed would be played into the new file.
        for suffix in companions { _ = unlink(destination + suffix) }
        guard rename(source, destination) == 0 else { throw failure(destination) }
        try flush((destination as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY)
    }

    private static func flush(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path.isEmpty ? "." : path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> StoreError {
        .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
}
