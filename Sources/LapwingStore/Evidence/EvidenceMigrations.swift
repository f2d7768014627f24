import GRDB

/// The schema of the evidence's file, as the steps that lead to it. A step that has been shipped is never changed.
enum EvidenceMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 evidence") { try $0.execute(sql: evidence) }
        return migrator
    }

    /// An outcome is of one side's answer to a request, by one source: `author` is the key that sent it, empty where no key
    /// was needed or a program of ours found it.
    private static let evidence = """
        CREATE TABLE answers (
            request_id TEXT PRIMARY KEY,
            route TEXT NOT NULL,
            model TEXT NOT NULL,                    -- whose answer was judged; where none was, whose answer was given
            tenant TEXT NOT NULL,
            tier TEXT NOT NULL,
            task TEXT,
            language TEXT,
            started_at INTEGER NOT NULL,            -- milliseconds since 1970, as all times here
            decision TEXT NOT NULL,
            evidence TEXT,                          -- JSON; NULL where the answer came without
            features TEXT,                          -- never written
            probability REAL,
            calibrator TEXT,
            arm TEXT,                               -- of a canary: 'current' or 'candidate'
            unit TEXT,                              -- what the canary drew the arm by, hashed
            prompt TEXT,                            -- texts only where the configuration says so
            answer TEXT
        ) STRICT;
        CREATE INDEX answers_by_route ON answers (route, started_at);
        CREATE INDEX answers_by_time ON answers (started_at);

        CREATE TABLE outcomes (
            request_id TEXT NOT NULL,
            source TEXT NOT NULL,
            author TEXT NOT NULL,
            side TEXT NOT NULL CHECK (side IN ('open', 'closed')),
            right INTEGER,
            score REAL,
            correction TEXT,
            comment TEXT,
            weight REAL NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (request_id, source, author, side)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE canaries (
            route TEXT NOT NULL,
            candidate TEXT NOT NULL,
            began_at INTEGER NOT NULL,
            rolled_back_at INTEGER,
            PRIMARY KEY (route, candidate)
        ) STRICT, WITHOUT ROWID;
        """
}
