import Foundation

/// Owns the bytes of a file, mapped read-only, for as long as it lives.
///
/// Who cuts the file short while it is mapped ends this process with a bus error: no check can prevent that, so weight
/// files are replaced by renaming, never rewritten in place.
// Invariant: the bytes are set once in `init`, never written after it, and freed in `deinit`, when no reader is left.
final class FileMapping: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
    /// nil for a copy.
    let source: FileSource?
    private let isMapped: Bool
    /// Held open for its shared lock, by which `lapwing models rm` knows that the file is in use.
    private let file: OpenFile?

    init(path: String) throws(WeightsError) {
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: Self.lastError) }
        let file = OpenFile(descriptor: descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: Self.lastError) }
        source = FileSource(path: path, status)
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, reason: "not a regular file") }
        guard status.st_size > 0 else {
            // An empty mapping is an error to the system; the reader says better what is missing.
            (bytes, isMapped) = (UnsafeRawBufferPointer(start: nil, count: 0), false)
            self.file = nil
            return
        }
        let count = Int(status.st_size)
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .unreadable(path: path, reason: Self.lastError)
        }
        (bytes, isMapped) = (UnsafeRawBufferPointer(start: address, count: count), true)
        // Where there are no locks, it is read all the same.
        flock(descriptor, LOCK_SH | LOCK_NB)
        self.file = consume file
    }

    /// Holds a copy, aligned as a mapping's tensors would be.
    init(copying source: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 64)
        copy.copyBytes(from: source)
        (bytes, isMapped) = (UnsafeRawBufferPointer(copy), false)
        self.source = nil
        file = nil
    }

    deinit {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        } else {
            bytes.deallocate()
        }
    }

    /// Drops whole pages within `part`; those at its ends may hold neighbours.
    func releasePages(_ part: UnsafeRawBufferPointer) {
        // A copy's bytes are nowhere else: only a mapping can be read again.
        guard isMapped, let base = part.baseAddress else { return }
        let page = sysconf(Int32(_SC_PAGESIZE))
        let start = (UInt(bitPattern: base) + UInt(page) - 1) / UInt(page) * UInt(page)
        let end = (UInt(bitPattern: base) + UInt(part.count)) / UInt(page) * UInt(page)
        guard start < end else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

/// A file descriptor that is closed with its owner.
private struct OpenFile: ~Copyable {
    let descriptor: Int32

    deinit { close(descriptor) }
}

/// Which file was mapped, and in which state of it.
struct FileSource: Sendable {
    let path: String
    /// When it was last written, in nanoseconds of the system's clock.
    let changed: Int64
    /// Who may do what with it: what is made of it is nobody else's to read.
    let permissions: mode_t

    fileprivate init(path: String, _ status: stat) {
        self.path = path
        permissions = status.st_mode & 0o777
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        changed = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
