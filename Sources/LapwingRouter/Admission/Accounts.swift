import LapwingAPI
import LapwingStore
import Synchronization

/// What keys may do and what they use meanwhile: the one place where requests are let in, and where they are counted.
///
/// Rates live in memory and begin anew with the process; budgets are what the ledger says, so that they survive it.
package final class Accounts: Sendable {
    /// What one request holds of its key until it ends.
    struct Hold: Sendable {
        fileprivate let id: UInt64
        /// What its budget keeps for it; nil where the key has none.
        let amount: NanoUSD?
    }

    private struct Account {
        var requests: TokenBucket?
        var tokens: TokenBucket?
        var running = 0

        init(_ limits: KeyLimits, at now: Duration) {
            requests = limits.requestsPerMinute.map { TokenBucket(limit: max(1, $0), at: now) }
            tokens = limits.tokensPerMinute.map { TokenBucket(limit: max(1, $0), at: now) }
        }
    }

    private struct OpenHold {
        var key: String
        var tokens: Int
        var reservation: BudgetBook.ReservationID?
    }

    private struct State {
        var accounts: [String: Account] = [:]
        var budgets = BudgetBook()
        var holds: [UInt64: OpenHold] = [:]
        var nextHold: UInt64 = 0
    }

    let keys: KeyRing
    let needsKey: Bool
    private let time: RouterTime
    private let clock: Stopwatch
    private let state: Mutex<State>

    /// `spending` is what the ledger says of this month. Without `needsKey`, clients need none as long as none was made.
    package init(_ keys: KeyRing, spending: [KeySpending], needsKey: Bool, time: RouterTime = .system) {
        self.keys = keys
        self.needsKey = needsKey
        self.time = time
        clock = Stopwatch(time.clock)
        var budgets = BudgetBook()
        for line in spending {
            budgets.enter(line.key, spent: line.spent, overrun: line.overrun, at: line.startedAt)
        }
        state = Mutex(State(budgets: budgets))
    }

    /// When the month of now began: what `spending` is to be of.
    package static func monthStart(at milliseconds: Int64) -> Int64 { BudgetWindow(.month, at: milliseconds).start }

    /// How a key stands with its budgets now.
    package func budgets(of key: Key) -> [BudgetStanding] {
        let now = time.milliseconds()
        return state.withLock { $0.budgets.standings(of: key.id, limits: key.limits, at: now) }
    }

    /// Whether requests in this name need an upper bound of what they write.
    func needsBound(_ context: RequestContext) -> Bool {
        guard let limits = context.keyID.flatMap({ keys.key(id: $0) })?.limits else { return false }
        return limits.hasBudget || limits.tokensPerMinute != nil
    }

    /// Holds the most that a request may take: all of it or, where it throws, nothing. nil where its key has no limit.
    /// `startedAt` says which day's and month's budget pays.
    func hold(
        _ demand: Demand, of keyID: String?, at startedAt: Int64, _ services: RequestRecord.Services
    ) throws(RequestError) -> Hold? {
        guard let key = keyID.flatMap({ keys.key(id: $0) }),
            key.limits.hasBudget || key.limits.tokensPerMinute != nil
        else { return nil }
        let amount = key.limits.hasBudget ? try demand.cost(services) : nil
        let now = clock.elapsed()
        return try state.withLock { state throws(RequestError) in
            try Self.hold(demand.tokens, amount, of: key, at: now, startedAt, &state)
        }
    }

    private static func hold(
        _ tokens: Int, _ amount: NanoUSD?, of key: Key, at now: Duration, _ startedAt: Int64, _ state: inout State
    ) throws(RequestError) -> Hold {
        let reservation: BudgetBook.ReservationID?
        if let amount {
            reservation = try state.budgets.reserve(amount, of: key.id, limits: key.limits, at: startedAt)
        } else {
            reservation = nil
        }
        do {
            try take(tokens, of: key, \.tokens, .tokens, at: now, &state)
        } catch {
            if let reservation { state.budgets.settle(reservation, cost: .zero) }
            throw error
        }
        defer { state.nextHold += 1 }
        state.holds[state.nextHold] = OpenHold(key: key.id, tokens: tokens, reservation: reservation)
        return Hold(id: state.nextHold, amount: amount)
    }

    /// Puts what a request came to in the place of what it held. A second time it does nothing.
    func settle(_ hold: Hold, tokens: Int, cost: NanoUSD) {
        let now = clock.elapsed()
        state.withLock { state in
            guard let open = state.holds.removeValue(forKey: hold.id) else { return }
            if let reservation = open.reservation { state.budgets.settle(reservation, cost: cost) }
            state.accounts[open.key]?.tokens?.correct(by: open.tokens - tokens, at: now)
        }
    }

    private static func take(
        _ count: Int, of key: Key, _ path: WritableKeyPath<Account, TokenBucket?>, _ kind: RateLimitKind,
        at now: Duration, _ state: inout State
    ) throws(RequestError) {
        var account = state.accounts[key.id] ?? Account(key.limits, at: now)
        guard var bucket = account[keyPath: path] else { return }
        let taking = bucket.take(count, at: now)
        account[keyPath: path] = bucket
        state.accounts[key.id] = account
        switch taking {
        case .taken: break
        case .wait(let duration): throw .rateLimited(kind, limit: bucket.limit, retryAfter: duration)
        case .never: throw .rateLimited(kind, limit: bucket.limit, retryAfter: nil)
        }
    }
}

