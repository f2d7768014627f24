import Crypto
import Foundation

/// A signed statement of how far the ledger's chain had come at a moment: so many entries, and the hash of the last.
///
/// As long as a ledger has that entry with that hash, nothing up to it was changed, removed or added since. Kept somewhere
/// else, it shows what the chain alone cannot: that entries were cut off the end, or that the whole was written anew.
package struct Checkpoint: Hashable, Sendable {
    package var entryCount: Int64
    /// The hash of the last entry, or 32 zero bytes before the first, in hexadecimal.
    package var head: String
    /// Milliseconds since 1970.
    package var at: Int64
    /// Of Ed25519, 32 bytes as base64: who signed.
    package var publicKey: String
    /// 64 bytes as base64.
    package var signature: String

    /// The bytes that are signed: fields in text, so that any other program can make them too.
    static func signed(entryCount: Int64, head: String, at: Int64) -> Data {
        Data("lapwing checkpoint 1\nentries \(entryCount)\nhead \(head)\nat_ms \(at)\n".utf8)
    }

    /// Whether the public key in it has signed what it says.
    package var isSigned: Bool {
        guard let key = Data(base64Encoded: publicKey), let signature = Data(base64Encoded: signature),
            let publicKey = try? Curve25519.Signing.PublicKey(rawRepresentation: key)
        else { return false }
        return publicKey.isValidSignature(
            signature, for: Self.signed(entryCount: entryCount, head: head, at: at))
    }
}

extension Checkpoint: Codable {
    private enum CodingKeys: String, CodingKey {
        case version = "checkpoint"
        case entryCount = "entries"
        case head
        case at = "at_ms"
        case publicKey = "public_key"
        case signature
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let version = try container.decode(Int.self, forKey: .version)
        guard version == 1 else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: container, debugDescription: "found version \(version), expected 1")
        }
        entryCount = try container.decode(Int64.self, forKey: .entryCount)
        head = try container.decode(String.self, forKey: .head)
        at = try container.decode(Int64.self, forKey: .at)
        publicKey = try container.decode(String.self, forKey: .publicKey)
        signature = try container.decode(String.self, forKey: .signature)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(1, forKey: .version)
        try container.encode(entryCount, forKey: .entryCount)
        try container.encode(head, forKey: .head)
        try container.encode(at, forKey: .at)
        try container.encode(publicKey, forKey: .publicKey)
        try container.encode(signature, forKey: .signature)
    }

    /// One JSON object with its line's end.
    package func line() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Every checkpoint of a file of such lines, each signed by `publicKey`, or all by one key where none is given. Throws
    /// `StoreError.badCheckpoint` with the line otherwise, and for a file without any.
    package static func read(_ data: Data, signedBy publicKey: String?) throws -> [Checkpoint] {
        var found: [Checkpoint] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            func refused(_ reason: String) -> StoreError { .badCheckpoint(line: index + 1, reason: reason) }
            guard let checkpoint = try? JSONDecoder().decode(Checkpoint.self, from: Data(line)) else {
                throw refused("expected a JSON object as `lapwing ledger checkpoint` writes it")
            }
            let expected = publicKey ?? found.first?.publicKey
            if let expected, checkpoint.publicKey != expected {
                throw refused("it is signed by the key \(checkpoint.publicKey), expected \(expected)")
            }
            guard checkpoint.isSigned else {
                throw refused("its signature is not of what it says: it was changed or forged")
            }
            found.append(checkpoint)
        }
        guard !found.isEmpty else { throw StoreError.badCheckpoint(line: 1, reason: "there is no checkpoint in it") }
        return found
    }
}
