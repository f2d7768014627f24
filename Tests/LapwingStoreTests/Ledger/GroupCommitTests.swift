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
            pool: pool, limit: limit, flushes: true, waitsForDisk: { _ in true },
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
}
