import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

@Suite("What administrators may do")
struct KeyOperationsTests {
    private let folder: TemporaryFolder
    private let store: KeyStore
    private let accounts: Accounts
    private let operations: KeyOperations

    init() throws {
        folder = try TemporaryFolder()
        store = try KeyStore(folder: folder.path)
        let time = RouterTime(clock: ManualClock()) { 1000 }
        let ring = try KeyRing(store, clock: time.clock, milliseconds: time.milliseconds)
        accounts = Accounts(ring, spending: [], needsKey: false, time: time)
        operations = KeyOperations(
            store, ring: ring, accounts: accounts, known: ["support"], milliseconds: time.milliseconds)
    }

    private func admin(tenant: String? = nil) throws -> Caller {
        var draft = KeyDraft(name: "ops")
        (draft.role, draft.tenant) = (.admin, tenant)
        return Caller(key: try store.create(draft, at: 0).key)
    }

    private func draft(tenant: String? = nil) -> KeyDraft {
        var draft = KeyDraft(name: "bot")
        draft.tenant = tenant
        return draft
    }

    @Test("A key made or revoked over HTTP holds or ends at once")
    func atOnce() async throws {
        let ops = try admin()
        let made = try await operations.createKey(draft(), by: ops)
        #expect(try accounts.identify(.key(made.secret), for: .client).key == made.key)
        _ = try await operations.revokeKey(made.key.id, by: ops)
        #expect(throws: RequestError.self) { try accounts.identify(.key(made.secret), for: .client) }
    }

    @Test("Nobody makes an administrator over HTTP, whatever the draft says")
    func noAdministrators() async throws {
        var draft = draft()
        draft.role = .admin
        let made = try await operations.createKey(draft, by: try admin())
        #expect(made.key.draft.role == .client)
        #expect(throws: RequestError.self) { try accounts.identify(.key(made.secret), for: .admin) }
    }

    @Test("Who is no administrator does nothing, also where a door let them in")
    func onlyAdministrators() async throws {
        let client = Caller(key: try store.create(draft(), at: 0).key)
        for caller in [client, .anonymous] {
            await #expect(throws: RequestError.self) { try await operations.keys(of: caller) }
            await #expect(throws: RequestError.self) { try await operations.key("x", of: caller) }
            await #expect(throws: RequestError.self) { try await operations.createKey(draft(), by: caller) }
            await #expect(throws: RequestError.self) { try await operations.revokeKey("x", by: caller) }
        }
    }

    @Test("An administrator of a tenant sees, makes and ends that tenant's keys and no other's")
    func tenants() async throws {
        let (all, acme) = (try admin(), try admin(tenant: "acme"))
        let own = try await operations.createKey(draft(), by: acme).key
        #expect(own.tenant == "acme")
        let other = try await operations.createKey(draft(tenant: "evil"), by: all).key
        #expect(try await operations.keys(of: acme).map(\.key.id) == [acme.key?.id, own.id])
        #expect(try await operations.keys(of: all).count == 4)
        let unknown = RequestError.unknownKey(id: other.id)
        await #expect(throws: unknown) { try await operations.key(other.id, of: acme) }
        await #expect(throws: unknown) { try await operations.revokeKey(other.id, by: acme) }
        #expect(try store.key(other.id)?.revokedAt == nil)
        await #expect(throws: RequestError.self) { try await operations.createKey(draft(tenant: "evil"), by: acme) }
        _ = try await operations.revokeKey(own.id, by: acme)
    }

    @Test("A draft that no key can be is refused")
    func drafts() async throws {
        let ops = try admin()
        var bad = [draft(), draft(), draft(tenant: ""), draft(), draft()]
        bad[0].name = "a\nb"
        bad[1].routes = ["nowhere"]
        bad[3].limits.dailyBudget = .zero
        bad[4].routes = []
        for draft in bad {
            await #expect(throws: RequestError.self) { try await operations.createKey(draft, by: ops) }
        }
        #expect(try store.keys().count == 1)
    }
}