extension Accounts: Gatekeeper {
    package func identify(_ credential: Credential, for access: Access) throws(RequestError) -> Caller {
        guard access != .anyone, access != .watch || needsKey else { return .anonymous }
        let key: Key
        do {
            key = try self.key(credential)
        } catch let refusal as KeyRing.Refusal {
            if access == .client, try isOpen() { return .anonymous }
            throw .authenticationFailed(reason: refusal.words)
        } catch let error as RequestError {
            if access == .client, try isOpen() { return .anonymous }
            throw error
        } catch {
            throw Self.unreadable
        }
        if access == .watch {
            guard key.draft.role == .admin, key.draft.tenant == nil else {
                throw .permissionDenied(reason: "this takes the key of an administrator of all tenants")
            }
            return Caller(key: key)
        }
        guard access.rawValue == key.draft.role.rawValue else {
            throw .permissionDenied(
                reason: "this takes a key of the role \(access.rawValue), not \(key.draft.role.rawValue)")
        }
        return Caller(key: key)
    }

    private func key(_ credential: Credential) throws -> Key {
        switch credential {
        case .key(let secret): return try keys.key(for: secret)
        case .none: throw RequestError.authenticationFailed(reason: "send a key as 'Authorization: Bearer KEY'")
        case .unreadable(let reason): throw RequestError.authenticationFailed(reason: reason)
        }
    }

    /// Whether clients need no key, as none was ever made.
    private func isOpen() throws(RequestError) -> Bool {
        guard !needsKey else { return false }
        do { return try keys.isEmpty() } catch { throw Self.unreadable }
    }

    /// A key that was revoked meanwhile must not be taken for one that holds.
    private static let unreadable = RequestError.unavailable(
        what: "keys", reason: "they cannot be read", retryAfterSeconds: 5)

    package func enter(_ caller: Caller) throws(RequestError) {
        guard let key = caller.key else { return }
        let now = clock.elapsed()
        try state.withLock { state throws(RequestError) in
            let running = state.accounts[key.id]?.running ?? 0
            if let limit = key.limits.concurrentRequests, running >= limit {
                throw .rateLimited(.concurrent, limit: limit, retryAfter: .seconds(1))
            }
            try Self.take(1, of: key, \.requests, .requests, at: now, &state)
            state.accounts[key.id, default: Account(key.limits, at: now)].running += 1
        }
    }

    package func leave(_ caller: Caller) {
        guard let key = caller.key else { return }
        state.withLock { state in
            guard let running = state.accounts[key.id]?.running else { return }
            state.accounts[key.id]?.running = max(0, running - 1)
        }
    }

    package func standing(of caller: Caller) -> RateStanding? {
        guard let key = caller.key, key.limits.requestsPerMinute != nil || key.limits.tokensPerMinute != nil else {
            return nil
        }
        let now = clock.elapsed()
        return state.withLock { state in
            var account = state.accounts[key.id] ?? Account(key.limits, at: now)
            return RateStanding(
                requests: account.requests?.standing(at: now), tokens: account.tokens?.standing(at: now))
        }
    }
}

extension KeyRing.Refusal {
    fileprivate var words: String {
        switch self {
        case .unknown: "the key is none of this server's"
        case .revoked: "the key was revoked"
        case .expired: "the key has expired"
        }
    }
}
