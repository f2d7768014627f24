import Crypto
import Foundation
import LapwingAPI

/// The secret by which keys are hashed: 32 random bytes in a file of the data folder that its owner alone can read.
///
/// Without it the database of keys proves nothing: not which text is a key, nor that a guess is one.
struct KeySecret: Sendable {
    private static let byteCount = 32
    private let key: SymmetricKey

    /// Reads the file, or makes it where `mayMake`. Throws `StoreError.cannotOpen` for one that others can read, that is no
    /// secret, or that is missing.
    init(path: String, mayMake: Bool) throws {
        let made = try mayMake ? Self.made(at: path) : nil
        key = SymmetricKey(data: try made ?? Self.read(path))
    }

    func hash(_ secret: Secret) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(secret.reveal().utf8), using: key))
    }

    /// Takes the same time wherever the two differ.
    func matches(_ secret: Secret, hash: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(hash, authenticating: Data(secret.reveal().utf8), using: key)
    }

    /// nil where there is a file already. It is whole before it has its name, so that nobody reads half of one.
    private static func made(at path: String) throws -> [UInt8]? {
        let bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer {
            close(descriptor)
            unlink(draft)
        }
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else { throw failure(path) }
        // Fails where the name is taken, as a rename would not.
        if link(draft, path) == 0 { return bytes }
        guard errno == EEXIST else { throw failure(path) }
        return nil
    }

    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure(path) }
            throw StoreError.cannotOpen(
                path: path, reason: "it is missing, and without it none of the keys that were made can be checked")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError.cannotOpen(
                path: path,
                reason: "others than its owner can read it (its mode is \(String(status.st_mode & 0o777, radix: 8))); "
                    + "`chmod 600` it, and rotate the keys if anybody may have")
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
