import Foundation
import GRDB
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Backup and restore")
struct BackupTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("Backups that are taken while entries are written verify, and none is from the future")
    func underLoad() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(0))
        try await withThrowingTaskGroup { group in
            for task in 1...8 {
                group.addTask {
                    for number in 0..<50 { try await ledger.complete(.sample(task * 1000 + number)) }
                }
            }
            for round in 0..<4 {
                let before = try ledger.reader.entryCount()
                let result = try ledger.reader.backup(to: folder.file("backup-\(round).sqlite"))
                #expect(result.failure == nil)
                #expect(result.entryCount >= before)
                #expect(result.entryCount <= (try ledger.reader.entryCount()))
            }
            try await group.waitForAll()
        }
        #expect(try ledger.reader.verify().entryCount == 401)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.filter { $0.hasPrefix("backup") }.count == 4, "a backup is one file: \(files)")
    }

    @Test("A backup through a reader of its own comes to its end although something is committed after every step")
    func busyLedger() async throws {
        let ledger = try Ledger(path: folder.ledger)
        for number in 0..<40 { try await ledger.complete(.sample(number)) }
        let imports = try PriceImports(path: folder.ledger)
        let reader = try LedgerReader(path: folder.ledger)
        let copy = folder.file("copy.sqlite")
        let task = Task {
            var steps = 0
            return try reader.backup(to: copy, pagesPerStep: 1) { _, total in
                steps += 1
                let price = Price(
                    inputPerMillion: NanoUSD(1), outputPerMillion: NanoUSD(1), source: "test",
                    effective: "2026-01-01")
                let table = ImportedPrices(
                    prices: ["m\(steps)": price], source: "test", sha256: [UInt8(steps % 256)],
                    effective: "2026-01-01", skipped: [:], roundedFigures: 0)
                #expect(throws: Never.self) { try imports.add(table, at: 1) }
                // A copy that begins again at each commit never ends; this one has a step for each page.
                if steps > total { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        #expect(try await task.value.entryCount == 40)
        #expect(try LedgerReader(path: copy).priceImports().isEmpty, "it is the ledger as it stood at the start")
    }

    @Test("A backup never takes the place of the ledger that it copies, by whatever path")
    func ontoItself() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(1))
        let link = folder.file("link.sqlite")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.ledger)
        for path in [folder.ledger, link] {
            #expect(throws: StoreError.sameFile(path: path)) { try ledger.reader.backup(to: path, force: true) }
        }
        try await ledger.complete(.sample(2))
        #expect(try LedgerReader(path: folder.ledger).verify().entryCount == 2)
    }

    @Test("An existing file is overwritten only when that is asked for")
    func overwriting() async throws {
        let ledger = try Ledger(path: folder.ledger)
        try await ledger.complete(.sample(1))
        let copy = folder.file("copy.sqlite")
        try ledger.reader.backup(to: copy)
        #expect(throws: StoreError.alreadyExists(path: copy)) { try ledger.reader.backup(to: copy) }
        try await ledger.complete(.sample(2))
        #expect(try ledger.reader.backup(to: copy, force: true).entryCount == 2)
    }

    @Test(
        "A restored ledger has the backup's entries and goes on with them, whatever log the old one left",
        arguments: [false, true])
    func restoring(oldIsBroken: Bool) async throws {
        let copy = folder.file("copy.sqlite")
        do {
            let ledger = try Ledger(path: folder.ledger)
            try await ledger.complete(.sample(1))
            try await ledger.admit(LedgerIntent(.sample(2)))
            try ledger.reader.backup(to: copy)
            for number in 3...20 { try await ledger.complete(.sample(number)) }
            #expect(throws: StoreError.self) { try Ledger.restore(from: copy, to: folder.ledger, force: true) }
            // As after kill -9: the log of the old ledger stays beside it.
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: folder.ledger + suffix, toPath: folder.file("killed.sqlite") + suffix)
            }
        }
        let killed = folder.file("killed.sqlite")
        if oldIsBroken { try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: killed)) }
        #expect(throws: StoreError.alreadyExists(path: killed)) { try Ledger.restore(from: copy, to: killed) }
        #expect(try Ledger.restore(from: copy, to: killed, force: true).entryCount == 1)
        let ledger = try Ledger(path: killed)
        #expect(try ledger.recover(at: 1) == 1)
        #expect(try ledger.reader.entries().map(\.entry.requestID) == ["req-1", "req-2"])
        #expect(try ledger.reader.verify().failure == nil)
    }

    @Test("A damaged backup is not restored, and the ledger stays as it was")
    func damagedBackup() async throws {
        let copy = folder.file("copy.sqlite")
        do {
            let ledger = try Ledger(path: folder.ledger)
            try await ledger.complete(.sample(1))
            try ledger.reader.backup(to: copy)
        }
        let raw = try DatabaseQueue(path: copy)
        try await raw.write {
            try $0.execute(sql: "DROP TRIGGER entries_update; UPDATE entries SET latency = latency + 1")
        }
        try raw.close()
        #expect(throws: StoreError.damaged(sequence: 1, reason: "its hash does not match what it says")) {
            try Ledger.restore(from: copy, to: folder.ledger, force: true)
        }
        #expect(try LedgerReader(path: folder.ledger).verify().failure == nil)
        let fresh = folder.file("fresh.sqlite")
        #expect(throws: StoreError.self) { try Ledger.restore(from: copy, to: fresh) }
        #expect(!FileManager.default.fileExists(atPath: fresh))
    }
}
