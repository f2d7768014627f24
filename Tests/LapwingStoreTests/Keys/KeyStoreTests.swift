import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Keys as they are kept")
struct KeyStoreTests {
    let folder: TemporaryFolder
    let store: KeyStore
    private let clock = ManualClock()

    init() throws {
        folder = try TemporaryFolder()
        store = try KeyStore(folder: folder.path)
    }

    private func ring(_ store: KeyStore? = nil, at now: Int64 = 1000) throws -> KeyRing {
        try KeyRing(store ?? self.store, clock: clock, milliseconds: { now })
    }

    private func make(_ name: String = "a", changing change: (inout KeyDraft) -> Void = { _ in }) throws -> NewKey {
        var draft = KeyDraft(name: name)
        change(&draft)
        return try store.create(draft, at: 500)
    }

    private var secretPath: String { folder.path + "/keys.secret" }

    private func raw<T>(_ body: (Database) throws -> T) throws -> T {
        try DatabaseQueue(path: folder.path + "/keys.sqlite").writeWithoutTransaction(body)
    }

    @Test("A key is known by its text, with all that was said of it")
    func known() throws {
        let made = try make { draft in
            draft.tier = "gold"
            draft.tenant = "acme"
            draft.project = "birds"
            draft.routes = ["support", "a, \"b\""]
            draft.expiresAt = 2000
            draft.limits.requestsPerMinute = 1
            draft.limits.tokensPerMinute = 2
            draft.limits.concurrentRequests = 3
            draft.limits.dailyBudget = NanoUSD(4)
            draft.limits.monthlyBudget = NanoUSD(5)
        }
        #expect(try ring().key(for: made.secret) == made.key)
        #expect(try store.keys() == [made.key])
        #expect(made.secret.reveal().hasPrefix("lw-") && made.secret.reveal().utf8.count == 52)
        #expect(made.secret.reveal().hasPrefix(made.key.hint) && made.key.hint.utf8.count == 7)
        #expect(made.key.id.wholeMatch(of: /key_[0-9A-Za-z]{12}/) != nil)
    }

