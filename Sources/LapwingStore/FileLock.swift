import Foundation

/// Keeps a second writer away from a file for as long as it lives; the kernel lets go when the process dies.
///
/// The lock is on a file beside the database: closing any descriptor of the database itself would drop SQLite's own
/// POSIX locks (https://www.sqlite.org/howtocorrupt.html, section 2.2).
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Throws `StoreError.inUse` where another has it, unless it `waits` for them.
    init(guarding path: String, waits: Bool = false) throws {
        let lockPath = path + ".lock"
        descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StoreError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) == 0 else {
            // `deinit` closes it: a class that throws once all its properties are set is deinitialised. A second close
            // would close whatever another thread has opened in between.
            throw StoreError.inUse(path: path, processID: Self.processID(in: descriptor))
        }
        // The holder's number is for the other process's message only; failing to write it costs nothing else.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit {
        // A process that is being started has a copy of the descriptor until it executes its program, and closing ours
        // would leave the file locked for as long.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func processID(in descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: buffer.prefix(count), as: UTF8.self).filter(\.isNumber))
    }
}
