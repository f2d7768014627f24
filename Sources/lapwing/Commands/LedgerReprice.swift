import ArgumentParser
import Foundation
import LapwingAPI
import LapwingStore

extension LedgerCommand {
    struct Reprice: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what the calls would have cost at another day's prices.",
            discussion: """
                Takes the prices that hold on a day (own, imported and built-in ones, as `lapwing prices list --day` shows \
                them) and prices every recorded call anew. The ledger is only read.

                  lapwing ledger reprice --as-of 2026-11-01
                  lapwing ledger reprice --as-of 2027-01-01 --prices announced.json --since 30d
                """)

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var period: PeriodOptions
        @Option(
            help: ArgumentHelp("The day whose prices are taken, YYYY-MM-DD.", valueName: "day"),
            transform: DayText.argument)
        var asOf: String
        @Option(
            help: ArgumentHelp(
                "A table in the format of `prices import`, which goes before all other prices and is not imported.",
                valueName: "file"))
        var prices: String?
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let configuration = try options.load()
            let book = try PriceBook.assembled(for: configuration)
            let table = try prices.map { try Self.book(of: $0, effective: asOf) }
            let repricing = try openLedger(configuration).reprice(period.period, asOf: asOf) { model in
                table.flatMap { configuration.price(of: model, in: $0, on: asOf) }
                    ?? configuration.price(of: model, in: book, on: asOf)
            }
            if json { return try Output.standard.json(repricing) }
            for line in RepricingText.lines(repricing, terminal: Output.standard.terminal) {
                Output.standard.line(line)
            }
        }

        private static func book(of file: String, effective: String) throws -> PriceBook {
            guard let data = FileManager.default.contents(atPath: file) else { throw Failure("cannot read '\(file)'") }
            var book = PriceBook()
            book.add(
                try PriceBook.importLiteLLM(
                    data, source: URL(filePath: file).lastPathComponent, effective: effective))
            return book
        }
    }
}

/// A repricing as a person reads it.
package enum RepricingText {
    package static func lines(_ repricing: Repricing, terminal: Terminal = .plain) -> [String] {
        var lines: [String] = []
        if repricing.models.isEmpty {
            lines.append("No calls with a price by the token in this period.")
        } else {
            var table = Table([
                ("model", .left), ("calls", .right), ("tokens in", .right), ("cached", .right), ("out", .right),
                ("recorded", .right), ("repriced", .right), ("difference", .right), ("unpriced", .right),
            ])
            table.rows = repricing.models.map { row($0.name, $0.figures) }
            table.rows.append(row("all", repricing.total))
            lines += table.lines(for: terminal) + [""]
            lines += repricing.models.map { model in
                "\(model.name): " + (model.priceSource.map { "\($0)" } ?? "no price holds on \(repricing.asOf)")
            }
        }
        if repricing.total.stillUnpriced > 0 || repricing.total.unpriced > 0 {
            lines.append(
                "Unpriced: without a price when they were made, and on \(repricing.asOf). ≥ leaves such calls out, and the "
                    + "difference is over the calls that have both.")
        }
        if repricing.machineTime.calls > 0 {
            lines.append(
                "Machine time has no price by the token and stays as it is: "
                    + "\(Figures.grouped(repricing.machineTime.calls)) calls, "
                    + "\(Figures.dollars(repricing.machineTime.cost.amount)).")
        }
        return lines
    }

    private static func row(_ name: String, _ figures: Repricing.Figures) -> [String] {
        func money(_ amount: DollarAmount, without missing: Int) -> String {
            if missing == figures.calls { return "–" }
            return (missing > 0 ? "≥" : "") + Figures.dollars(amount.amount)
        }
        let hasBoth = figures.unpriced < figures.calls && figures.stillUnpriced < figures.calls
        let isMore = figures.difference.amount > .zero
        return [
            Figures.shortened(name, to: 40), Figures.grouped(figures.calls),
            Figures.grouped(Int(figures.promptTokens)), Figures.grouped(Int(figures.cachedPromptTokens)),
            Figures.grouped(Int(figures.completionTokens)), money(figures.recorded, without: figures.unpriced),
            money(figures.repriced, without: figures.stillUnpriced),
            hasBoth ? (isMore ? "+" : "") + Figures.dollars(figures.difference.amount) : "–",
            figures.unpriced == 0 && figures.stillUnpriced == 0
                ? "" : "\(Figures.grouped(figures.unpriced)), \(Figures.grouped(figures.stillUnpriced))",
        ]
    }
}
