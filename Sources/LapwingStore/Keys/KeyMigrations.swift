import GRDB

/// The schema of the keys' file, as the steps that lead to it. A step that has been shipped is never changed.
enum KeyMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 keys") { try $0.execute(sql: keys) }
        return migrator
    }

    /// `changes` counts what was written, so that a process can tell that another has written.
    private static let keys = """
        CREATE TABLE keys (
            id TEXT PRIMARY KEY,
            hash BLOB NOT NULL UNIQUE,              -- HMAC-SHA-256 of the key's text, by the folder's secret
            old_hash BLOB UNIQUE,                   -- of the text before the last rotation
            old_until INTEGER,                      -- up to when that is accepted; milliseconds since 1970, as all times
            hint TEXT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL CHECK (role IN ('client', 'admin')),
            tenant TEXT,                            -- NULL: of an administrator who sees all
            tier TEXT NOT NULL,
            project TEXT,
            routes TEXT,                            -- a JSON array; NULL is all
            created_at INTEGER NOT NULL,
            expires_at INTEGER,
            revoked_at INTEGER,
            requests_per_minute INTEGER,
            tokens_per_minute INTEGER,
            concurrent_requests INTEGER,
            daily_budget INTEGER,                   -- nano-US-dollars
            monthly_budget INTEGER
        ) STRICT;

        CREATE TABLE changes (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
        INSERT INTO changes VALUES (1, 0);
        CREATE TRIGGER keys_insert AFTER INSERT ON keys BEGIN UPDATE changes SET count = count + 1; END;
        CREATE TRIGGER keys_update AFTER UPDATE ON keys BEGIN UPDATE changes SET count = count + 1; END;
        CREATE TRIGGER keys_delete AFTER DELETE ON keys BEGIN UPDATE changes SET count = count + 1; END;
        """
}
