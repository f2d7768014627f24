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
        if mayMake {
            _ = try SecretFile.make(path, holding: SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
        }
        key = SymmetricKey(
            data: try SecretFile.read(
                path, byteCount: Self.byteCount,
                missing: "it is missing, and without it none of the keys that were made can be checked",
                exposed: "rotate the keys"))
    }

    func hash(_ secret: Secret) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Data(secret.reveal().utf8), using: key))
    }

    /// Takes the same time wherever the two differ.
    func matches(_ secret: Secret, hash: [UInt8]) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(hash, authenticating: Data(secret.reveal().utf8), using: key)
    }
}
