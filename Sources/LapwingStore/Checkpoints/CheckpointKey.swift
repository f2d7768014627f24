import Crypto
import Foundation

/// The key that signs checkpoints: a file beside the ledger that its owner alone can read.
package struct CheckpointKey: Sendable {
    private static let byteCount = 32
    private let key: Curve25519.Signing.PrivateKey

    /// Reads the file at `path`, or makes it where there is none. Throws `StoreError.cannotOpen` for one that others can
    /// read or that is no key.
    package init(path: String) throws {
        let fresh = Curve25519.Signing.PrivateKey()
        let isMade = try SecretFile.make(path, holding: Array(fresh.rawRepresentation))
        key = try isMade ? fresh : Self.read(path)
    }

    /// Of the file at `path`; nil where there is none.
    package static func publicKey(at path: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return Self.text(try read(path).publicKey)
    }

    package var publicKey: String { Self.text(key.publicKey) }

    package func sign(entryCount: Int64, head: String, at: Int64) throws -> Checkpoint {
        let signature = try key.signature(for: Checkpoint.signed(entryCount: entryCount, head: head, at: at))
        return Checkpoint(
            entryCount: entryCount, head: head, at: at, publicKey: publicKey,
            signature: signature.base64EncodedString())
    }

    private static func text(_ key: Curve25519.Signing.PublicKey) -> String {
        key.rawRepresentation.base64EncodedString()
    }

    private static func read(_ path: String) throws -> Curve25519.Signing.PrivateKey {
        let bytes = try SecretFile.read(
            path, byteCount: byteCount, missing: "it is missing",
            exposed: "begin with a new key, under a new public key,")
        return try Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
    }
}
