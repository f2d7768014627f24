import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Opening a store")
struct OpeningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A second writer is told who holds the file; when the first is gone the file opens")
    func oneWriter() async throws {
        do {
            let ledger = try Ledger(path: folder.ledger)
            try await ledger.complete(.sample(1))
            #expect(throws: StoreError.inUse(path: folder.ledger, processID: ProcessInfo.processInfo.processIdentifier))
            {
                _ = try Ledger(path: folder.ledger)
            }
        }
        _ = try Ledger(path: folder.ledger)
    }

    @Test(
        "A ledger that is closed can be opened again although a process that is being started holds its lock file too")
    func inheritedDescriptor() throws {
        // What a fork leaves until its child executes a program, here made by `dup`.
        var copies: [Int32] = []
        defer { for copy in copies { close(copy) } }
        do {
            let ledger = try Ledger(path: folder.ledger)
            try withExtendedLifetime(ledger) {
                // All are looked at before the first copy, which may take the number of one that was open while listing.
                let locks = try FileManager.default.contentsOfDirectory(atPath: "/dev/fd").filter { name in
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                    return target?.hasSuffix(folder.ledger + ".lock") == true
                }
                copies = locks.compactMap { Int32($0) }.map { dup($0) }
            }
        }
        _ = try Ledger(path: folder.ledger)
        try #require(copies.count == 1, "the lock file was not found")
    }

    @Test("Reading, verifying, exporting and backing up work beside a writer")
    func readersBesideWriter() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(1))
        let reader = try LedgerReader(path: folder.ledger)
        try await ledger.complete(.sample(2))
        #expect(try reader.verify().entryCount == 2)
        #expect(try reader.report(ReportQuery()).total.requests == 2)
        #expect(try reader.backup(to: folder.file("b.sqlite")).entryCount == 2)
        try await ledger.complete(.sample(3))
        #expect(try reader.entryCount() == 3)
    }

    @Test("A ledger from before kept answers is brought up to date and still verifies, old hashes beside new ones")
    func olderLedger() async throws {
        var reserved = LedgerEntry.sample(2)
        reserved.reserved = NanoUSD(9)
        for entry in [LedgerEntry.sample(1), reserved] { try await Ledger(path: folder.ledger).complete(entry) }
        let raw = try DatabaseQueue(path: folder.ledger)
        try await raw.write { db in
            for column in ["cached_from", "spared"] { try db.execute(sql: "ALTER TABLE entries DROP COLUMN \(column)") }
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '5 cached answers'")
        }
        try raw.close()
        let ledger = try Ledger(path: folder.ledger)
        var hit = LedgerEntry.sample(3)
        hit.cached = CachedAnswer(requestID: "req-1", spared: nil)
        try await ledger.complete(hit)
        #expect(try ledger.reader.verify().failure == nil)
        #expect(try ledger.reader.entries().map(\.entry) == [.sample(1), reserved, hit])
    }

    @Test("An empty file becomes a ledger, with every migration applied once")
    func emptyFile() async throws {
        _ = FileManager.default.createFile(atPath: folder.ledger, contents: Data())
        #expect(throws: StoreError.self) { _ = try LedgerReader(path: folder.ledger) }
        for number in 1...2 { try await Ledger(path: folder.ledger).complete(.sample(number)) }
        #expect(try LedgerReader(path: folder.ledger).verify().entryCount == 2)
        let names = try await DatabaseQueue(path: folder.ledger).read {
            try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations ORDER BY rowid")
        }
        let expected = [
            "1 ledger", "2 prices", "3 entries by time", "4 reserved", "5 cached answers", "6 endpoints", "7 runs",
        ]
        #expect(names == expected)
    }

    @Test("The shipped schema is what it was")
    func shippedSchema() throws {
        _ = try Ledger(path: folder.ledger)
        let names = try DatabaseQueue(path: folder.ledger).read { db in
            try String.fetchAll(
                db, sql: "SELECT type || ' ' || name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1")
        }
        #expect(
            names == [
                "index entries_by_time", "table calls", "table entries", "table grdb_migrations", "table head",
                "table imported_prices",
                "table intents", "table names", "table price_imports", "table runs", "trigger calls_delete",
                "trigger calls_insert",
                "trigger calls_update", "trigger entries_delete", "trigger entries_insert", "trigger entries_update",
                "trigger names_delete", "trigger names_update",
            ])
    }

    @Test("A file of another kind is refused by name and left as it was")
    func foreignFiles() throws {
        try Data(
            "hello, this is no database at all, but a text of more than a hundred bytes, so that its header can be read."
                .utf8
        )
        .write(to: URL(fileURLWithPath: folder.ledger))
        #expect(
            throws: StoreError.notAStore(path: folder.ledger, found: "it does not begin as an SQLite database does")
        ) {
            _ = try Ledger(path: folder.ledger)
        }
        let foreign = folder.file("foreign.sqlite")
        try DatabaseQueue(path: foreign).write { try $0.execute(sql: "CREATE TABLE entries (a)") }
        #expect(throws: StoreError.notAStore(path: foreign, found: "its application id is 0")) {
            _ = try Ledger(path: foreign)
        }
        #expect(throws: StoreError.self) { _ = try LedgerReader(path: foreign) }
    }

    @Test("A store of a newer Lapwing is refused, and an older one is not read without being brought up to date")
    func otherVersions() throws {
        _ = try Ledger(path: folder.ledger)
        let raw = try DatabaseQueue(path: folder.ledger)
        try raw.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9 from the future')") }
        #expect(throws: StoreError.newerSchema(path: folder.ledger)) { _ = try Ledger(path: folder.ledger) }
        #expect(throws: StoreError.newerSchema(path: folder.ledger)) { _ = try LedgerReader(path: folder.ledger) }
        try raw.write {
            try $0.execute(
                sql: """
                    DELETE FROM grdb_migrations WHERE identifier <> '1 ledger';
                    DROP TABLE price_imports; DROP TABLE imported_prices; DROP INDEX entries_by_time;
                    ALTER TABLE entries DROP COLUMN reserved; ALTER TABLE entries DROP COLUMN cached_from;
                    ALTER TABLE entries DROP COLUMN spared; ALTER TABLE calls DROP COLUMN endpoint;
                    DROP TABLE runs;
                    """)
        }
        #expect(throws: StoreError.olderSchema(path: folder.ledger)) { _ = try LedgerReader(path: folder.ledger) }
        _ = try Ledger(path: folder.ledger)
        _ = try LedgerReader(path: folder.ledger).priceBook()
    }

    @Test("A folder that is missing or cannot be written is a clear error")
    func unwritable() throws {
        #expect(throws: StoreError.cannotOpen(path: "/nowhere/l.sqlite", reason: "No such file or directory")) {
            _ = try Ledger(path: "/nowhere/l.sqlite")
        }
        #expect(
            throws: StoreError.cannotOpen(path: "/nowhere/l.sqlite", reason: "there is no such file, or it is empty")
        ) {
            _ = try LedgerReader(path: "/nowhere/l.sqlite")
        }
        // Root may write to any folder of a disk, but nobody makes files in the kernel's own.
        let locked: String
        if geteuid() == 0 {
            locked = "/proc/l.sqlite"
        } else {
            try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
            locked = folder.ledger
        }
        let error = #expect(throws: StoreError.self) { _ = try Ledger(path: locked) }
        guard case .cannotOpen(locked, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("A full disk fails the write with its own error, and what was written before stays whole")
    func fullDisk() async throws {
        var options = LedgerOptions()
        options.pageLimit = 40
        do {
            let ledger = try Ledger(path: folder.ledger, options: options)
            var written: Int64 = 0
            var failedRounds = 0
            // Several at a time, so that a batch fails after some of its writes went well; and on after the first
            // failure, because the failed batch must not have moved the end of the chain that is remembered.
            for round in 0..<200 where failedRounds < 3 {
                let errors = await withTaskGroup(of: StoreError?.self) { group in
                    for number in 0..<20 {
                        group.addTask {
                            do {
                                try await ledger.complete(.sample(round * 20 + number))
                                return nil
                            } catch { return error as? StoreError }
                        }
                    }
                    return await group.reduce(into: [StoreError?]()) { $0.append($1) }
                }
                written += Int64(errors.count { $0 == nil })
                #expect(Set(errors.compactMap { $0 }).isSubset(of: [.diskFull(path: folder.ledger)]))
                if errors.contains(where: { $0 != nil }) { failedRounds += 1 }
            }
            #expect(failedRounds == 3)
            #expect(written > 10)
            let result = try ledger.reader.verify()
            #expect(result.failure == nil)
            #expect(result.entryCount == written)
        }
        // With room again the chain goes on from where it was.
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(20_000))
        #expect(try ledger.reader.verify().failure == nil)
    }

    @Test("An entry returns after a flush of its own, and without one only where that was asked for")
    func synchronousFull() async throws {
        // What a flush is at the disk, and that it comes before the answer's end, the end-to-end test sees.
        #expect(LedgerOptions().durability == .grouped)
        var options = LedgerOptions()
        let ledger = try Ledger(path: folder.ledger, options: options)
        for number in 1...3 {
            let before = try #require(ledger.flushCount)
            try await ledger.complete(.sample(number))
            #expect(try #require(ledger.flushCount) > before)
        }
        options.durability = .deferred
        let other = try Ledger(path: folder.ledger + "2", options: options)
        try await other.complete(.sample(1))
        #expect(other.flushCount == nil)
    }

    @Test("Writes past the queue's limit are refused at once")
    func boundedQueue() async throws {
        var options = LedgerOptions()
        options.queueLimit = 4
        let ledger = try Ledger(path: folder.ledger, options: options)
        let refused = await withTaskGroup(of: Int.self) { group in
            for number in 0..<400 {
                group.addTask {
                    do { try await ledger.complete(.sample(number)) } catch {
                        return error as? StoreError == .queueFull(limit: 4) ? 1 : 1000
                    }
                    return 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect((1..<400).contains(refused))
        #expect(try ledger.reader.entryCount() == Int64(400 - refused))
    }
}
