import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Import of LiteLLM's table")
struct LiteLLMImportTests {
    private func read(_ json: String, effective: String = "2026-11-01") throws -> ImportedPrices {
        try PriceBook.importLiteLLM(Data(json.utf8), source: "table.json", effective: effective)
    }

    private func entry(_ fields: String) -> String {
        #"{"good": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}, "m": {\#(fields)}}"#
    }

    @Test(
        "A figure is read as the decimal it is written as; what is finer than our unit is rounded and counted",
        arguments: [
            ("2.5e-06", 2_500_000_000, 0), ("0.00001", 10_000_000_000, 0), ("1e-15", 1, 0), ("3e-5", 30_000_000_000, 0),
            ("1.04e-06", 1_040_000_000, 0), ("0.000168", 168_000_000_000, 0), ("1", 1_000_000_000_000_000, 0),
            // Half a unit and a little more: a binary double could not tell them apart.
            ("2.5e-15", 2, 1), ("2.5000000000000000000001e-15", 3, 1), ("3.5e-15", 4, 1),
            ("4.0000000000000003e-07", 400_000_000, 1),
        ] as [(String, Int64, Int)])
    func exactly(text: String, nano: Int64, rounded: Int) throws {
        let table = try read(entry(#""mode": "chat", "input_cost_per_token": \#(text), "output_cost_per_token": 1e-6"#))
        #expect(table.prices["m"]?.inputPerMillion == NanoUSD(nano))
        #expect(table.roundedFigures == rounded)
    }

    @Test("Source, day and cached price are kept, and the file's hash")
    func provenance() throws {
        let json = entry(
            #""mode": "chat", "input_cost_per_token": 2e-6, "cache_read_input_token_cost": 5e-7, "output_cost_per_token": 8e-6, "x": [1]"#
        )
        let table = try read(json)
        #expect(
            table.prices["m"]
                == Price(
                    inputPerMillion: NanoUSD(2_000_000_000), cachedInputPerMillion: NanoUSD(500_000_000),
                    outputPerMillion: NanoUSD(8_000_000_000), source: "table.json", effective: "2026-11-01"))
        #expect(table.sha256.count == 32)
        #expect(try read(json + " ").sha256 != table.sha256)
        #expect(table.skipped.isEmpty)
    }

    @Test(
        "An entry that cannot be used is passed over with its reason, and the others are taken",
        arguments: [
            (
                #""mode": "embedding", "input_cost_per_token": 1e-6, "output_cost_per_token": 0"#,
                "not a chat or completion model"
            ),
            (#""input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6"#, "not a chat or completion model"),
            (#""mode": "chat", "input_cost_per_second": 1"#, "no price by the token"),
            (#""mode": "chat", "input_cost_per_token": 1e-6"#, "no price by the token"),
            (#""mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0"#, "a price of zero"),
            (#""mode": "chat", "input_cost_per_token": -1e-6, "output_cost_per_token": 1e-6"#, "a negative price"),
            (
                #""mode": "chat", "input_cost_per_token": "1e-6", "output_cost_per_token": 1e-6"#,
                "a price is not a number"
            ),
            (
                #""mode": "chat", "input_cost_per_token": 5000, "output_cost_per_token": 1e-6"#,
                "a price past 1000 dollars a token"
            ),
            (
                #""mode": "chat", "input_cost_per_token": 1e120, "output_cost_per_token": 1e-6"#,
                "a price past 1000 dollars a token"
            ),
        ])
    func skipped(fields: String, reason: String) throws {
        let table = try read(entry(fields))
        #expect(table.prices.keys.sorted() == ["good"])
        #expect(table.skipped == [reason: 1])
    }

    @Test("An entry that is no object, and the sample, are no models")
    func oddEntries() throws {
        let table = try read(
            #"{"sample_spec": {"mode": "one of: chat"}, "a": 7, "b": null, "c": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 0}}"#
        )
        #expect(table.prices.keys.sorted() == ["c"])
        #expect(table.skipped == ["a price is not a number": 2])
    }

    @Test(
        "A file that is no such table is an error that says so",
        arguments: ["", "[", "{\"a\": ", "[1, 2]", "7", "{}", #"{"a": {"mode": "chat"}}"#, "\u{FEFF}not json", "null"])
    func badFile(text: String) {
        let error = #expect(throws: StoreError.self) { try read(text) }
        guard case .malformedPriceTable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "A day that is none is refused",
        arguments: ["", "2026-1-1", "2026-02-30", "2026-13-01", "today", "2025-02-29", "20260101"])
    func badDay(day: String) {
        #expect(throws: StoreError.malformedDate(found: day)) { try read("{}", effective: day) }
    }

    @Test("Imports are kept in the store, add up, and the same file counts once a day")
    func kept() throws {
        let folder = try TemporaryFolder()
        let imports = try PriceImports(path: folder.ledger)
        let first = try read(entry(#""mode": "chat", "input_cost_per_token": 2e-6, "output_cost_per_token": 3e-6"#))
        #expect(try imports.add(first, at: 5))
        #expect(try !imports.add(first, at: 6))
        let later = try read(
            entry(#""mode": "chat", "input_cost_per_token": 4e-6, "output_cost_per_token": 5e-6"#),
            effective: "2026-12-24")
        // A running server holds the ledger; prices can be imported beside it all the same.
        let ledger = try Ledger(path: folder.ledger)
        #expect(try PriceImports(path: folder.ledger).add(later, at: 7))
        let book = try ledger.reader.priceBook()
        #expect(book.price(of: "m", on: "2026-10-31") == nil)
        #expect(book.price(of: "m", on: "2026-12-23") == first.prices["m"])
        #expect(book.price(of: "m", on: "2026-12-24") == later.prices["m"])
        #expect(book.price(of: "gpt-4o", on: "2026-12-24") != nil)
        let summaries = try ledger.reader.priceImports()
        #expect(summaries.map(\.effective) == ["2026-11-01", "2026-12-24"])
        #expect(summaries.map(\.modelCount) == [2, 2])
        #expect(summaries.map(\.importedAt) == [5, 7])
        #expect(summaries.first?.sha256.count == 64)
    }
}
