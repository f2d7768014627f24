/// What an administrator does over HTTP; `lapwing` supplies it. Each call is bounded by what the caller's key may see: one
/// with a tenant sees that tenant's keys and no others.
package protocol Operations: Sendable {
    func keys(of caller: Caller) async throws -> [KeyStanding]
    /// Throws `unknownKey` for one that the caller does not see.
    func key(_ id: String, of caller: Caller) async throws -> KeyStanding
    func createKey(_ draft: KeyDraft, by caller: Caller) async throws -> NewKey
    /// From now on it is not accepted. Throws `unknownKey` for one that the caller does not see.
    func revokeKey(_ id: String, by caller: Caller) async throws -> KeyStanding
    /// Reads the configuration anew, and serves by it where nothing in it is wrong. Throws `permissionDenied` for a caller who
    /// is bound to a tenant.
    func reload(by caller: Caller) async throws -> ReloadOutcome
}

/// A key, and how it stands with its budgets.
package struct KeyStanding: Hashable, Sendable {
    package var key: Key
    package var state: KeyState
    package var budgets: [BudgetStanding]

    package init(key: Key, state: KeyState, budgets: [BudgetStanding]) {
        self.key = key
        self.state = state
        self.budgets = budgets
    }
}

package enum BudgetPeriod: String, Sendable, Codable, CaseIterable {
    case day, month
}

/// One budget in the period of now, by days and months of UTC.
package struct BudgetStanding: Hashable, Sendable {
    package var period: BudgetPeriod
    package var limit: NanoUSD
    /// What ended requests cost, up to what was reserved for them.
    package var spent: NanoUSD
    /// Held for requests in progress. Spent and reserved never pass the limit.
    package var reserved: NanoUSD
    /// What providers billed beyond the reservations.
    package var overrun: NanoUSD

    package init(period: BudgetPeriod, limit: NanoUSD, spent: NanoUSD, reserved: NanoUSD, overrun: NanoUSD) {
        self.period = period
        self.limit = limit
        self.spent = spent
        self.reserved = reserved
        self.overrun = overrun
    }

    /// What requests may still reserve; an overrun is paid from it.
    package var left: NanoUSD { max(.zero, limit - spent - reserved - overrun) }
}
