import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    private let folder: TemporaryFolder
    private let ledger: Ledger
    private let key: CheckpointKey
    private var keyPath: String { folder.file("checkpoint.key") }

    init() async throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.ledger)
        key = try CheckpointKey(path: folder.file("checkpoint.key"))
        for number in 1...6 { try await ledger.complete(.sample(number)) }
    }

    private func checkpoint() throws -> Checkpoint { try ledger.reader.checkpoint(signing: key, at: 1_780_000_000_000) }

    /// What is found in a copy of the ledger after somebody has been at it who has no triggers to mind.
    private func failure(
        _ checkpoints: [Checkpoint], after change: (String) async throws -> Void
    ) async throws -> VerifyResult.Failure? {
        let path = folder.file("\(UUID().uuidString).sqlite")
        try ledger.reader.backup(to: path)
        let raw = try DatabaseQueue(path: path)
        try await raw.write { db in
            for name in try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
        }
        try raw.close()
        try await change(path)
        let reader = try LedgerReader(path: path)
        #expect(try reader.verify().failure == nil, "the chain alone finds it, and nothing is shown here")
        return try reader.verify(against: checkpoints).failure
    }

    /// Cuts the chain after `count` entries, head and all.
    private func cut(_ path: String, after count: Int) throws {
        let raw = try DatabaseQueue(path: path)
        try raw.write { db in
            try db.execute(
                sql: """
                    DELETE FROM entries WHERE seq > \(count); DELETE FROM calls WHERE entry > \(count);
                    UPDATE head SET seq = \(count),
                        hash = coalesce((SELECT hash FROM entries WHERE seq = \(count)), zeroblob(32));
                    """)
        }
        try raw.close()
    }

    @Test("A ledger holds its checkpoints, those before its first entry and those it has outgrown too")
    func sound() async throws {
        let empty = try Ledger(path: folder.file("empty.sqlite"))
        let first = try empty.reader.checkpoint(signing: key, at: 1)
        #expect(first.entryCount == 0 && first.head == String(repeating: "0", count: 64))
        let checkpoints = [try checkpoint(), first]
        for number in 7...9 { try await ledger.complete(.sample(number)) }
        let result = try ledger.reader.verify(against: checkpoints + [try checkpoint()])
        #expect(result.failure == nil && result.checkpointCount == 3 && result.entryCount == 9)
        #expect(try checkpoint().head == result.head)
    }

    @Test("Entries cut off the end are found, also all of them", arguments: [5, 3, 0])
    func truncated(count: Int) async throws {
        let checkpoint = try checkpoint()
        let failure = try await failure([checkpoint]) { try cut($0, after: count) }
        #expect(failure?.sequence == Int64(count) + 1)
        #expect(
            failure?.reason.contains("covers 6 entries, and there are \(count)") == true,
            "\(String(describing: failure))")
    }

    @Test("A tail that was replaced is found, with the last checkpoint that still holds")
    func replacedTail() async throws {
        let early = try checkpoint()
        for number in 7...9 { try await ledger.complete(.sample(number)) }
        let late = try checkpoint()
        let failure = try await failure([late, early]) { path in
            try cut(path, after: 7)
            let forged = try Ledger(path: path)
            for number in 18...20 { try await forged.complete(.sample(number)) }
        }
        #expect(failure?.sequence == 9)
        #expect(
            failure?.reason.contains("what follows entry 6 was written anew") == true, "\(String(describing: failure))")
    }

    @Test("A ledger that was written anew from its first entry is found, whatever its length", arguments: [6, 20])
    func rewritten(count: Int) async throws {
        let checkpoint = try checkpoint()
        let failure = try await failure([checkpoint]) { path in
            try cut(path, after: 0)
            let forged = try Ledger(path: path)
            for number in 1...count {
                var entry = LedgerEntry.sample(number)
                entry.calls[0].cost = NanoUSD(1)
                try await forged.complete(entry)
            }
        }
        #expect(failure?.sequence == 6)
        #expect(
            failure?.reason.contains("what follows entry 0 was written anew") == true, "\(String(describing: failure))")
    }

    @Test("A change to any field of a checkpoint, and another's signature, are found on their line")
    func forged() throws {
        let good = try checkpoint()
        let other = try CheckpointKey(path: folder.file("other.key")).sign(
            entryCount: good.entryCount, head: good.head, at: good.at)
        #expect(try Checkpoint.read(good.line() + good.line(), signedBy: good.publicKey) == [good, good])
        #expect(try Checkpoint.read(other.line(), signedBy: nil) == [other])
        let changes: [(inout Checkpoint) -> Void] = [
            { $0.entryCount = 5 }, { $0.head = String($0.head.reversed()) }, { $0.at += 1 },
            { $0.signature = other.signature }, { $0.signature = "" }, { $0.publicKey = other.publicKey },
        ]
        for (index, change) in changes.enumerated() {
            var bad = good
            change(&bad)
            #expect(!bad.isSigned, "\(index)")
            let error = #expect(throws: StoreError.self) {
                try Checkpoint.read(good.line() + bad.line(), signedBy: nil)
            }
            guard case .badCheckpoint(line: 2, _) = error else {
                Issue.record("\(index): \(String(describing: error))")
                continue
            }
        }
        // Rightly signed, but not by whom it must be.
        #expect(throws: StoreError.self) { try Checkpoint.read(other.line(), signedBy: good.publicKey) }
        #expect(throws: StoreError.self) { try Checkpoint.read(good.line() + other.line(), signedBy: nil) }
        for text in ["", "\n", "{}", "{\"checkpoint\":2}", "nonsense"] {
            #expect(throws: StoreError.self) { try Checkpoint.read(Data(text.utf8), signedBy: nil) }
        }
    }

    @Test("The key is made once, for its owner alone; one that others can read, or that is none, is refused")
    func keyFile() throws {
        func mode() throws -> Int? {
            (try FileManager.default.attributesOfItem(atPath: keyPath)[.posixPermissions] as? NSNumber)?.intValue
        }
        #expect(try mode() == 0o600)
        #expect(try CheckpointKey(path: keyPath).publicKey == key.publicKey)
        #expect(try CheckpointKey.publicKey(at: keyPath) == key.publicKey)
        #expect(try CheckpointKey.publicKey(at: folder.file("none.key")) == nil)
        #expect(Data(base64Encoded: key.publicKey)?.count == 32)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: keyPath)
        #expect(throws: StoreError.self) { try CheckpointKey(path: keyPath) }
        let short = try folder.write([1, 2, 3], to: "short.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: short)
        #expect(throws: StoreError.self) { try CheckpointKey(path: short) }
    }
}
