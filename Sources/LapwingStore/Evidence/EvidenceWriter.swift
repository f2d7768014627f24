import Foundation
import GRDB
import Synchronization

/// Writes behind the requests: what is to be kept gathers for a moment and goes into the file in one transaction.
///
/// Nobody waits for it. What has gathered when the process dies is lost, and what comes while as much waits as may wait is
/// dropped and counted: evidence is for learning, and no answer may suffer for it.
final class EvidenceWriter: Sendable {
    typealias Write = @Sendable (Database) throws -> Void

    private struct State {
        var waiting: [Write] = []
        var isDue = false
        var lostCount = 0
    }

    private let pool: DatabasePool
    private let limit: Int
    private let delay: Duration
    private let onFailure: @Sendable (any Error) -> Void
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "lapwing.store.evidence", qos: .utility)

    init(_ pool: DatabasePool, limit: Int, delay: Duration, onFailure: @escaping @Sendable (any Error) -> Void) {
        self.pool = pool
        self.limit = limit
        self.delay = delay
        self.onFailure = onFailure
    }

    /// Writes that found no room, or that the file did not take.
    var lostCount: Int { state.withLock { $0.lostCount } }

    func add(_ write: @escaping Write) {
        let mustServe = state.withLock { state in
            guard state.waiting.count < limit else {
                state.lostCount += 1
                return false
            }
            state.waiting.append(write)
            defer { state.isDue = true }
            return !state.isDue
        }
        guard mustServe else { return }
        let (seconds, attoseconds) = delay.components
        queue.asyncAfter(deadline: .now() + Double(seconds) + Double(attoseconds) / 1e18) { self.serve() }
    }

    private func serve() {
        var taken = 0
        do {
            try pool.write { db in
                let writes = take()
                taken = writes.count
                perform(writes, db)
            }
        } catch {
            // Nothing of them is in the file.
            state.withLock { $0.lostCount += taken }
            onFailure(StoreError.from(error, path: pool.path))
        }
    }

    /// Writes what has gathered now, within the transaction that is open. A write that fails takes no other with it.
    func performAll(_ db: Database) { perform(take(), db) }

    private func take() -> [Write] {
        state.withLock { state in
            defer { (state.waiting, state.isDue) = ([], false) }
            return state.waiting
        }
    }

    private func perform(_ writes: [Write], _ db: Database) {
        for write in writes {
            do { try write(db) } catch {
                state.withLock { $0.lostCount += 1 }
                onFailure(StoreError.from(error, path: pool.path))
            }
        }
    }
}
