import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Export")
struct ExportTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func export(_ format: ExportFormat, _ entries: [LedgerEntry], period: Period = Period()) async throws
        -> String
    {
        let ledger = try Ledger(path: folder.file("\(UUID().uuidString).sqlite"))
        for entry in entries { try await ledger.complete(entry) }
        var data = Data()
        try ledger.reader.export(format, period: period) { data += $0 }
        return String(decoding: data, as: UTF8.self)
    }

    @Test("A line of JSON says all that an entry says, money as plain dollars")
    func json() async throws {
        var entry = LedgerEntry.sample(4)
        entry.user = "a \"quoted\", \\ line\nbreak\u{1}\0"
        entry.calls[0].cost = nil
        entry.calls[1].endpoint = "10.0.0.5:8000"
        entry.confidence?.probability = 0.58
        let text = try await export(.jsonl, [entry])
        #expect(text.hasSuffix("\n"))
        #expect(text.contains(#""cost_usd":0.0022,"#))
        #expect(text.contains(#""counterfactual_low_usd":0.0014,"#))
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["user"] as? String == entry.user)
        #expect(object["metadata"] as? [String: String] == ["feature": "support", "project": "p0"])
        #expect(object["decision"] as? String == "escalated")
        #expect(object["answering_model"] as? String == "gpt-4")
        #expect(object["confidence"] as? Double == 0.58)
        #expect(object["error"] is NSNull)
        #expect(object["unpriced_calls"] as? Int == 1)
        let calls = try #require(object["calls"] as? [[String: Any]])
        #expect(calls.count == 2)
        #expect(calls[0]["cost_usd"] is NSNull)
        #expect(calls[1]["cached_tokens"] as? Int == 64)
        #expect(calls[0]["endpoint"] is NSNull)
        #expect(calls[1]["endpoint"] as? String == "10.0.0.5:8000")
        #expect((object["hash"] as? String)?.count == 64)
    }

    @Test("A CSV line has the header's columns, quotes what needs it, and calls as JSON")
    func csv() async throws {
        var entry = LedgerEntry.sample(4)
        entry.user = "a \"quoted\", one"
        let bare = LedgerEntry(
            .sample(1), status: .failed, endedAt: 7, decision: nil, calls: [], latencyMilliseconds: nil)
        let lines = try await export(.csv, [entry, bare]).split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        let header = lines[0].split(separator: ",").map(String.init)
        let cells = Self.cells(lines[1])
        #expect(cells.count == header.count)
        let row = Dictionary(uniqueKeysWithValues: zip(header, cells))
        #expect(row["user"] == "a \"quoted\", one")
        #expect(row["cost_usd"] == "0.002202254")
        #expect(row["first_token_ms"] == "15")
        #expect(row["metadata"] == #"{"feature":"support","project":"p0"}"#)
        let calls = try JSONSerialization.jsonObject(with: Data((row["calls"] ?? "").utf8)) as? [[String: Any]]
        #expect(calls?.count == 2)
        let empty = Dictionary(uniqueKeysWithValues: zip(header, Self.cells(lines[2])))
        #expect([empty["cost_usd"], empty["decision"], empty["calls"]] == ["", "", "[]"])
    }

    @Test("A period takes what started in it, and a large export comes in pieces")
    func periodAndPieces() async throws {
        let entries = (1...200).map(LedgerEntry.sample)
        let period = Period(since: entries[9].startedAt, until: entries[19].startedAt)
        let text = try await export(.jsonl, entries, period: period)
        #expect(text.split(separator: "\n").count == 10)
        #expect(text.hasPrefix(#"{"sequence":10,"#))

        let ledger = try Ledger(path: folder.ledger)
        for entry in entries { try await ledger.complete(entry) }
        var sizes: [Int] = []
        try ledger.reader.export(.jsonl) { sizes.append($0.count) }
        #expect(sizes.count > 1)
        #expect(sizes.allSatisfy { $0 < 80_000 })
    }

    /// Splits one line of RFC 4180.
    private static func cells(_ line: String) -> [String] {
        var cells = [""]
        var isQuoted = false
        for character in line {
            switch character {
            case "\"":
                isQuoted.toggle()
                if isQuoted && !(cells.last?.isEmpty ?? true) { cells[cells.count - 1].append(character) }
            case "," where !isQuoted: cells.append("")
            default: cells[cells.count - 1].append(character)
            }
        }
        return cells
    }
}
