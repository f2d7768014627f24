import Foundation
import NIOCore

/// A file under way: the bytes so far under `NAME.DIGEST-PREFIX.partial`, and their hash.
///
/// The name carries the content's hash, so that a file that changed on the hub is not continued with another one's bytes.
struct PartialFile: ~Copyable {
    private let path: String
    private let partialPath: String
    private let hubFile: HubFile
    private let file: OpenFile
    private(set) var count: Int64
    private var hash: ContentHash
    /// The entity tag of the answer that the bytes came with; nil before there was one, as for what an earlier run left.
    var entityTag: String?

    static func path(for path: String, _ digest: HubDigest) -> String { "\(path).\(digest.text.prefix(12)).partial" }

    /// Opens what an earlier run left and hashes it, or an empty file. Throws `HubError.inUse` while another process has it
    /// open.
    init(path: String, of hubFile: HubFile, _ digest: HubDigest, progress: (Int64, Int64) -> Void) throws {
        let partialPath = Self.path(for: path, digest)
        let folder = URL(filePath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch let error as CocoaError {
            throw HubError.cannotWrite(path: folder, reason: error.reason)
        }
        let file = try OpenFile(path: partialPath, flags: O_RDWR | O_CREAT)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { throw HubError.inUse(path: path) }
        var hash = ContentHash(of: hubFile)
        count = try file.hashAll(into: &hash, progress: progress)
        self.path = path
        self.partialPath = partialPath
        self.hubFile = hubFile
        self.hash = hash
        self.file = file
    }

    /// An empty file is of no use to a later run.
    deinit { if count == 0 { unlink(partialPath) } }

    mutating func append(_ bytes: ByteBufferView) throws(HubError) {
        bytes.withUnsafeBytes { hash.update($0) }
        let failed = bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let result = write(file.descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
                if result < 0, errno != EINTR { return true }
                written += max(0, result)
            }
            return false
        }
        if failed { throw .cannotWrite(path: partialPath, reason: OpenFile.systemError()) }
        count += Int64(bytes.count)
    }

    /// Forgets all bytes.
    mutating func restart() throws(HubError) {
        guard ftruncate(file.descriptor, 0) == 0, lseek(file.descriptor, 0, SEEK_SET) == 0 else {
            throw .cannotWrite(path: partialPath, reason: OpenFile.systemError())
        }
        hash = ContentHash(of: hubFile)
        count = 0
        entityTag = nil
    }

    /// Gives the file its name if it is the one expected, and returns its SHA-256; otherwise empties it and throws.
    mutating func finish(_ expected: HubDigest) throws(HubError) -> String {
        guard count == hubFile.size else {
            let found = count
            try restart()
            throw .sizeMismatch(file: hubFile.path, expected: hubFile.size, found: found)
        }
        let found = hash.asTold
        guard found == expected.text else {
            try restart()
            throw .checksumMismatch(file: hubFile.path, expected: expected.text, found: found)
        }
        guard fsync(file.descriptor) == 0, rename(partialPath, path) == 0 else {
            throw .cannotWrite(path: path, reason: OpenFile.systemError())
        }
        return hash.sha256
    }
}

extension ContentHash {
    /// Takes in a whole file, and tells bytes done and in all.
    mutating func update(contentsOf path: String, progress: (Int64, Int64) -> Void) throws {
        _ = try OpenFile(path: path, flags: O_RDONLY).hashAll(into: &self, progress: progress)
    }
}

/// A file descriptor that is closed with its owner.
private struct OpenFile: ~Copyable {
    let descriptor: Int32
    private let path: String

    init(path: String, flags: Int32) throws(HubError) {
        let descriptor = open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, flags) }
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Hashes all bytes from the start on and returns how many there were. `progress` gets bytes done and in all. Throws
    /// `CancellationError` in a cancelled task: a large file takes a while.
    func hashAll(into hash: inout ContentHash, progress: (Int64, Int64) -> Void) throws -> Int64 {
        let size = Int64(lseek(descriptor, 0, SEEK_END))
        guard size >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure(path, O_RDONLY) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var total: Int64 = 0
        while true {
            try Task.checkCancellation()
            let result = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw Self.failure(path, O_RDONLY) }
            if result == 0 { return total }
            buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<result])) }
            total += Int64(result)
            progress(total, size)
        }
    }

    private static func failure(_ path: String, _ flags: Int32) -> HubError {
        flags == O_RDONLY
            ? .cannotRead(path: path, reason: systemError()) : .cannotWrite(path: path, reason: systemError())
    }

    static func systemError() -> String { String(cString: strerror(errno)).lowercased() }
}
