import Foundation

extension StoredModel {
    /// What was removed.
    package struct Removal: Hashable, Sendable {
        package var byteCount: Int64
        /// The model's folder, where other things than a model's files were in it: it was left with them.
        package var leftFolder: String?
    }

    /// Removes all its files, or none while a process has one open. The loader holds a shared lock on each (`FileMapping`).
    package func remove() throws(HubError) -> Removal {
        let files = files
        let locks = try weightFiles.map { file throws(HubError) in try ExclusiveLock(file) }
        defer { withExtendedLifetime(locks) {} }
        var byteCount: Int64 = 0
        for file in files {
            let size = FileSize.of(file)
            guard unlink(file) == 0 else {
                throw .cannotWrite(path: file, reason: String(cString: strerror(errno)).lowercased())
            }
            byteCount += size ?? 0
        }
        guard FileManager.default.fileExists(atPath: path) else { return Removal(byteCount: byteCount) }
        for folder in ["\(path)/1_Pooling", path] { rmdir(folder) }
        let isLeft = FileManager.default.fileExists(atPath: path)
        return Removal(byteCount: byteCount, leftFolder: isLeft ? path : nil)
    }
}

/// Keeps a weight file from being opened by others of this program, as long as it lives.
private final class ExclusiveLock {
    private let descriptor: Int32

    init(_ path: String) throws(HubError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .cannotRead(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
        // A file system without locks is no reason to keep a model for ever.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { throw .isOpen(path: path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
