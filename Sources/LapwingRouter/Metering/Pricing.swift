import LapwingAPI
import LapwingStore

/// What calls cost: machine time for models in this process, the provider's price for the others.
package struct Pricing: Sendable {
    package static let machineTime = "machine time"

    /// Nano-US-dollars for an hour of this machine.
    package let machineRate: NanoUSD
    package let prices: PriceBook

    package struct Cost: Hashable, Sendable {
        /// nil is unpriced.
        package var amount: NanoUSD?
        package var source: String?

        package init(amount: NanoUSD? = nil, source: String? = nil) {
            self.amount = amount
            self.source = source
        }
    }

    package init(machineRate: NanoUSD, prices: PriceBook) {
        self.machineRate = machineRate
        self.prices = prices
    }

    /// `day` is the one whose prices hold.
    package func cost(of usage: Usage, on model: ModelBinding, day: String) -> Cost {
        switch model.location {
        case .local:
            return Cost(amount: usage.computeNanoseconds.flatMap(machineCost), source: Self.machineTime)
        case .remote:
            guard let price = price(of: model, day: day) else { return Cost() }
            return Cost(amount: price.cost(of: usage), source: "\(price.source) \(price.effective)")
        }
    }

    /// The price of tokens; nil where none is known, and for a model in this process, which has none.
    package func price(of model: ModelBinding, day: String) -> Price? {
        guard model.location == .remote else { return nil }
        return prices.price(of: model.name, listedNames: model.listedNames, on: day)
    }

    /// Nanoseconds times the hourly rate, rounded once, half to even; nil past Int64.
    package func machineCost(_ nanoseconds: Int64) -> NanoUSD? {
        let nanosecondsPerHour: Int128 = 3_600_000_000_000
        let product = Int128(nanoseconds) * Int128(machineRate.rawValue)
        return Int64(exactly: roundHalfToEven(product, dividedBy: nanosecondsPerHour)).map { NanoUSD($0) }
    }
}
