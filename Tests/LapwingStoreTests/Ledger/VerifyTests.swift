import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Verification")
struct VerifyTests {
    let folder: TemporaryFolder
    /// A closed ledger of eight entries, with metadata, escalations and a parent.
    let original: String

    init() async throws {
        folder = try TemporaryFolder()
        original = folder.file("original.sqlite")
        var options = LedgerOptions()
        options.durability = .deferred
        let ledger = try Ledger(path: folder.ledger, options: options)
        for number in 1...7 { try await ledger.complete(.sample(number)) }
        var full = LedgerEntry.sample(8)
        full.parent = "req-1"
        full.escalation = "unavailable"
        full.errorCode = "late"
        full.reserved = NanoUSD(5_000_000)
        full.cached = CachedAnswer(requestID: "req-2", spared: NanoUSD(7))
        full.calls[1].failure = "reset"
        full.calls[1].endpoint = "10.0.0.5:8000"
        try await ledger.complete(full)
        try ledger.reader.backup(to: original)
    }

    /// A fresh copy without the triggers, as somebody with a file editor has it.
    private func copy(_ name: String = "copy.sqlite") throws -> String {
        let path = folder.file(name)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.copyItem(atPath: original, toPath: path)
        return path
    }

    private func tampered(_ statements: [String]) throws -> VerifyResult {
        let path = try copy()
        let raw = try DatabaseQueue(path: path)
        try raw.write { db in
            for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            for statement in statements { try db.execute(sql: statement) }
        }
        try raw.close()
        return try LedgerReader(path: path).verify()
    }

    @Test("An untouched ledger is whole, and its head is the last entry's hash")
    func whole() throws {
        var calls: [[Int64]] = []
        let reader = try LedgerReader(path: original)
        let result = try reader.verify { calls.append([$0, $1]) }
        #expect(result.failure == nil)
        #expect(result.entryCount == 8)
        #expect(result.callCount == 10)
        let last = try #require(try reader.entries().last)
        #expect(result.head == last.hash.map { (($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined())
        #expect(calls == [[8, 8]])
        #expect(try tampered([]).failure == nil, "dropping the triggers alone must not be what is found")
    }

    @Test("A change to any column of any entry or call is found, and the first bad entry is named")
    func everyColumn() throws {
        let columns = try DatabaseQueue(path: original).read { db in
            try ["entries", "calls"].flatMap { table in
                try db.columns(in: table).map { (table: table, name: $0.name, type: $0.type) }
            }
        }
        #expect(columns.count == 34 + 16)
        for column in columns {
            let key = column.table == "entries" ? "seq" : "entry"
            for entry in [1, 4, 8] {
                // A flag's other value, another existing name, another number, a changed text or blob, or something for nothing.
                let changed =
                    switch column.type {
                    case "REAL": "coalesce(\(column.name), 0) + 0.015625"
                    case "TEXT": "coalesce(\(column.name), '') || 'x'"
                    case "BLOB": "coalesce(CAST(substr(\(column.name), 1, length(\(column.name)) - 1) AS BLOB), x'00')"
                    default: "coalesce(CASE \(column.name) WHEN 1 THEN 2 ELSE \(column.name) + 1 END, 1)"
                    }
                let sql = """
                    UPDATE OR IGNORE \(column.table) SET \(column.name) = \(changed) WHERE \(key) = \(entry)
                    """
                let failure = try tampered([sql]).failure
                // Moving an entry's calls away is noticed at that entry, and so is its own new number.
                if column.name == key && entry != 8 { continue }
                #expect(failure?.sequence == Int64(entry), "\(sql): \(String(describing: failure))")
            }
        }
    }

