import LapwingAPI
import LapwingRouter
import LapwingStore

/// Keys as an administrator handles them over HTTP; the command line uses the store itself.
package struct KeyOperations {
    private let store: KeyStore
    private let ring: KeyRing
    private let accounts: Accounts
    /// The routes and models that a key may be for.
    private let known: [String]
    private let milliseconds: @Sendable () -> Int64

    package init(
        _ store: KeyStore, ring: KeyRing, accounts: Accounts, known: [String],
        milliseconds: @escaping @Sendable () -> Int64
    ) {
        self.store = store
        self.ring = ring
        self.accounts = accounts
        self.known = known
        self.milliseconds = milliseconds
    }

    package func keys(of caller: Caller) async throws -> [KeyStanding] {
        try store.keys(tenant: try scope(of: caller)).map(standing)
    }

    package func key(_ id: String, of caller: Caller) async throws -> KeyStanding {
        guard let key = try store.key(id, tenant: try scope(of: caller)) else { throw RequestError.unknownKey(id: id) }
        return standing(key)
    }

    /// Makes keys of clients in the caller's own tenant, and in any where the caller has none. Administrators are made at
    /// the command line alone.
    package func createKey(_ draft: KeyDraft, by caller: Caller) async throws -> NewKey {
        let scope = try scope(of: caller)
        var draft = draft
        draft.role = .client
        if let scope, let asked = draft.tenant, asked != scope {
            throw RequestError.permissionDenied(
                reason: "the key is of the tenant '\(scope)', and makes keys of no other")
        }
        draft.tenant = draft.tenant ?? scope
        try draft.check(known: known)
        let made = try store.create(draft, at: milliseconds())
        try ring.refresh()
        return made
    }

    package func revokeKey(_ id: String, by caller: Caller) async throws -> KeyStanding {
        let revoked = try store.revoke(id, tenant: try scope(of: caller), at: milliseconds())
        try ring.refresh()
        guard let revoked else { throw RequestError.unknownKey(id: id) }
        return standing(revoked)
    }

    /// The tenant that the caller is bound to; nil for all. Throws where the caller is no administrator, whatever the door
    /// has let in.
    private func scope(of caller: Caller) throws(RequestError) -> String? {
        guard let key = caller.key, key.draft.role == .admin else {
            throw .permissionDenied(reason: "this takes an administrator's key")
        }
        return key.draft.tenant
    }

    private func standing(_ key: Key) -> KeyStanding {
        KeyStanding(key: key, state: key.state(at: milliseconds()), budgets: accounts.budgets(of: key))
    }
}
