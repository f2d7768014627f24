/// What a key lets its holder do. The two share nothing: a client's key opens no door of the administrator's, nor the
/// other way round.
package enum KeyRole: String, Sendable, Codable, CaseIterable {
    case client, admin
}

/// How much of the service a key's requests may use; nil is without limit.
package struct KeyLimits: Hashable, Sendable {
    package var requestsPerMinute: Int?
    package var tokensPerMinute: Int?
    package var concurrentRequests: Int?
    package var dailyBudget: NanoUSD?
    package var monthlyBudget: NanoUSD?

    package init() {}

    package var hasBudget: Bool { dailyBudget != nil || monthlyBudget != nil }
}

/// What is asked for when a key is made.
package struct KeyDraft: Hashable, Sendable {
    package var name: String
    package var role = KeyRole.client
    /// Whose requests they are, in the ledger. For an administrator's key: whose keys it sees, nil being everybody's.
    package var tenant: String?
    package var tier = "default"
    /// Put on every request as its label `project`.
    package var project: String?
    /// The routes and models that its requests may name; nil means all.
    package var routes: [String]?
    /// Milliseconds since 1970, from which on it is not accepted.
    package var expiresAt: Int64?
    package var limits = KeyLimits()

    package init(name: String) { self.name = name }
}

/// A key as it is kept and listed. What its holder sends is not in it, nor anything to make that from.
package struct Key: Hashable, Sendable {
    /// Names it in the ledger: `key_` and twelve letters and digits.
    package var id: String
    package var draft: KeyDraft
    /// The first characters of what its holder sends, to tell keys apart by.
    package var hint: String
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var revokedAt: Int64?

    package init(id: String, draft: KeyDraft, hint: String, createdAt: Int64, revokedAt: Int64? = nil) {
        self.id = id
        self.draft = draft
        self.hint = hint
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }

    package var limits: KeyLimits { draft.limits }
    package var tenant: String { draft.tenant ?? "default" }

    package func state(at now: Int64) -> KeyState {
        if revokedAt != nil { return .revoked }
        return draft.expiresAt.map { $0 <= now } == true ? .expired : .active
    }
}

package enum KeyState: String, Sendable, Codable {
    case active, revoked, expired
}

/// A key just made: the only moment at which what its holder sends is known.
package struct NewKey: Sendable {
    package var key: Key
    package var secret: Secret

    package init(key: Key, secret: Secret) {
        self.key = key
        self.secret = secret
    }
}
