import Foundation
import GRDB
import LapwingAPI

/// The keys of a data folder: made, listed, revoked, rotated. Several processes may have it open at once.
package final class KeyStore: Sendable {
    let path: String
    let pool: DatabasePool
    let secret: KeySecret

    /// Opens the file of keys in `folder` and the secret beside it, or makes both.
    package init(folder: String) throws {
        path = folder + "/keys.sqlite"
        let secretPath = folder + "/keys.secret"
        // The command line and a server may come first at the same moment.
        let lock = try FileLock(guarding: path, waits: true)
        let pool = try StoreDatabase.keys.open(path: path, synchronous: .full)
        let isEmpty = try StoreError.mapping(path: path) {
            try pool.read { db in try Row.fetchOne(db, sql: "SELECT 1 FROM keys LIMIT 1") == nil }
        }
        secret = try KeySecret(path: secretPath, mayMake: isEmpty)
        self.pool = pool
        withExtendedLifetime(lock) {}
    }

    /// Makes a key. Its text is in the answer and nowhere else.
    package func create(_ draft: KeyDraft, at now: Int64) throws -> NewKey {
        var draft = draft
        // So that every query by tenant finds it.
        if draft.role == .client { draft.tenant = draft.tenant ?? "default" }
        var random = SystemRandomNumberGenerator()
        let text = KeyText.make(&random)
        let key = Key(
            id: "key_" + KeyText.letters(12, &random), draft: draft, hint: KeyText.hint(of: text), createdAt: now)
        try write { db in try KeyRows.insert(StoredKey(key: key, hash: secret.hash(text)), db) }
        return NewKey(key: key, secret: text)
    }

    /// Every key ever made, oldest first; those of `tenant` alone where one is given.
    package func keys(tenant: String? = nil) throws -> [Key] {
        try read { db in try KeyRows.all(tenant: tenant, db).map(\.key) }
    }

    /// nil where there is none of that id, or it is another tenant's.
    package func key(_ id: String, tenant: String? = nil) throws -> Key? {
        try read { db in try KeyRows.all(tenant: tenant, id: id, db).first?.key }
    }

    /// Ends a key for good, its text before a rotation too; one that was revoked before stays as it is. nil where there is
    /// none of that id, or it is another tenant's.
    package func revoke(_ id: String, tenant: String? = nil, at now: Int64) throws -> Key? {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE keys SET revoked_at = coalesce(revoked_at, ?1), old_hash = NULL, old_until = NULL
                    WHERE id = ?2 AND (?3 IS NULL OR tenant = ?3)
                    """, arguments: [now, id, tenant])
            return try KeyRows.all(tenant: tenant, id: id, db).first?.key
        }
    }

    /// Gives a key a new text; the one before is accepted up to `oldUntil`, and the one before that no more. nil where
    /// there is no such key that holds.
    package func rotate(_ id: String, oldUntil: Int64, at now: Int64) throws -> NewKey? {
        var random = SystemRandomNumberGenerator()
        let text = KeyText.make(&random)
        return try write { db in
            try db.execute(
                sql: """
                    UPDATE keys SET old_hash = hash, old_until = ?1, hash = ?2, hint = ?3
                    WHERE id = ?4 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?5)
                    """,
                arguments: [oldUntil, Data(secret.hash(text)), KeyText.hint(of: text), id, now])
            guard db.changesCount > 0 else { return nil }
            return try KeyRows.all(tenant: nil, id: id, db).first.map { NewKey(key: $0.key, secret: text) }
        }
    }

    /// How often the file was written to.
    func changeCount() throws -> Int64 {
        try read { try Int64.fetchOne($0, sql: "SELECT count FROM changes") ?? 0 }
    }

    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try StoreError.mapping(path: path) { try pool.read(body) }
    }

    private func write<T>(_ body: (Database) throws -> T) throws -> T {
        try StoreError.mapping(path: path) { try pool.write(body) }
    }
}
