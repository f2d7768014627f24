import Foundation
import LapwingAPI
import LapwingStore
import Testing

@Suite("Price book")
struct PriceBookTests {
    private func price(_ input: Int64, _ source: String, _ effective: String) -> Price {
        Price(inputPerMillion: NanoUSD(input), outputPerMillion: NanoUSD(input), source: source, effective: effective)
    }

    private func table(_ prices: [String: Price], _ effective: String) -> ImportedPrices {
        var table = ImportedPrices(
            prices: prices, source: "file", sha256: [], effective: effective, skipped: [:], roundedFigures: 0)
        for model in prices.keys { table.prices[model]?.effective = effective }
        return table
    }

    @Test("A price holds from its day on, until a later one")
    func effectiveDates() {
        var book = PriceBook()
        book.add(table(["m": price(3, "c", "")], "2026-03-01"))
        book.add(table(["m": price(1, "a", "")], "2026-01-01"))
        book.add(table(["m": price(2, "b", "")], "2026-02-01"))
        #expect(book.price(of: "m", on: "2025-12-31") == nil)
        #expect(book.price(of: "m", on: "2026-01-01")?.source == "a")
        #expect(book.price(of: "m", on: "2026-02-28")?.source == "b")
        #expect(book.price(of: "m", on: "2030-01-01")?.source == "c")
    }

    @Test("An own price goes before every other from its day on; of two for one day the later addition counts")
    func precedence() {
        var book = PriceBook()
        book.add(table(["m": price(1, "first", "")], "2026-01-01"))
        book.add(table(["m": price(2, "second", "")], "2026-01-01"))
        #expect(book.price(of: "m", on: "2026-06-01")?.source == "second")
        book.addOwn(price(9, "lapwing.yaml", "2026-02-01"), for: "m")
        book.add(table(["m": price(3, "third", "")], "2026-03-01"))
        #expect(book.price(of: "m", on: "2026-01-15")?.source == "second")
        #expect(book.price(of: "m", on: "2026-06-01")?.source == "lapwing.yaml")
    }

    @Test("An imported price goes before a built-in one, of whatever earlier day it is")
    func importedBeforeBuiltIn() throws {
        var book = PriceBook.builtIn
        book.add(table(["gpt-4o": price(7, "file", "")], "2025-01-01"))
        #expect(book.price(of: "gpt-4o", on: "2030-01-01")?.source == "file")
        #expect(book.price(of: "gpt-4o", on: "2024-12-31") == nil)
        book.add(table(["gpt-4o": price(8, "later", "")], "2031-01-01"))
        #expect(book.price(of: "gpt-4o", on: "2030-01-01")?.source == "file", "before its day it does not hold")
    }

    @Test("A vendor's own name for a model finds that vendor's price by the host that serves it, and no other's")
    func listedNames() {
        let llama = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
        func input(_ upstream: String, _ hosts: [String]) -> String? {
            let names = ListedName.candidates(upstream: upstream, hosts: hosts)
            return PriceBook.builtIn.price(of: "ours", listedNames: names, on: "2026-12-01")?.inputPerMillion
                .description
        }
        #expect(input(llama, ["api.together.xyz"]) == "1.04")
        #expect(input(llama, ["api.deepinfra.com"]) == "0.1")
        #expect(input("accounts/fireworks/models/deepseek-v3p1", ["API.Fireworks.AI"]) == "0.56")
        #expect(input("gemini-2.5-pro", ["generativelanguage.googleapis.com"]) == "1.25")
        #expect(input("gpt-4-turbo", ["api.openai.com"]) == "10")
        // Weights that run on somebody's own machines have no vendor's price, and two vendors have no common one.
        #expect(input(llama, ["10.0.0.5"]) == nil)
        #expect(input(llama, ["api.together.xyz", "api.deepinfra.com"]) == nil)
    }

    @Test("A model that nobody priced has no price, not a price of zero")
    func unknownModel() {
        #expect(PriceBook.builtIn.price(of: "mixtral", on: "2030-01-01") == nil)
        #expect(PriceBook.builtIn.price(of: "GPT-4O", on: "2030-01-01") == nil)
        #expect(PriceBook.builtIn.price(of: "gpt-4o", on: "2020-01-01") == nil, "before it was read")
    }

    @Test("The built-in book has well-known models of both sides, each with a source and a day")
    func builtIn() throws {
        let book = PriceBook.builtIn
        #expect(book.models.count == 54)
        for model in book.models {
            let price = try #require(book.price(of: model, on: "2030-01-01"))
            #expect(price.inputPerMillion > .zero && price.outputPerMillion >= price.inputPerMillion, "\(model)")
            #expect(price.cachedInputPerMillion.map { $0 < price.inputPerMillion } ?? true, "\(model)")
            // Nothing listed costs more than 100 dollars a million tokens or less than a cent.
            #expect(price.outputPerMillion < NanoUSD(100_000_000_000) && price.inputPerMillion >= NanoUSD(10_000_000))
            #expect(price.source.hasPrefix("table of litellm 1.109.1") && price.source.hasSuffix("read 2026-11-23"))
            #expect(price.effective == "2026-11-23")
        }
        let turbo = try #require(book.price(of: "gpt-4-turbo", on: "2026-12-01"))
        #expect([turbo.inputPerMillion.description, turbo.outputPerMillion.description] == ["10", "30"])
        let llama = try #require(
            book.price(of: "deepinfra/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo", on: "2026-12-01"))
        #expect(llama.inputPerMillion.description == "0.02")
    }
}
