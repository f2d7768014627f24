import ArgumentParser
import Foundation
import LapwingAPI
import LapwingStore

/// `lapwing prices`: what models cost, and who says so.
struct Prices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List prices, or import a table of them.", subcommands: [List.self, Import.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the prices that hold today.",
            discussion: """
                Own prices from the configuration come first, then imported and built-in ones, the latest first.

                  lapwing prices list
                  lapwing prices list gpt-4 --json
                """)

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "Only models whose name holds this.") var name: String?
        @Option(help: "The prices of another day, YYYY-MM-DD.", transform: DayText.argument) var day: String?
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let day = day ?? DayText.today()
            let book = try PriceBook.assembled(for: options.loadIfPresent())
            let wanted = name?.lowercased()
            let found = book.models.filter { wanted.map($0.lowercased().contains) ?? true }
                .compactMap { model in book.price(of: model, on: day).map { (model, $0) } }
            if json {
                return try Output.standard.json(
                    Dictionary(uniqueKeysWithValues: found.map { ($0.0, ListedPrice($0.1)) }))
            }
            guard !found.isEmpty else { throw Failure("no price holds on \(day)\(name.map { " for '\($0)'" } ?? "")") }
            var table = Table([
                ("model", .left), ("input", .right), ("cached", .right), ("output", .right), ("since", .left),
                ("source", .left),
            ])
            table.rows = found.map { model, price in
                [
                    model, "$\(price.inputPerMillion)", price.cachedInputPerMillion.map { "$\($0)" } ?? "–",
                    "$\(price.outputPerMillion)", price.effective, Figures.shortened(price.source, to: 60),
                ]
            }
            for line in table.lines(for: Output.standard.terminal) { Output.standard.line(line) }
            Output.standard.line("\nUS dollars for a million tokens.")
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import prices from a file in the format of LiteLLM's table.",
            discussion: """
                Prices are kept in the data folder with the file's SHA-256; a running server reads them when it next starts.

                  lapwing prices import model_prices_and_context_window.json --effective 2026-11-01
                """)

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The file.") var file: String
        @Option(
            help: "The first day on which the prices hold, YYYY-MM-DD. The default is today.",
            transform: DayText.argument)
        var effective: String?
        @Option(help: "Where the file came from. The default is its name.") var source: String?

        func run() throws {
            let configuration = try options.load()
            let effective = effective ?? DayText.today()
            guard let data = FileManager.default.contents(atPath: file) else { throw Failure("cannot read '\(file)'") }
            let table = try PriceBook.importLiteLLM(
                data, source: source ?? URL(filePath: file).lastPathComponent, effective: effective)
            try configuration.makeDataFolder()
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let isNew = try PriceImports(path: configuration.ledgerPath).add(table, at: now)
            guard isNew else {
                return Output.standard.line("This file was imported for \(effective) already; nothing was changed.")
            }
            Output.standard.line("Imported \(Figures.grouped(table.prices.count)) prices, effective \(effective).")
            for (reason, count) in table.skipped.sorted(by: { $0.key < $1.key }) {
                Output.standard.line("Passed over \(Figures.grouped(count)): \(reason).")
            }
            if table.roundedFigures > 0 {
                Output.standard.line(
                    "\(Figures.grouped(table.roundedFigures)) figures had digits past a billionth of a dollar a million tokens "
                        + "and were rounded.")
            }
        }
    }

    /// A price as JSON, with money as plain decimal dollars.
    private struct ListedPrice: Encodable {
        var input: DollarAmount
        var cachedInput: DollarAmount?
        var output: DollarAmount
        var effective: String
        var source: String

        init(_ price: Price) {
            input = DollarAmount(price.inputPerMillion)
            cachedInput = price.cachedInputPerMillion.map(DollarAmount.init)
            output = DollarAmount(price.outputPerMillion)
            effective = price.effective
            source = price.source
        }

        private enum CodingKeys: String, CodingKey {
            case input = "input_usd_per_million"
            case cachedInput = "cached_input_usd_per_million"
            case output = "output_usd_per_million"
            case effective, source
        }
    }
}

extension PriceBook {
    /// Built-in prices, those imported into the data folder, and the configuration's own, which go before both.
    static func assembled(for configuration: Configuration?) throws -> PriceBook {
        guard let configuration else { return .builtIn }
        guard FileManager.default.fileExists(atPath: configuration.ledgerPath) else {
            return configuration.withOwnPrices(.builtIn)
        }
        return configuration.withOwnPrices(try LedgerReader(path: configuration.ledgerPath).priceBook())
    }
}
