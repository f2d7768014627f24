import GRDB
import LapwingAPI
import Synchronization

/// The keys of a `KeyStore` in memory, for a server to know callers by. What another process writes is seen within
/// `lag`, a new key at once.
package final class KeyRing: Sendable {
    package static let lag = Duration.milliseconds(250)

    private struct State {
        var changeCount: Int64 = -1
        var checkedAt: Duration?
        /// By the whole keyed hash, never by a part of what was sent.
        var byHash: [[UInt8]: Accepted] = [:]
        var byID: [String: Key] = [:]
    }

    /// A hash under which a key is known.
    private struct Accepted {
        let hash: [UInt8]
        let key: Key
        /// Of a text that was rotated: up to when it is taken.
        var until: Int64?
    }

    private let store: KeyStore
    private let elapsed: Stopwatch
    private let milliseconds: @Sendable () -> Int64
    private let state = Mutex(State())

    /// Reads all keys.
    package init(
        _ store: KeyStore, clock: any Clock<Duration>, milliseconds: @escaping @Sendable () -> Int64
    ) throws {
        self.store = store
        self.milliseconds = milliseconds
        elapsed = Stopwatch(clock)
        try refresh()
    }

    /// Why a text is not accepted.
    package enum Refusal: Error, Hashable {
        case unknown, revoked, expired
    }

    /// Whose text it is. Throws `Refusal`, or `StoreError` where the file of keys cannot be read any more: a key that was
    /// revoked meanwhile must not be taken for one that holds.
    package func key(for secret: Secret) throws -> Key {
        guard KeyText.isWellFormed(secret) else { throw Refusal.unknown }
        try refreshIfDue()
        let hash = store.secret.hash(secret)
        if find(hash) == nil { try refresh() }
        guard let found = find(hash), store.secret.matches(secret, hash: found.hash) else { throw Refusal.unknown }
        let now = milliseconds()
        if let until = found.until, until <= now { throw Refusal.expired }
        switch found.key.state(at: now) {
        case .active: return found.key
        case .revoked: throw Refusal.revoked
        case .expired: throw Refusal.expired
        }
    }

    /// A key as it was last seen.
    package func key(id: String) -> Key? { state.withLock { $0.byID[id] } }

    /// Whether a key of any role has ever been made, here or by another process.
    package func isEmpty() throws -> Bool {
        try refreshIfDue()
        return state.withLock { $0.byID.isEmpty }
    }

    private func find(_ hash: [UInt8]) -> Accepted? { state.withLock { $0.byHash[hash] } }

    private func refreshIfDue() throws {
        let now = elapsed.elapsed()
        let isDue = state.withLock { state in state.checkedAt.map { now - $0 >= Self.lag } ?? true }
        if isDue { try refresh() }
    }

    /// Reads the keys again where the file has changed. Two at once do no harm: what is older is not kept.
    package func refresh() throws {
        let checkedAt = elapsed.elapsed()
        let known = state.withLock { $0.changeCount }
        var (count, keys): (Int64, [StoredKey]) = (known, [])
        if try store.changeCount() != known {
            (count, keys) = try store.read { db in
                (
                    try Int64.fetchOne(db, sql: "SELECT count FROM changes") ?? 0,
                    try KeyRows.all(tenant: nil, db)
                )
            }
        }
        state.withLock { state in
            state.checkedAt = max(checkedAt, state.checkedAt ?? checkedAt)
            guard count > state.changeCount else { return }
            state.changeCount = count
            state.byID = Dictionary(keys.map { ($0.key.id, $0.key) }) { $1 }
            state.byHash = [:]
            for stored in keys {
                state.byHash[stored.hash] = Accepted(hash: stored.hash, key: stored.key)
                if let old = stored.old {
                    state.byHash[old.hash] = Accepted(hash: old.hash, key: stored.key, until: old.until)
                }
            }
        }
    }
}