    @Test(
        "Rows that were removed, added, moved or swapped are found where they are",
        arguments: [
            (1, ["DELETE FROM entries WHERE seq = 1"]),
            (3, ["DELETE FROM entries WHERE seq = 3"]),
            (3, ["DELETE FROM entries WHERE seq = 3", "DELETE FROM calls WHERE entry = 3"]),
            (8, ["DELETE FROM entries WHERE seq = 8", "DELETE FROM calls WHERE entry = 8"]),
            (1, ["DELETE FROM entries", "DELETE FROM calls"]),
            (4, ["DELETE FROM calls WHERE entry = 4 AND ordinal = 1"]),
            (4, ["DELETE FROM calls WHERE entry = 4 AND ordinal = 0"]),
            (4, ["DELETE FROM calls WHERE entry = 4"]),
            (
                5,
                [
                    "INSERT INTO calls SELECT 5, 1, model, side, role, prompt_tokens, cached_tokens, completion_tokens, compute, estimated, cost, price_source, latency, first_token, failure, endpoint FROM calls WHERE entry = 5"
                ]
            ),
            (
                9,
                [
                    "INSERT INTO calls SELECT 9, 0, model, side, role, prompt_tokens, cached_tokens, completion_tokens, compute, estimated, cost, price_source, latency, first_token, failure, endpoint FROM calls WHERE entry = 5"
                ]
            ),
            (
                2,
                [
                    "UPDATE entries SET seq = -seq WHERE seq IN (2, 3)", "UPDATE entries SET seq = 3 WHERE seq = -2",
                    "UPDATE entries SET seq = 2 WHERE seq = -3",
                ]
            ),
            (
                4,
                [
                    "UPDATE calls SET ordinal = 9 WHERE entry = 4 AND ordinal = 0",
                    "UPDATE calls SET ordinal = 0 WHERE entry = 4 AND ordinal = 1",
                    "UPDATE calls SET ordinal = 1 WHERE ordinal = 9",
                ]
            ),
            (8, ["UPDATE entries SET seq = 18 WHERE seq = 8", "UPDATE calls SET entry = 18 WHERE entry = 8"]),
            (1, ["UPDATE entries SET seq = seq + 100", "UPDATE calls SET entry = entry + 100"]),
            (1, ["UPDATE names SET text = 'smollm3' WHERE text = 'smollm2'"]),
            (2, ["UPDATE names SET text = 'user-9' WHERE text = 'user-2'"]),
            (2, ["UPDATE names SET text = CAST(x'757365722d3200' AS TEXT) WHERE text = 'user-2'"]),
            (2, ["DELETE FROM names WHERE text = 'user-2'"]),
            (9, ["UPDATE head SET seq = 7"]),
            (8, ["UPDATE entries SET reserved = 6000000 WHERE seq = 8"]),
            (8, ["UPDATE entries SET reserved = NULL WHERE seq = 8"]),
            (3, ["UPDATE entries SET reserved = 0 WHERE seq = 3"]),
            (9, ["UPDATE head SET hash = zeroblob(32)"]),
        ] as [(Int64, [String])])
    func rows(first: Int64, statements: [String]) throws {
        let failure = try #require(try tampered(statements).failure)
        #expect(failure.sequence == first, "\(failure)")
    }

    @Test("An added entry that nobody chained is found")
    func insertedEntry() throws {
        let columns = try DatabaseQueue(path: original).read { try $0.columns(in: "entries").map(\.name) }
        let others = columns.filter { $0 != "seq" && $0 != "request_id" }.joined(separator: ", ")
        let insert =
            "INSERT INTO entries (seq, request_id, \(others)) SELECT 9, 'forged', \(others) FROM entries WHERE seq = 8"
        #expect(try tampered([insert]).failure?.sequence == 9)
        #expect(
            try tampered([insert, "UPDATE head SET seq = 9, hash = (SELECT hash FROM entries WHERE seq = 9)"])
                .failure?.sequence == 9)
    }

    @Test("A damaged head or a cut end is refused when the ledger is opened for writing")
    func damagedHead() throws {
        let path = try copy("cut.sqlite")
        let raw = try DatabaseQueue(path: path)
        try raw.write { try $0.execute(sql: "DROP TRIGGER entries_delete; DELETE FROM entries WHERE seq = 8") }
        try raw.close()
        #expect(throws: StoreError.self) { _ = try Ledger(path: path) }
    }

    @Test("Every byte of the rows in the file matters: a flipped one is found, or SQLite reads the row as before")
    func everyByteOfTheFile() async throws {
        let small = folder.file("small.sqlite")
        do {
            let ledger = try Ledger(path: folder.file("smaller.sqlite"))
            for number in [3, 4] { try await ledger.complete(.sample(number)) }
            try ledger.reader.backup(to: small)
        }
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: small)))
        let before = try exported(small)
        var found = 0
        var unnoticed = 0
        for offset in try bytesOfRows(in: bytes, path: small) {
            for flip in [0xFF, 0x01] as [UInt8] {
                var damaged = bytes
                damaged[offset] ^= flip
                let path = folder.file("flipped.sqlite")
                for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
                try Data(damaged).write(to: URL(fileURLWithPath: path))
                if isFoundDamaged(path) {
                    found += 1
                } else {
                    unnoticed += 1
                    #expect(try exported(path) == before, "byte \(offset) ^ \(flip)")
                }
            }
        }
        #expect(found > 600)
        // The type of a row's last NULL column has a bit that SQLite does not look at.
        #expect(unnoticed < 10)
    }

    private func isFoundDamaged(_ path: String) -> Bool {
        do { return try LedgerReader(path: path).verify().failure != nil } catch is StoreError { return true } catch {
            return false
        }
    }

    private func exported(_ path: String) throws -> Data {
        var data = Data()
        try LedgerReader(path: path).export(.jsonl) { data += $0 }
        return data
    }

    /// The cells of the leaf pages of `entries` and `calls`: https://www.sqlite.org/fileformat.html, section 1.6.
    private func bytesOfRows(in file: [UInt8], path: String) throws -> [Int] {
        func number(_ offset: Int) -> Int { Int(file[offset]) << 8 | Int(file[offset + 1]) }
        let pageSize = number(16)
        let roots = try DatabaseQueue(path: path).read {
            try Int.fetchAll($0, sql: "SELECT rootpage FROM sqlite_master WHERE name IN ('entries', 'calls')")
        }
        return try roots.flatMap { root in
            let page = (root - 1) * pageSize
            try #require([0x0D, 0x0A].contains(file[page]), "a few entries fit a leaf page")
            let contentStart = number(page + 5)
            return Array(page + contentStart..<page + pageSize)
        }
    }
}
