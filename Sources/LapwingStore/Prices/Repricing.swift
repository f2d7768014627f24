import LapwingAPI

/// What a period's calls would have cost at the prices of another day, beside what was recorded of them.
package struct Repricing: Hashable, Sendable, Codable {
    /// The day whose prices were taken, `YYYY-MM-DD`.
    package var asOf: String
    package var period: Period
    /// By recorded cost, most first, then by name.
    package var models: [Model]
    package var total: Figures
    /// Calls of models of this machine, which cost its time and have no price in any book. They are in no other figure.
    package var machineTime: MachineTime

    package struct Model: Hashable, Sendable, Codable {
        package var name: String
        /// Who says the price of that day, and since when; nil where nobody does.
        package var priceSource: String?
        package var figures: Figures
    }

    package struct Figures: Hashable, Sendable, Codable {
        package var calls = 0
        package var promptTokens: Int64 = 0
        package var cachedPromptTokens: Int64 = 0
        package var completionTokens: Int64 = 0
        /// Over the calls that had a price when they were made.
        package var recorded = DollarAmount(.zero)
        /// Over the calls that have one on that day.
        package var repriced = DollarAmount(.zero)
        /// Repriced less recorded, over the calls that have both.
        package var difference = DollarAmount(.zero)
        /// Calls without a recorded price, and without one on that day.
        package var unpriced = 0
        package var stillUnpriced = 0

        package init() {}
    }

    package struct MachineTime: Hashable, Sendable, Codable {
        package var calls: Int
        package var cost: DollarAmount
    }
}

extension LedgerReader {
    /// Prices every call of a period anew, each rounded once, half to even, as the router does. `price` says a model's
    /// price on that day by our name for it. Nothing is written.
    package func reprice(
        _ period: Period, asOf day: String, price: (_ model: String) -> Price?
    ) throws -> Repricing {
        try read { db in
            var models: [String: (price: Price?, sums: RepricedSums)] = [:]
            var total = RepricedSums()
            var machine = (calls: 0, cost: Int128(0))
            var cursor = try EntryCursor(db, period)
            while let stored = try cursor.next() {
                for call in stored.entry.calls {
                    guard call.usage.computeNanoseconds == nil else {
                        machine.calls += 1
                        machine.cost += Int128(call.cost?.rawValue ?? 0)
                        continue
                    }
                    var model = models[call.model] ?? (price(call.model), RepricedSums())
                    let cost = model.price?.cost(of: call.usage)
                    model.sums.add(call, cost)
                    total.add(call, cost)
                    models[call.model] = model
                }
            }
            return Repricing(
                asOf: day, period: period,
                models: models.map { name, model in
                    Repricing.Model(
                        name: name, priceSource: model.price.map { "\($0.source) \($0.effective)" },
                        figures: model.sums.figures)
                }.sorted {
                    ($1.figures.recorded.amount, $0.name) < ($0.figures.recorded.amount, $1.name)
                },
                total: total.figures,
                machineTime: .init(
                    calls: machine.calls, cost: DollarAmount(NanoUSD(Int64(clamping: machine.cost)))))
        }
    }
}

/// Sums past Int64 stay at its end.
private struct RepricedSums {
    private var counts = Repricing.Figures()
    private var recorded: Int128 = 0
    private var repriced: Int128 = 0
    private var difference: Int128 = 0

    mutating func add(_ call: CallReceipt, _ cost: NanoUSD?) {
        counts.calls += 1
        counts.promptTokens += Int64(call.usage.promptTokens)
        counts.cachedPromptTokens += Int64(call.usage.cachedPromptTokens)
        counts.completionTokens += Int64(call.usage.completionTokens)
        if let cost { repriced += Int128(cost.rawValue) } else { counts.stillUnpriced += 1 }
        if let before = call.cost { recorded += Int128(before.rawValue) } else { counts.unpriced += 1 }
        if let cost, let before = call.cost { difference += Int128(cost.rawValue) - Int128(before.rawValue) }
    }

    var figures: Repricing.Figures {
        var figures = counts
        figures.recorded = DollarAmount(NanoUSD(Int64(clamping: recorded)))
        figures.repriced = DollarAmount(NanoUSD(Int64(clamping: repriced)))
        figures.difference = DollarAmount(NanoUSD(Int64(clamping: difference)))
        return figures
    }
}
