import Crypto

/// What the hub says that a file's content hashes to.
package enum HubDigest: Hashable, Sendable {
    /// Of a file in large-file storage.
    case sha256(String)
    /// Git's own id of any other file: the SHA-1 of `blob SIZE`, a zero byte and the content
    /// (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
    case gitBlob(String)

    /// Lower-case hexadecimal.
    package var text: String {
        switch self {
        case .sha256(let text), .gitBlob(let text): text
        }
    }
}

/// The hash of a file's bytes as they come: its SHA-256, and the hub's kind where that is another.
struct ContentHash {
    private var content = SHA256()
    private var blob: Insecure.SHA1?

    init() {}

    /// For a file of the hub.
    init(of file: HubFile) {
        guard case .gitBlob = file.digest else { return }
        var hash = Insecure.SHA1()
        hash.update(data: Array("blob \(file.size)\0".utf8))
        blob = hash
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        content.update(bufferPointer: bytes)
        blob?.update(bufferPointer: bytes)
    }

    var sha256: String { Self.hexadecimal(content.finalize()) }

    /// In the kind that the hub told.
    var asTold: String { blob.map { Self.hexadecimal($0.finalize()) } ?? sha256 }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
