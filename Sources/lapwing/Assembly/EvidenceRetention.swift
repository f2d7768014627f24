import Foundation
import LapwingRouter
import LapwingStore
import Logging
import Synchronization

/// Forgets evidence that is older than it may be, at the start and every hour from then on.
package final class EvidenceRetention: Sendable {
    private let store: EvidenceStore
    private let logger: Logger
    private let task: Mutex<Task<Void, Never>?>

    package init(
        _ store: EvidenceStore, days: Int, every interval: Duration = .seconds(3600), logger: Logger,
        time: RouterTime = .system
    ) {
        self.store = store
        self.logger = logger
        task = Mutex(nil)
        let age = Int64(days) * 86_400_000
        let pruning = Task { [weak self] in
            repeat {
                self?.prune(before: time.milliseconds() - age)
                try? await time.clock.sleep(for: interval)
            } while !Task.isCancelled
        }
        task.withLock { $0 = pruning }
    }

    deinit { task.withLock { $0 }?.cancel() }

    private func prune(before moment: Int64) {
        do {
            let count = try store.prune(before: moment)
            if count > 0 { logger.info("old evidence was forgotten", metadata: ["answers": .stringConvertible(count)]) }
        } catch {
            logger.warning("old evidence could not be forgotten", metadata: ["reason": "\(error)"])
        }
    }

    /// Writes what has gathered, and ends.
    package func stop() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
        try? store.flush()
    }
}

extension Configuration.Evidence {
    /// nil where nothing is to be remembered.
    package func open(at path: String, logger: Logger) throws -> EvidenceStore? {
        guard days > 0 else { return nil }
        var options = EvidenceStore.Options()
        options.onFailure = { error in
            logger.warning("evidence could not be written, and is lost", metadata: ["reason": "\(error)"])
        }
        do { return try EvidenceStore(path: path, options: options) } catch let error as StoreError
            where error.isDamage(of: path)
        {
            let aside = try Self.setAside(path)
            logger.error(
                "the evidence is damaged and was set aside, what was learnt from it goes on and gathers anew",
                metadata: ["reason": "\(error)", "file": "\(aside)"])
            return try EvidenceStore(path: path, options: options)
        }
    }

    /// Renames the file, with what SQLite keeps beside it, and gives the new name.
    private static func setAside(_ path: String) throws -> String {
        let files = FileManager.default
        let aside = (1...).lazy.map { "\(path).damaged-\($0)" }.first { !files.fileExists(atPath: $0) } ?? path
        try files.moveItem(atPath: path, toPath: aside)
        for suffix in ["-wal", "-shm"] where files.fileExists(atPath: path + suffix) {
            try files.moveItem(atPath: path + suffix, toPath: aside + suffix)
        }
        return aside
    }
}

extension StoreError {
    /// Whether the file is no database any more, and not another program's.
    fileprivate func isDamage(of path: String) -> Bool {
        switch self {
        case .damaged: return true
        // SQLITE_IOERR_SHORT_READ: its end is missing.
        case .database(_, 522, _): return true
        case .notAStore:
            let file = FileHandle(forReadingAtPath: path)
            return (try? file?.read(upToCount: 15)).map { $0 != Data("SQLite format 3".utf8) } ?? true
        default: return false
        }
    }
}