    @Test("The stored hash opens nothing, whichever way it is written")
    func hashIsNoCredential() throws {
        let made = try make()
        let hash = try raw { try #require(try Data.fetchOne($0, sql: "SELECT hash FROM keys")) }
        let hexadecimal = hash.map { String(format: "%02x", $0) }.joined()
        let ring = try ring()
        for text in [
            hexadecimal, "lw-" + hexadecimal, hash.base64EncodedString(), String(decoding: hash, as: UTF8.self),
        ] {
            #expect(throws: KeyRing.Refusal.unknown) { _ = try ring.key(for: Secret(text)) }
        }
        // Nothing of the text is in the file but what lists show.
        let file = try Data(contentsOf: URL(filePath: folder.path + "/keys.sqlite-wal"))
        #expect(file.range(of: Data(made.key.hint.utf8)) != nil)
        #expect(file.range(of: Data(made.secret.reveal().dropFirst(made.key.hint.count).prefix(8).utf8)) == nil)
    }

    @Test("Without the folder's secret a hash proves nothing: the same file beside another secret knows no key")
    func hashIsKeyed() throws {
        let made = try make()
        let other = try TemporaryFolder()
        try raw { try $0.execute(sql: "VACUUM INTO ?", arguments: [other.path + "/keys.sqlite"]) }
        #expect(throws: StoreError.self) { _ = try KeyStore(folder: other.path) }
        try Data(repeating: 7, count: 32).write(to: URL(filePath: other.path + "/keys.secret"))
        chmod(other.path + "/keys.secret", 0o600)
        let ring = try ring(KeyStore(folder: other.path))
        #expect(throws: KeyRing.Refusal.unknown) { _ = try ring.key(for: made.secret) }
    }

    @Test("A text that differs from a key in one character is none, with a check that fits too")
    func wholeTextCounts() throws {
        let made = try make()
        let ring = try ring()
        let text = Array(made.secret.reveal())
        for index in 3..<46 {
            var changed = text[3..<46]
            changed[index] = changed[index] == "a" ? "b" : "a"
            let forged = Secret("lw-" + String(changed) + KeyText.check(String(changed)))
            #expect(KeyText.isWellFormed(forged))
            #expect(throws: KeyRing.Refusal.unknown) { _ = try ring.key(for: forged) }
        }
    }

    @Test("The secret is its owner's alone; one that others can read, that is short or missing is refused")
    func secretFile() throws {
        _ = try make()
        var status = stat()
        #expect(stat(secretPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
        chmod(secretPath, 0o640)
        #expect(throws: StoreError.self) { _ = try KeyStore(folder: folder.path) }
        chmod(secretPath, 0o600)
        let secret = try Data(contentsOf: URL(filePath: secretPath))
        try secret.prefix(31).write(to: URL(filePath: secretPath))
        #expect(throws: StoreError.self) { _ = try KeyStore(folder: folder.path) }
        unlink(secretPath)
        let error = #expect(throws: StoreError.self) { _ = try KeyStore(folder: folder.path) }
        #expect("\(try #require(error))".contains("it is missing"))
    }

    @Test("What another process makes or revokes is known within the lag, and a new key at once")
    func otherProcess() throws {
        let ring = try ring()
        #expect(try ring.isEmpty())
        let other = try KeyStore(folder: folder.path)
        let made = try other.create(KeyDraft(name: "b"), at: 500)
        #expect(try ring.key(for: made.secret).id == made.key.id)
        _ = try other.revoke(made.key.id, at: 700)
        clock.advance(by: KeyRing.lag)
        #expect(throws: KeyRing.Refusal.revoked) { _ = try ring.key(for: made.secret) }
        #expect(try !ring.isEmpty())
    }

    @Test("A key ends when it expires, to the millisecond")
    func expiry() throws {
        let made = try make { $0.expiresAt = 1000 }
        #expect(try ring(at: 999).key(for: made.secret).id == made.key.id)
        #expect(throws: KeyRing.Refusal.expired) { _ = try ring(at: 1000).key(for: made.secret) }
    }

    @Test("Rotating gives a new text at once and keeps the old one as long as was asked")
    func rotation() throws {
        let made = try make()
        let first = try #require(try store.rotate(made.key.id, oldUntil: 1500, at: 1000))
        #expect(first.key.id == made.key.id && first.secret.reveal() != made.secret.reveal())
        #expect(try ring(at: 1499).key(for: made.secret).id == made.key.id)
        #expect(throws: KeyRing.Refusal.expired) { _ = try ring(at: 1500).key(for: made.secret) }
        #expect(try ring(at: 1500).key(for: first.secret).hint == first.key.hint)
        let second = try #require(try store.rotate(made.key.id, oldUntil: 1000, at: 1000))
        #expect(throws: KeyRing.Refusal.unknown) { _ = try ring().key(for: made.secret) }
        #expect(throws: KeyRing.Refusal.expired) { _ = try ring().key(for: first.secret) }
        #expect(try ring().key(for: second.secret).id == made.key.id)
        _ = try store.revoke(made.key.id, at: 1200)
        #expect(try store.rotate(made.key.id, oldUntil: 9000, at: 1300) == nil)
        #expect(throws: KeyRing.Refusal.revoked) { _ = try ring().key(for: second.secret) }
    }

    @Test("A tenant's keys are neither seen nor ended by another, and a key without a tenant is of the default one")
    func tenants() throws {
        let acme = try make { $0.tenant = "acme" }.key
        let plain = try make().key
        #expect(try store.keys(tenant: "acme") == [acme] && store.keys(tenant: "default") == [plain])
        #expect(try store.key(acme.id, tenant: "default") == nil)
        #expect(try store.revoke(acme.id, tenant: "default", at: 700) == nil)
        #expect(try store.key(acme.id)?.revokedAt == nil)
        #expect(try store.revoke(acme.id, tenant: "acme", at: 700)?.revokedAt == 700)
        #expect(try store.revoke(acme.id, at: 900)?.revokedAt == 700)
    }

    @Test("Names that are SQL are names", arguments: ["'; DROP TABLE keys; --", "\" OR 1=1 --", "?1", "%00"])
    func namesAreData(name: String) throws {
        let made = try make(name) { ($0.tenant, $0.tier, $0.project, $0.routes) = (name, name, name, [name]) }
        #expect(try store.keys(tenant: name) == [made.key])
        #expect(try store.key(name) == nil && store.revoke(name, at: 1) == nil)
    }

    @Test("Nothing that prints, reflects or dumps a secret shows it")
    func secretsAreSilent() throws {
        let made = try make()
        let text = made.secret.reveal()
        var dumped = ""
        dump(made, to: &dumped)
        for shown in ["\(made)", "\(made.secret)", String(reflecting: made), dumped, "\(Credential.key(made.secret))"] {
            #expect(!shown.contains(text) && !shown.contains(text.dropFirst(3)))
        }
    }

    @Test("The file of keys is no ledger, nor the other way round")
    func kinds() throws {
        #expect(throws: StoreError.self) { _ = try Ledger(path: folder.path + "/keys.sqlite") }
        let other = try TemporaryFolder()
        _ = try Ledger(path: other.path + "/keys.sqlite")
        #expect(throws: StoreError.self) { _ = try KeyStore(folder: other.path) }
    }
}
