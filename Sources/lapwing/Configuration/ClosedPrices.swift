import LapwingAPI
import LapwingStore

extension Configuration {
    /// What a model that runs elsewhere costs, as the router looks it up: its own price, else the book's for the name that
    /// its provider knows it by, else for ours.
    package func price(of name: String, in book: PriceBook, on day: String = DayText.today()) -> Price? {
        let remote = model(named: name)?.remote
        return remote?.price ?? book.price(of: remote?.upstream ?? name, on: day) ?? book.price(of: name, on: day)
    }

    /// The places that name a model to count savings against whose price nobody knows: savings would be unknown without
    /// a word.
    package func unpriced(in book: PriceBook) -> [Finding] {
        var places = routes.compactMap { route in route.closed.map { ("routes.\(route.name).closed", $0) } }
        if let counterfactual { places.append(("report.counterfactual", counterfactual)) }
        return places.compactMap { key, name in
            let model = model(named: name)
            guard model?.local == nil, price(of: name, in: book) == nil else { return nil }
            let known = models.filter { $0.local == nil }.map(\.name) + book.models
            let hint = model == nil ? suggestion(for: name, among: known) : ""
            return Finding(
                line: nil, key: key,
                message: "no price is known for '\(name)'\(hint), so savings against it are unknown; give it a "
                    + "'price' under 'models', or `lapwing prices import` a table that has it")
        }
    }
}
