import GRDB

/// The schema, as the steps that lead to it. A step that has been shipped is never changed; a new one is added.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 ledger") { try $0.execute(sql: ledger) }
        migrator.registerMigration("2 prices") { try $0.execute(sql: prices) }
        migrator.registerMigration("3 entries by time") { try $0.execute(sql: entriesByTime) }
        migrator.registerMigration("4 reserved") { try $0.execute(sql: reserved) }
        migrator.registerMigration("5 cached answers") { try $0.execute(sql: cachedAnswers) }
        migrator.registerMigration("6 endpoints") { try $0.execute(sql: endpoints) }
        migrator.registerMigration("7 runs") { try $0.execute(sql: runs) }
        return migrator
    }

    /// `names` holds each distinct text once, so that an entry spends a byte or two on a model's name.
    /// `entries` and `calls` hold ids of `names` wherever a column is an INTEGER that is a word to the reader.
    private static let ledger = """
        CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

        CREATE TABLE entries (
            seq INTEGER PRIMARY KEY,
            request_id TEXT NOT NULL UNIQUE,
            started_at INTEGER NOT NULL,            -- milliseconds since 1970
            endpoint INTEGER NOT NULL,
            route INTEGER NOT NULL,
            model INTEGER NOT NULL,
            tenant INTEGER NOT NULL,
            key INTEGER,
            tier INTEGER NOT NULL,
            user INTEGER,
            metadata BLOB,                          -- a canonical list of pairs; NULL is the empty list
            stream INTEGER NOT NULL,
            kind INTEGER NOT NULL,
            parent TEXT,
            status INTEGER NOT NULL,
            ended_at INTEGER NOT NULL,
            decision INTEGER,
            confidence REAL,
            calibrator INTEGER,
            calibrated INTEGER,
            threshold REAL,
            escalation INTEGER,
            counterfactual_model INTEGER,
            counterfactual_cost INTEGER,            -- nano-US-dollars, as all money here
            counterfactual_low INTEGER,
            counterfactual_high INTEGER,
            counterfactual_estimated INTEGER,
            error INTEGER,
            latency INTEGER,                        -- milliseconds
            first_token INTEGER,
            hash BLOB NOT NULL
        ) STRICT;

        CREATE TABLE calls (
            entry INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            model INTEGER NOT NULL,
            side INTEGER NOT NULL,
            role INTEGER NOT NULL,
            prompt_tokens INTEGER NOT NULL,
            cached_tokens INTEGER NOT NULL,
            completion_tokens INTEGER NOT NULL,
            compute INTEGER,                        -- nanoseconds
            estimated INTEGER NOT NULL,
            cost INTEGER,                           -- NULL is unpriced
            price_source INTEGER,
            latency INTEGER NOT NULL,
            first_token INTEGER,
            failure INTEGER,
            PRIMARY KEY (entry, ordinal)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE head (
            id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL
        ) STRICT;
        INSERT INTO head VALUES (1, 0, zeroblob(32));

        CREATE TABLE intents (request_id TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TRIGGER entries_insert BEFORE INSERT ON entries
        WHEN NEW.seq <> coalesce((SELECT max(seq) FROM entries), 0) + 1
            OR EXISTS (SELECT 1 FROM entries WHERE request_id = NEW.request_id)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: one entry a request, in order'); END;
        CREATE TRIGGER entries_update BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER entries_delete BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER calls_insert BEFORE INSERT ON calls
        WHEN NEW.entry <> (SELECT max(seq) FROM entries)
            OR NEW.ordinal <> (SELECT count(*) FROM calls WHERE entry = NEW.entry)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a call belongs to the newest entry'); END;
        CREATE TRIGGER calls_update BEFORE UPDATE ON calls
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER calls_delete BEFORE DELETE ON calls
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER names_update BEFORE UPDATE ON names
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        CREATE TRIGGER names_delete BEFORE DELETE ON names
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
        """

    /// `price_imports` is one row a file read; its prices hold from `effective` on.
    private static let prices = """
        CREATE TABLE price_imports (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            sha256 BLOB NOT NULL,
            effective TEXT NOT NULL,                -- YYYY-MM-DD
            imported_at INTEGER NOT NULL            -- milliseconds since 1970
        ) STRICT;

        CREATE TABLE imported_prices (
            import INTEGER NOT NULL,
            model TEXT NOT NULL,
            input INTEGER NOT NULL,                 -- nano-US-dollars a million tokens
            cached_input INTEGER,
            output INTEGER NOT NULL,
            PRIMARY KEY (import, model)
        ) STRICT, WITHOUT ROWID;
        """

    /// What a key's budget held for the request, in nano-US-dollars; NULL where the key had none.
    private static let reserved = "ALTER TABLE entries ADD COLUMN reserved INTEGER"

    /// Of an answer that was kept from an earlier request: that request, and what its calls cost, in nano-US-dollars. Both
    /// are NULL for any other entry; the cost alone where a call of it had no price.
    private static let cachedAnswers = """
        ALTER TABLE entries ADD COLUMN cached_from TEXT;
        ALTER TABLE entries ADD COLUMN spared INTEGER;
        """

    /// Which endpoint answered; NULL for a model in this process.
    private static let endpoints = "ALTER TABLE calls ADD COLUMN endpoint INTEGER"

    /// When the server ran, and what an hour of its machine cost: what idle time is told by. No part of the chain.
    private static let runs = """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            started_at INTEGER NOT NULL,            -- milliseconds since 1970
            seen_at INTEGER NOT NULL,               -- when it was last known to run
            per_hour INTEGER NOT NULL               -- nano-US-dollars
        ) STRICT;
        """

    /// Finds the entries of a period without reading all that came before it.
    private static let entriesByTime = "CREATE INDEX entries_by_time ON entries (started_at)"
}
