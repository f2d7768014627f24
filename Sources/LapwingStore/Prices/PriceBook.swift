import LapwingAPI

/// What each model's tokens cost, from which day on, and who says so.
///
/// Own prices come first, then imported ones, then built-in ones; of several of a kind the one with the latest effective
/// day counts. A model that no price is known for has none: its calls are unpriced, never free.
package struct PriceBook: Sendable {
    /// By model, in the order they were added.
    private var own: [String: [Price]] = [:]
    private var imported: [String: [Price]] = [:]
    private var builtIn: [String: [Price]] = [:]

    /// A book without prices.
    package init() {}

    /// About fifty well-known models, closed and open-hosted.
    package static let builtIn: PriceBook = {
        var book = PriceBook()
        for (model, price) in BuiltInPrices.all { book.builtIn[model, default: []].append(price) }
        return book
    }()

    /// The price that holds for `model` on `day` (`YYYY-MM-DD`); nil where none is known.
    ///
    /// `listedNames` are those that a table may know it by, the best first; own prices go by our name.
    package func price(of model: String, listedNames: [String] = [], on day: String) -> Price? {
        if let price = latest(of: own[model], on: day) { return price }
        for name in listedNames + [model] {
            if let price = latest(of: imported[name], on: day) ?? latest(of: builtIn[name], on: day) { return price }
        }
        return nil
    }

    /// Adds a price that goes before all others for its model, such as one from the configuration.
    package mutating func addOwn(_ price: Price, for model: String) {
        own[model, default: []].append(price)
    }

    /// Adds what was read from a table.
    package mutating func add(_ table: ImportedPrices) {
        for (model, price) in table.prices { imported[model, default: []].append(price) }
    }

    /// Every model that has a price on any day, in alphabetical order.
    package var models: [String] { Set(own.keys).union(imported.keys).union(builtIn.keys).sorted() }

    private func latest(of prices: [Price]?, on day: String) -> Price? {
        var found: Price?
        for price in prices ?? []
        where price.effective <= day && (found.map { $0.effective <= price.effective } ?? true) {
            found = price
        }
        return found
    }
}
