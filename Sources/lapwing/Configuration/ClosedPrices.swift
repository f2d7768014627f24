import Foundation
import LapwingAPI
import LapwingStore

extension Configuration.Remote {
    /// The names that price tables may know it by, the best first.
    package var listedNames: [String] {
        ListedName.candidates(upstream: upstream, hosts: endpoints.map { URL(string: $0.url)?.host() ?? "" })
    }
}

extension Configuration {
    /// The book with the prices that this file gives, which go before all others from their day on.
    package func withOwnPrices(_ book: PriceBook) -> PriceBook {
        var book = book
        for model in models {
            if let price = model.remote?.price { book.addOwn(price, for: model.name) }
        }
        return book
    }

    /// What a model that runs elsewhere costs, as the router looks it up.
    package func price(of name: String, in book: PriceBook, on day: String = DayText.today()) -> Price? {
        book.price(of: name, listedNames: model(named: name)?.remote?.listedNames ?? [], on: day)
    }

    /// The places that name a model to count savings against whose price nobody knows: savings would be unknown without
    /// a word.
    package func unpriced(in book: PriceBook) -> [Finding] {
        var places = routes.compactMap { route in route.closed.map { ("routes.\(route.name).closed", $0) } }
        if let counterfactual { places.append(("report.counterfactual", counterfactual)) }
        let unpriced: [Finding] = places.compactMap { key, name in
            let model = model(named: name)
            guard model?.local == nil, price(of: name, in: book) == nil else { return nil }
            let known = models.filter { $0.local == nil }.map(\.name) + book.models
            let hint = model == nil ? suggestion(for: name, among: known) : ""
            return Finding(
                line: nil, key: key,
                message: "no price is known for '\(name)'\(hint), so savings against it are unknown; give it a "
                    + "'price' under 'models', or `lapwing prices import` a table that has it")
        }
        let named = Set(places.map(\.1))
        return unpriced
            + models.filter { $0.remote != nil && !named.contains($0.name) && price(of: $0.name, in: book) == nil }.map
        {
            Finding(
                line: nil, key: "models.\($0.name)",
                message: "no price is known for it, so its calls are counted as unpriced, and keys with a budget may "
                    + "not call it; give it a 'price', or `lapwing prices import` a table that has it")
        }
    }
}
