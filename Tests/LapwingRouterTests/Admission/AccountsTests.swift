import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Who is let in")
struct AccountsTests {
    private let folder: TemporaryFolder
    private let store: KeyStore
    private let clock = ManualClock()

    init() throws {
        folder = try TemporaryFolder()
        store = try KeyStore(folder: folder.path)
    }

    private func accounts(needsKey: Bool = false, spending: [KeySpending] = []) throws -> Accounts {
        let time = RouterTime(clock: clock) { 1_717_200_000_000 }
        return Accounts(
            try KeyRing(store, clock: clock, milliseconds: time.milliseconds), spending: spending, needsKey: needsKey,
            time: time)
    }

    private func make(_ change: (inout KeyDraft) -> Void = { _ in }) throws -> NewKey {
        var draft = KeyDraft(name: "k")
        change(&draft)
        return try store.create(draft, at: 0)
    }

    private func isRefused(_ error: RequestError?) -> Bool {
        if case .authenticationFailed = error { true } else { false }
    }

    @Test("Without a key any credential or none will do, until the first is made; off this machine none ever does")
    func noKeyYet() throws {
        let (near, far) = (try accounts(), try accounts(needsKey: true))
        let shown: [Credential] = [.none, .key(Secret("anything")), .unreadable(reason: "odd")]
        for credential in shown {
            #expect(try near.identify(credential, for: .client) == .anonymous)
            #expect(isRefused(#expect(throws: RequestError.self) { try far.identify(credential, for: .client) }))
            #expect(isRefused(#expect(throws: RequestError.self) { try near.identify(credential, for: .admin) }))
        }
        let made = try make()
        clock.advance(by: KeyRing.lag)
        for credential in shown {
            #expect(isRefused(#expect(throws: RequestError.self) { try near.identify(credential, for: .client) }))
        }
        #expect(try near.identify(.key(made.secret), for: .client).key == made.key)
        // A key that was revoked does not open the door to everybody again.
        _ = try store.revoke(made.key.id, at: 5)
        clock.advance(by: KeyRing.lag)
        #expect(isRefused(#expect(throws: RequestError.self) { try near.identify(.none, for: .client) }))
    }

    @Test("What watches all tenants is open on this machine alone; elsewhere it takes an administrator of all of them")
    func watching() throws {
        let (near, far) = (try accounts(), try accounts(needsKey: true))
        let keys = [try make(), try make { ($0.role, $0.tenant) = (.admin, "acme") }]
        let admin = try make { $0.role = .admin }
        clock.advance(by: KeyRing.lag)
        for credential in [Credential.none, .key(Secret("x")), .key(keys[0].secret)] {
            #expect(try near.identify(credential, for: .watch) == .anonymous)
        }
        #expect(isRefused(#expect(throws: RequestError.self) { try far.identify(.none, for: .watch) }))
        for key in keys {
            #expect {
                try far.identify(.key(key.secret), for: .watch)
            } throws: {
                if case .permissionDenied? = $0 as? RequestError { true } else { false }
            }
        }
        #expect(try far.identify(.key(admin.secret), for: .watch).key == admin.key)
    }

    @Test("A role opens its own doors and no other")
    func roles() throws {
        let (client, admin) = (try make(), try make { $0.role = .admin })
        let accounts = try accounts()
        for (made, access) in [(client, Access.client), (admin, .admin)] {
            #expect(try accounts.identify(.key(made.secret), for: access).key == made.key)
            let other: Access = access == .client ? .admin : .client
            let refusal = #expect(throws: RequestError.self) { try accounts.identify(.key(made.secret), for: other) }
            guard case .permissionDenied = refusal else {
                Issue.record("\(String(describing: refusal))")
                continue
            }
        }
        #expect(try accounts.identify(.none, for: .anyone) == .anonymous)
    }

    @Test("Whatever stands in the place of a key is refused, and leaves the keys as they were")
    func hostileKeys() throws {
        let made = try make()
        let accounts = try accounts()
        var random = SplitMix64(seed: 3)
        let text = made.secret.reveal()
        var hostile = [
            "' OR '1'='1", "x'; DROP TABLE keys; --", "lw-' UNION SELECT hash FROM keys --", "\0", "lw-", text + "\0",
            text + " ", text.lowercased(), String(text.dropLast()), text + text, "%s%n", "${jndi:ldap://x}",
            "key_000000000000", made.key.id, made.key.hint,
        ]
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            hostile.append(String(decoding: bytes, as: UTF8.self))
            var changed = Array(text.utf8)
            changed[Int.random(in: changed.indices, using: &random)] ^= UInt8(
                1 << Int.random(in: 0...7, using: &random))
            hostile.append(String(decoding: changed, as: UTF8.self))
        }
        for secret in hostile {
            let refusal = #expect(throws: RequestError.self) {
                try accounts.identify(.key(Secret(secret)), for: .client)
            }
            #expect(refusal == .authenticationFailed(reason: "the key is none of this server's"))
        }
        #expect(try store.keys() == [made.key])
        #expect(try accounts.identify(.key(made.secret), for: .client).key == made.key)
    }

    @Test("Requests a minute and at once are counted by key, refused ones take nothing, and who leaves makes room")
    func limits() throws {
        let made = try make { ($0.limits.requestsPerMinute, $0.limits.concurrentRequests) = (3, 2) }
        let accounts = try accounts()
        let (caller, other) = (Caller(key: made.key), Caller(key: try make().key))
        try accounts.enter(caller)
        try accounts.enter(caller)
        #expect(throws: RequestError.rateLimited(.concurrent, limit: 2, retryAfter: .seconds(1))) {
            try accounts.enter(caller)
        }
        #expect(accounts.standing(of: caller)?.requests?.remaining == 1)
        accounts.leave(caller)
        try accounts.enter(caller)
        accounts.leave(caller)
        #expect(throws: RequestError.rateLimited(.requests, limit: 3, retryAfter: .seconds(20))) {
            try accounts.enter(caller)
        }
        for _ in 0..<10 { try accounts.enter(other) }
        #expect(accounts.standing(of: other) == nil)
        clock.advance(by: .seconds(20))
        try accounts.enter(caller)
    }

    @Test("What the ledger says was spent this month is spent")
    func earlierSpending() throws {
        let made = try make { $0.limits.monthlyBudget = NanoUSD(100) }
        let spending = [
            KeySpending(key: made.key.id, startedAt: 1_717_200_000_000, spent: NanoUSD(30), overrun: NanoUSD(5))
        ]
        let standing = try #require(try accounts(spending: spending).budgets(of: made.key).first)
        #expect(standing.spent == NanoUSD(30) && standing.overrun == NanoUSD(5) && standing.left == NanoUSD(65))
        // The first of June 2024.
        #expect(Accounts.monthStart(at: 1_717_300_000_000) == 1_717_200_000_000)
    }
}
