import Foundation

/// The packed form of a weight file, kept beside it as `FILE.lapwing-packed`: the next start maps it and packs nothing,
/// and processes that run the same model share its memory.
///
/// The file is a header, a whole number of `alignment` bytes long, and then the region as it lies in memory. The header
/// is 64-bit words: what the cache was made from and for (`identity`), a checksum for each mebibyte of the region, and a
/// checksum of all words before. A cache of other weights is told by their file's size, time of change and header.
/// It is as trusted as the weight file is: checksums find damage, not who writes both.
struct PackedCache {
    let path: String
    private let identity: [UInt64]
    private let byteCount: Int
    private let permissions: mode_t

    /// What in `identity` says which difference.
    private static let reasons = [
        "it is not a packed cache", "it has another format", "its weight file had another size",
        "its weight file had another time of change", "its weight file had another header",
        "its weights are laid out in another way", "its weights take another size",
    ]
    private static let magic: UInt64 = 0x4445_4B43_4150_574C  // LWPACKED
    private static let formatVersion: UInt64 = 1
    /// The longest page of any system, so that the region can be mapped where it begins.
    private static let alignment = 1 << 16
    private static let chunkByteCount = 1 << 20

    /// nil for a file that has no place on the disk.
    init?(of file: GGUFFile, tensors: PlacedTensors) {
        guard let source = file.source else { return nil }
        path = source.path + ".lapwing-packed"
        // Its owner must be able to read what was written.
        permissions = source.permissions | S_IRUSR | S_IWUSR
        byteCount = tensors.layout.byteCount
        identity = [
            Self.magic, Self.formatVersion, UInt64(file.byteCount), UInt64(bitPattern: source.changed),
            file.headerChecksum, tensors.fingerprint, UInt64(byteCount),
        ]
    }

    /// Why a cache that is there is not used, or could not be written.
    struct Unfit: Error, CustomStringConvertible {
        let reason: String
        var description: String { reason }
    }

    /// The region of a sound cache; nil where there is no cache.
    func open(workers: Workers) throws(Unfit) -> Region? {
        var status = stat()
        // Whatever is there and cannot be read is said to be so below.
        guard lstat(path, &status) == 0 || errno != ENOENT else { return nil }
        let mapping: FileMapping
        do { mapping = try FileMapping(path: path) } catch { throw Unfit(reason: "\(error)") }
        let header = try header(in: mapping.bytes)
        let region = Region(mapping, offset: headerByteCount)
        guard region.withWhole({ checksums(of: $0, workers: workers) }) == header.suffix(chunkCount + 1).dropLast()
        else {
            throw Unfit(reason: "its weights are damaged")
        }
        return region
    }

    private func header(in bytes: UnsafeRawBufferPointer) throws(Unfit) -> [UInt64] {
        let wordCount = min(identity.count + chunkCount + 1, bytes.count / 8)
        let words = (0..<wordCount).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self) }
        for (index, reason) in Self.reasons.enumerated() {
            guard index < words.count else { break }
            guard words[index] == identity[index] else { throw Unfit(reason: reason) }
        }
        guard bytes.count == headerByteCount + byteCount else {
            throw Unfit(reason: "it has \(bytes.count) bytes and not \(headerByteCount + byteCount)")
        }
        guard Checksum.of(words.dropLast()) == words.last else { throw Unfit(reason: "its header is damaged") }
        return words
    }

    private var chunkCount: Int { (byteCount + Self.chunkByteCount - 1) / Self.chunkByteCount }
    private var headerByteCount: Int {
        (8 * (identity.count + chunkCount + 1) + Self.alignment - 1) / Self.alignment * Self.alignment
    }

    private func checksums(of weights: UnsafeRawBufferPointer, workers: Workers) -> [UInt64] {
        [UInt64](unsafeUninitializedCapacity: chunkCount) { sums, count in
            count = chunkCount
            workers.forEachRange(chunkCount, grain: 4) { range in
                for chunk in range {
                    let start = chunk * Self.chunkByteCount, end = min(start + Self.chunkByteCount, byteCount)
                    sums[chunk] = Checksum.of(UnsafeRawBufferPointer(rebasing: weights[start..<end]))
                }
            }
        }
    }
}

// MARK: Writing

extension PackedCache {
    /// Puts the region in the place of any cache that is there. Written under a name of its own and renamed, so that
    /// nobody maps half a file; a crash of the machine in between is found by the checksums.
    func write(_ region: Region, workers: Workers) throws(Unfit) {
        try region.withWhole { weights throws(Unfit) in try write(weights, workers: workers) }
    }

    private func write(_ weights: UnsafeRawBufferPointer, workers: Workers) throws(Unfit) {
        var words = identity + checksums(of: weights, workers: workers)
        words.append(Checksum.of(words))
        words += [UInt64](repeating: 0, count: headerByteCount / 8 - words.count)
        removeAbandoned()
        let temporary = "\(path).\(UInt32.random(in: 0 ... .max))"
        let descriptor = Foundation.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
        guard descriptor >= 0 else { throw Unfit(reason: String(cString: strerror(errno))) }
        // Ends with the process, however that ends. Without locks on this file system nothing is taken for abandoned.
        flock(descriptor, LOCK_EX | LOCK_NB)
        let failure =
            words.withUnsafeBytes { GGUFFileWriter.put($0, to: descriptor) }
            ?? GGUFFileWriter.put(weights, to: descriptor)
            ?? (rename(temporary, path) == 0 ? nil : errno)
        close(descriptor)
        guard let failure else { return }
        unlink(temporary)
        throw Unfit(reason: String(cString: strerror(failure)))
    }

    /// Removes what writers left that ended before they were done: each holds a lock on its file until then.
    private func removeAbandoned() {
        let url = URL(filePath: path)
        let folder = url.deletingLastPathComponent(), prefix = url.lastPathComponent + "."
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(prefix) && UInt32(name.dropFirst(prefix.count)) != nil {
            let file = folder.appending(path: name).path
            let descriptor = Foundation.open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(file) }
            close(descriptor)
        }
    }
}

/// What became of a model's packed cache when it was loaded; its text is a notice for the operator.
package enum PackedCacheResult: Sendable, Equatable {
    case used
    case written
    /// The one that was there was not used, and another is in its place.
    case rewritten(reason: String)
    /// None could be written.
    case notWritten(reason: String)
}

extension PackedCacheResult: CustomStringConvertible {
    package var description: String {
        switch self {
        case .used: "the packed cache was used"
        case .written: "a packed cache was written"
        case .rewritten(let reason): "the packed cache was not used, as \(reason); it was written anew"
        case .notWritten(let reason): "no packed cache could be written: \(reason)"
        }
    }
}
