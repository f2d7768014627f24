import Foundation

/// A file of secret bytes that its owner alone can read.
enum SecretFile {
    /// Makes the file; false where there is one already. It is whole before it has its name, so that nobody reads half of one.
    static func make(_ path: String, holding bytes: [UInt8]) throws -> Bool {
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer {
            close(descriptor)
            unlink(draft)
        }
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else { throw failure(path) }
        // Fails where the name is taken, as a rename would not.
        if link(draft, path) == 0 { return true }
        guard errno == EEXIST else { throw failure(path) }
        return false
    }

    /// Throws `StoreError.cannotOpen` for a file that others can read, that has not `byteCount` bytes, or that is `missing`,
    /// with what that means. `exposed` says what to do where anybody may have read it.
    static func read(_ path: String, byteCount: Int, missing: String, exposed: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure(path) }
            throw StoreError.cannotOpen(path: path, reason: missing)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError.cannotOpen(
                path: path,
                reason: "others than its owner can read it (its mode is \(String(status.st_mode & 0o777, radix: 8))); "
                    + "`chmod 600` it, and \(exposed) if anybody may have")
        }
        var bytes = [UInt8](repeating: 0, count: byteCount + 1)
        let count = Foundation.read(descriptor, &bytes, bytes.count)
        guard count == byteCount else {
            throw StoreError.cannotOpen(path: path, reason: "it has not the \(byteCount) bytes of a secret")
        }
        return Array(bytes.prefix(byteCount))
    }

    private static func failure(_ path: String) -> StoreError {
        .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
}
