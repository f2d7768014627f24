import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Ledger")
struct LedgerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("An entry comes back as it was given, with every field, after the file was closed")
    func roundTrip() async throws {
        var full = LedgerEntry.sample(4)
        full.kind = "judge"
        full.parent = "req-0"
        full.escalation = "unavailable"
        full.errorCode = "upstream_timeout"
        full.calls[0].failure = "reset"
        full.calls[0].cost = nil
        full.calls[0].usage.isEstimated = true
        full.user = "a\0b \u{FFFD} \u{65}\u{301}"
        let bare = LedgerEntry(
            .sample(1), status: .failed, endedAt: 7, decision: nil, calls: [], latencyMilliseconds: nil)
        do {
            let ledger = try Ledger(path: folder.ledger)
            try await ledger.complete(full)
            try await ledger.complete(bare)
        }
        let stored = try LedgerReader(path: folder.ledger).entries()
        #expect(stored.map(\.entry) == [full, bare])
        #expect(stored.map(\.sequence) == [1, 2])
        #expect(Array((stored.first?.entry.user ?? "").utf8) == Array("a\0b \u{FFFD} \u{65}\u{301}".utf8))
    }

    @Test("A second entry for a request is refused and the first stays")
    func oneEntryARequest() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(1))
        await #expect(throws: StoreError.duplicateRequest(id: "req-1")) { try await ledger.complete(.sample(1)) }
        await #expect(throws: StoreError.duplicateRequest(id: "req-1")) {
            try await ledger.admit(LedgerIntent(.sample(1)))
        }
        try await ledger.complete(.sample(2))
        #expect(try ledger.reader.entries().map(\.entry.requestID) == ["req-1", "req-2"])
    }

    @Test("An intent without an end is closed as lost, once, with its estimate, by the next process")
    func recovery() async throws {
        let estimate = CallReceipt(
            model: "smollm2", side: .open, role: .failed,
            usage: Usage(promptTokens: 120, completionTokens: 0, isEstimated: true), cost: NanoUSD(77),
            priceSource: "machine time", latencyMilliseconds: 0, failure: "lost")
        do {
            let ledger = try Ledger(path: folder.ledger)
            try await ledger.admit(LedgerIntent(.sample(1)))
            try await ledger.admit(LedgerIntent(.sample(2), calls: [estimate]))
            try await ledger.complete(.sample(1))
            #expect(try ledger.recover(at: 5) == 0, "it admitted them itself, so they are still running")
        }
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.admit(LedgerIntent(.sample(3)))
        #expect(try ledger.recover(at: 1_790_000_000_000) == 1)
        #expect(try ledger.recover(at: 1_790_000_000_001) == 0)
        let entries = try ledger.reader.entries().map(\.entry)
        #expect(entries.map(\.status) == [.completed, .lost])
        #expect(entries.last?.request == .sample(2))
        #expect(entries.last?.calls == [estimate])
        #expect(entries.last?.endedAt == 1_790_000_000_000)
        #expect(entries.last?.latencyMilliseconds == nil)
    }

    @Test("An amended intent is lost with the calls that it was amended to, and one that is not open is not amended")
    func amending() async throws {
        func call(_ model: String, _ side: CallReceipt.Side) -> CallReceipt {
            CallReceipt(
                model: model, side: side, role: .failed,
                usage: Usage(promptTokens: 120, completionTokens: 64, isEstimated: true), cost: NanoUSD(77),
                priceSource: "test", latencyMilliseconds: 0, failure: "lost")
        }
        let calls = [call("smollm2", .open), call("gpt-4", .closed)]
        do {
            let ledger = try Ledger(path: folder.ledger)
            try await ledger.admit(LedgerIntent(.sample(1), calls: [calls[0]]))
            try await ledger.amend(LedgerIntent(.sample(1), calls: calls))
            await #expect(throws: StoreError.notAdmitted(id: "req-2")) {
                try await ledger.amend(LedgerIntent(.sample(2), calls: calls))
            }
        }
        let ledger = try Ledger(path: folder.ledger)
        #expect(try ledger.recover(at: 5) == 1)
        #expect(try ledger.reader.entries().map(\.entry.calls) == [calls])
    }

    @Test("An intent that cannot be read keeps nobody from starting, is named, and is found by verify")
    func unreadableIntent() async throws {
        do {
            let ledger = try Ledger(path: folder.ledger)
            for number in 1...3 { try await ledger.admit(LedgerIntent(.sample(number))) }
        }
        let raw = try DatabaseQueue(path: folder.ledger)
        try await raw.write { try $0.execute(sql: "UPDATE intents SET body = x'00ff' WHERE request_id = 'req-2'") }
        try raw.close()
        let ledger = try Ledger(path: folder.ledger)
        #expect(ledger.unreadableIntents == ["req-2"])
        #expect(try ledger.recover(at: 5) == 2)
        #expect(try ledger.reader.entries().map(\.entry.requestID) == ["req-1", "req-3"])
        let failure = try #require(try ledger.reader.verify().failure)
        #expect(failure.requestID == "req-2")
        #expect(failure.reason.hasPrefix("an open intent cannot be read"))
    }

    @Test("An entry whose calls cannot be written is not there at all, and the chain goes on")
    func halfWritten() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(1))
        let raw = try DatabaseQueue(path: folder.ledger)
        try await raw.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER refusal BEFORE INSERT ON calls WHEN NEW.prompt_tokens = 666
                    BEGIN SELECT RAISE(ABORT, 'refused'); END
                    """)
        }
        var entry = LedgerEntry.sample(2)
        entry.calls[0].usage.promptTokens = 666
        await #expect(throws: StoreError.self) { try await ledger.complete(entry) }
        try await ledger.complete(.sample(3))
        #expect(try ledger.reader.entries().map(\.entry.requestID) == ["req-1", "req-3"])
        #expect(try ledger.reader.verify().failure == nil)
    }

    @Test("Two hundred tasks that complete at once make one chain, each request in it once")
    func concurrentCompletes() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await withThrowingTaskGroup { group in
            for number in 0..<200 {
                group.addTask {
                    try await ledger.admit(LedgerIntent(.sample(number)))
                    try await ledger.complete(.sample(number))
                }
            }
            try await group.waitForAll()
        }
        let stored = try ledger.reader.entries()
        #expect(stored.map(\.sequence) == Array(1...200))
        #expect(Set(stored.map(\.entry.requestID)) == Set((0..<200).map { "req-\($0)" }))
        #expect(try ledger.reader.verify().failure == nil)
    }

    @Test("A duplicate in the middle of a batch fails alone")
    func duplicateAmongMany() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(50))
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask {
                    do {
                        try await ledger.complete(.sample(number))
                        return 0
                    } catch StoreError.duplicateRequest { return 1 }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(failures == 1)
        #expect(try ledger.reader.entryCount() == 100)
        #expect(try ledger.reader.verify().failure == nil)
    }

    @Test("Texts that Swift takes for equal and bytes tell apart are kept apart")
    func canonicallyEquivalentTexts() async throws {
        let users = ["\u{E9}", "e\u{301}"]
        #expect(users[0] == users[1])
        let ledger = try Ledger(path: folder.ledger)
        for (number, user) in users.enumerated() {
            var entry = LedgerEntry.sample(number)
            entry.user = user
            try await ledger.complete(entry)
        }
        #expect(try ledger.reader.verify().failure == nil)
        let read = try ledger.reader.entries().map { Array(($0.entry.user ?? "").utf8) }
        #expect(read == users.map { Array($0.utf8) })
    }

    @Test("A NaN is refused, because SQLite would keep it as NULL")
    func notANumber() async throws {
        let ledger = try Ledger(path: folder.ledger)
        var entry = LedgerEntry.sample(1)
        entry.threshold = .nan
        await #expect(throws: StoreError.self) { try await ledger.complete(entry) }
        #expect(try ledger.reader.entryCount() == 0)
    }

    @Test(
        "SQL that would change what is written is refused",
        arguments: [
            "UPDATE entries SET latency = 0", "DELETE FROM entries", "UPDATE calls SET cost = 0", "DELETE FROM calls",
            "UPDATE names SET text = 'x'", "DELETE FROM names",
            "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 1",
            "INSERT OR REPLACE INTO calls SELECT * FROM calls WHERE entry = 1",
            "INSERT INTO calls SELECT entry, 7, model, side, role, 0, 0, 0, NULL, 0, 0, NULL, 0, NULL, NULL, NULL FROM calls",
        ])
    func appendOnly(sql: String) async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(1))
        try await ledger.complete(.sample(2))
        let raw = try DatabaseQueue(path: folder.ledger)
        #expect(throws: DatabaseError.self) { try raw.write { try $0.execute(sql: sql) } }
        #expect(try ledger.reader.verify().failure == nil)
    }
}
