import Foundation
import GRDB
import LapwingAPI

/// A key as it lies in the file.
struct StoredKey: Sendable {
    var key: Key
    var hash: [UInt8]
    /// Of the text before the last rotation, and up to when it is accepted.
    var old: (hash: [UInt8], until: Int64)?
}

/// The columns of a key, in the one order that writing and reading share.
enum KeyRows {
    private static let columns = """
        id, hash, old_hash, old_until, hint, name, role, tenant, tier, project, routes, created_at, expires_at, \
        revoked_at, requests_per_minute, tokens_per_minute, concurrent_requests, daily_budget, monthly_budget
        """

    static func insert(_ stored: StoredKey, _ db: Database) throws {
        let (key, draft, limits) = (stored.key, stored.key.draft, stored.key.limits)
        let routes = try draft.routes.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        try db.execute(
            sql: """
                INSERT INTO keys (\(columns))
                VALUES (?, ?, NULL, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)
                """,
            arguments: [
                key.id, Data(stored.hash), key.hint, draft.name, draft.role.rawValue, draft.tenant, draft.tier,
                draft.project, routes, key.createdAt, draft.expiresAt, limits.requestsPerMinute,
                limits.tokensPerMinute, limits.concurrentRequests, limits.dailyBudget?.rawValue,
                limits.monthlyBudget?.rawValue,
            ])
    }

    /// In the order they were made. `tenant` nil is every tenant's; the tenant is part of each query, so that none can
    /// forget it.
    static func all(tenant: String?, id: String? = nil, _ db: Database) throws -> [StoredKey] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT \(columns) FROM keys
                WHERE (?1 IS NULL OR tenant = ?1) AND (?2 IS NULL OR id = ?2) ORDER BY created_at, rowid
                """, arguments: [tenant, id]
        ).map(stored)
    }

    private static func stored(_ row: Row) throws -> StoredKey {
        guard let role = KeyRole(rawValue: row["role"]) else {
            throw StoreError.damaged(sequence: nil, reason: "a key's role is none")
        }
        var draft = KeyDraft(name: row["name"])
        draft.role = role
        draft.tenant = row["tenant"]
        draft.tier = row["tier"]
        draft.project = row["project"]
        draft.routes = try (row["routes"] as String?).map {
            try JSONDecoder().decode([String].self, from: Data($0.utf8))
        }
        draft.expiresAt = row["expires_at"]
        draft.limits.requestsPerMinute = row["requests_per_minute"]
        draft.limits.tokensPerMinute = row["tokens_per_minute"]
        draft.limits.concurrentRequests = row["concurrent_requests"]
        draft.limits.dailyBudget = (row["daily_budget"] as Int64?).map(NanoUSD.init)
        draft.limits.monthlyBudget = (row["monthly_budget"] as Int64?).map(NanoUSD.init)
        let key = Key(
            id: row["id"], draft: draft, hint: row["hint"], createdAt: row["created_at"], revokedAt: row["revoked_at"])
        var stored = StoredKey(key: key, hash: [UInt8](row["hash"] as Data))
        if let old = row["old_hash"] as Data?, let until = row["old_until"] as Int64? {
            stored.old = ([UInt8](old), until)
        }
        return stored
    }
}
