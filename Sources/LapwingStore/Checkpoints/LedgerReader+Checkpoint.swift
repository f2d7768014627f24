import Foundation
import GRDB

extension LedgerReader {
    /// Signs how far the chain has come, once that is on the disk: a power cut must not make a liar of a signature. Reads two
    /// rows, so that it costs nothing to do it often; `verify` reads the rest. Throws `StoreError.damaged` where the end of
    /// the chain is not what its head says.
    package func checkpoint(signing key: CheckpointKey, at now: Int64) throws -> Checkpoint {
        let (entryCount, head) = try read { db in try LedgerWriter.end(of: db) }
        // The writer's entries are to be read a moment before they are on the disk.
        if FileManager.default.fileExists(atPath: path + "-wal"), let failure = try LogFlush(ofDatabaseAt: path).flush()
        {
            throw failure
        }
        return try key.sign(entryCount: entryCount, head: hexadecimal(head), at: now)
    }
}

/// The checkpoints that a chain is held against while it is read.
struct CheckpointWatch {
    /// By entries covered, fewest first.
    private var left: ArraySlice<Checkpoint>
    /// How far the chain is known to be what it was.
    private var soundUpTo: Int64 = 0

    init(_ checkpoints: [Checkpoint]) { left = checkpoints.sorted { $0.entryCount < $1.entryCount }[...] }

    /// What a checkpoint says against the chain having `hash` after `entryCount` entries; nil where none does.
    mutating func fault(after entryCount: Int64, hash: [UInt8]) -> String? {
        guard left.first.map({ $0.entryCount <= entryCount }) == true else { return nil }
        let head = hexadecimal(hash)
        while let next = left.first, next.entryCount <= entryCount {
            guard next.entryCount == entryCount, next.head == head else {
                return
                    "the checkpoint of \(Self.time(next.at)) says that entry \(next.entryCount) had another hash; what "
                    + "follows entry \(soundUpTo) was written anew"
            }
            soundUpTo = entryCount
            left = left.dropFirst()
        }
        return nil
    }

    /// What a checkpoint says against the chain being at its end; nil where none does.
    func fault(atEnd entryCount: Int64) -> String? {
        left.last.map { last in
            "the checkpoint of \(Self.time(last.at)) covers \(last.entryCount) entries, and there are \(entryCount); "
                + "\(last.entryCount - entryCount) were cut off the end"
        }
    }

    private static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
    }
}
