import Foundation
import GRDB
import LapwingStore
import LapwingTestSupport
import Synchronization
import Testing

@Suite("GroupCommit")
struct GroupCommitTests {
    @Test("Writes that come while a batch is on its way to the disk share the next transaction")
    func sharesTransactions() async throws {
        let folder = try TemporaryFolder()
        let pool = try DatabasePool(path: folder.ledger)
        let batches = Mutex<[[Int]]>([])
        let (entries, entered) = AsyncStream<Void>.makeStream()
        // Blocks the database's own thread, none of the tasks'.
        let release = DispatchSemaphore(value: 0)
        let limit = 40
        let commits = GroupCommit<Int>(
            pool: pool, limit: limit, log: try LogFlush(ofDatabaseAt: folder.ledger), waitsForDisk: { _ in true },
            perform: { writes, _ in
                let isFirst = batches.withLock { batches in
                    batches.append(writes)
                    return batches.count == 1
                }
                if isFirst {
                    entered.yield()
                    release.wait()
                }
                return writes.map { _ in .success(()) }
            }, rolledBack: { _ in })
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await commits.submit(0)
                return true
            }
            var iterator = entries.makeAsyncIterator()
            _ = await iterator.next()
            for number in 1...(limit + 1) {
                group.addTask {
                    do { try await commits.submit(number) } catch StoreError.queueFull(limit) { return false }
                    return true
                }
            }
            // One too many: when it is refused, all the others wait.
            #expect(try await group.next() == false)
            release.signal()
            for try await isWritten in group { #expect(isWritten) }
        }
        #expect(batches.withLock { $0.map(\.count) } == [1, limit])
    }

    @Test("Where the disk does not take the log, who waits for it is told, and nothing more is written")
    func failingDisk() async throws {
        let folder = try TemporaryFolder()
        let written = Mutex<[Int]>([])
        // A device that cannot be flushed stands for a disk that fails.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/bad-wal", withDestinationPath: "/dev/null")
        let log = try LogFlush(ofDatabaseAt: folder.path + "/bad", delay: .seconds(600))
        let commits = GroupCommit<Int>(
            pool: try DatabasePool(path: folder.ledger), limit: 8, log: log, waitsForDisk: { $0 > 0 },
            perform: { writes, _ in
                written.withLock { $0 += writes }
                return writes.map { _ in .success(()) }
            }, rolledBack: { _ in })
        try await commits.submit(0)
        let failure = await #expect(throws: StoreError.self) { try await commits.submit(1) }
        guard case .cannotFlush? = failure else { return #expect(Bool(false), "\(failure.debugDescription)") }
        await #expect(throws: StoreError.self) { try await commits.submit(0) }
        #expect(written.withLock { $0 } == [0, 1])
    }
}
