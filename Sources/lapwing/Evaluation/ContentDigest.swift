import Crypto
import Foundation

/// SHA-256 of what a run hangs on, in lower-case hexadecimal.
enum ContentDigest {
    static func of(_ text: String) -> String { hexadecimal(SHA256.hash(data: Data(text.utf8))) }

    /// The files' bytes one after the other, each behind its name.
    static func of(files: [String]) throws -> String {
        var hash = SHA256()
        for path in files {
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw Failure(
                    "cannot read '\(path)', expected a file; Docs/Evaluation.md says where each task's data is from")
            }
            hash.update(data: Data((URL(filePath: path).lastPathComponent + "\n").utf8))
            while let part = try handle.read(upToCount: 1 << 22), !part.isEmpty { hash.update(data: part) }
            try handle.close()
        }
        return hexadecimal(hash.finalize())
    }

    /// A weight file alone, so that it is the sum that others print; a folder's files together.
    static func ofWeights(_ path: String) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            var hash = SHA256()
            guard let handle = FileHandle(forReadingAtPath: path) else { throw Failure("cannot read '\(path)'") }
            while let part = try handle.read(upToCount: 1 << 22), !part.isEmpty { hash.update(data: part) }
            try handle.close()
            return hexadecimal(hash.finalize())
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        return try of(
            files: names.filter { $0.hasSuffix(".safetensors") || $0.hasSuffix(".json") }.map { path + "/" + $0 })
    }

    private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
