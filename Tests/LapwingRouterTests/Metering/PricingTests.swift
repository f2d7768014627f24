import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

private func binding(_ location: ModelBinding.Location, upstream: String? = nil) -> ModelBinding {
    ModelBinding(name: "m", provider: ScriptedProvider(), location: location, upstreamName: upstream)
}

private func price(_ input: Int64, _ output: Int64, source: String = "vendor") -> Price {
    Price(
        inputPerMillion: NanoUSD(input), outputPerMillion: NanoUSD(output), source: source, effective: "2024-01-01")
}

@Suite("Pricing")
struct PricingTests {
    private let day = "2024-06-01"

    @Test("An hour of machine time costs the hourly rate, and less is rounded half to even")
    func machineTime() {
        let pricing = Pricing(machineRate: NanoUSD(100_000_000), prices: PriceBook())
        #expect(pricing.machineCost(3_600_000_000_000) == NanoUSD(100_000_000))
        // 36,000 ns are one nano-dollar: half of one is even 0, one and a half is even 2, two and a half is even 2.
        #expect([17_999, 18_000, 18_001, 54_000, 90_000].map { pricing.machineCost($0)?.rawValue } == [0, 0, 1, 2, 2])
        // At 100,000 dollars an hour a day fits, and the longest time passes Int64.
        let dear = Pricing(machineRate: NanoUSD(100_000_000_000_000), prices: PriceBook())
        #expect(dear.machineCost(86_400_000_000_000) == NanoUSD(2_400_000_000_000_000))
        #expect(dear.machineCost(.max) == nil)
    }

    @Test("A local call costs its machine time, never what its name costs elsewhere")
    func local() {
        var book = PriceBook()
        book.addOwn(price(1, 1), for: "m")
        let pricing = Pricing(machineRate: NanoUSD(100_000_000), prices: book)
        let usage = Usage(promptTokens: 10, completionTokens: 5, computeNanoseconds: 72_000)
        #expect(
            pricing.cost(of: usage, on: binding(.local), day: day)
                == Pricing.Cost(amount: NanoUSD(2), source: "machine time"))
        let unknown = Usage(promptTokens: 10, completionTokens: 5)
        #expect(pricing.cost(of: unknown, on: binding(.local), day: day).amount == nil)
    }

    @Test("A remote call costs its tokens at its own price from its day on, else the table's, else nobody knows")
    func remote() {
        let upstream = binding(.remote, upstream: "gpt-4-turbo")
        let usage = Usage(promptTokens: 3, completionTokens: 4, computeNanoseconds: 5)
        let today = "2026-12-01"
        let listed = Pricing(machineRate: .zero, prices: .builtIn).cost(of: usage, on: upstream, day: today)
        #expect(listed.amount == NanoUSD(150_000) && listed.source?.contains("20") == true)
        var book = PriceBook.builtIn
        book.addOwn(price(5_000_000, 0, source: "file"), for: "m")
        #expect(
            Pricing(machineRate: .zero, prices: book).cost(of: usage, on: upstream, day: today)
                == Pricing.Cost(amount: NanoUSD(15), source: "file 2024-01-01"))
        var early = PriceBook.builtIn
        early.addOwn(
            Price(inputPerMillion: NanoUSD(1), outputPerMillion: NanoUSD(1), source: "file", effective: "2099-01-01"),
            for: "m")
        #expect(Pricing(machineRate: .zero, prices: early).cost(of: usage, on: upstream, day: today) == listed)
        let unknown = Pricing(machineRate: .zero, prices: .builtIn).cost(of: usage, on: binding(.remote), day: today)
        #expect(unknown == Pricing.Cost(amount: nil, source: nil))
    }

    @Test("A remote call is priced by the first of its listed names that a table has")
    func listedNames() {
        var upstream = binding(.remote, upstream: "mistralai/Mixtral-8x7B-Instruct-v0.1")
        let usage = Usage(promptTokens: 10, completionTokens: 0)
        let pricing = Pricing(machineRate: .zero, prices: .builtIn)
        #expect(pricing.cost(of: usage, on: upstream, day: "2026-12-01").amount == nil)
        upstream.listedNames = ListedName.candidates(upstream: upstream.upstreamName, hosts: ["api.deepinfra.com"])
        #expect(pricing.cost(of: usage, on: upstream, day: "2026-12-01").amount == NanoUSD(4000))
    }

    @Test("Days are those of UTC")
    func days() {
        #expect(RouterTime.day(ofMilliseconds: 0) == "1970-01-01")
        #expect(RouterTime.day(ofMilliseconds: 1_717_199_999_999) == "2024-05-31")
        #expect(RouterTime.day(ofMilliseconds: 1_717_200_000_000) == "2024-06-01")
    }
}

@Suite("CounterfactualEstimate")
struct CounterfactualEstimateTests {
    // 30 and 60 dollars a million.
    private let estimate = CounterfactualEstimate(model: "big", price: price(30_000_000_000, 60_000_000_000))

    @Test("Another model's tokens are scaled, with an interval, and marked")
    func scaled() {
        let found = estimate.scaled(from: Usage(promptTokens: 100, cachedPromptTokens: 90, completionTokens: 50))
        // (100 · 30 + 50 · 60) dollars a million tokens = 6,000,000 nano-dollars, times 0.97, 0.70 and 1.10.
        #expect(
            found
                == Counterfactual(
                    model: "big", cost: NanoUSD(5_820_000), low: NanoUSD(4_200_000), high: NanoUSD(6_600_000),
                    isEstimated: true))
    }

    @Test("Scaling and pricing are rounded once, half to even")
    func rounding() {
        // One token at 500,000 nano-dollars a million, times 0.97, 0.70 and 1.10: 0.485, 0.35 and 0.55.
        let cheap = CounterfactualEstimate(model: "big", price: price(500_000, 0))
        let found = cheap.scaled(from: Usage(promptTokens: 1, completionTokens: 0))
        #expect([found?.cost, found?.low, found?.high] == [NanoUSD(0), NanoUSD(0), NanoUSD(1)])
        // Ten tokens: 4.85, 3.5 and 5.5.
        let ten = cheap.scaled(from: Usage(promptTokens: 10, completionTokens: 0))
        #expect([ten?.cost, ten?.low, ten?.high] == [NanoUSD(5), NanoUSD(4), NanoUSD(6)])
    }

    @Test("The model's own call is known, unless its usage was estimated")
    func known() {
        let usage = Usage(promptTokens: 100, completionTokens: 50)
        let cost = NanoUSD(6_000_000)
        #expect(
            estimate.known(from: usage)
                == Counterfactual(model: "big", cost: cost, low: cost, high: cost, isEstimated: false))
        var estimated = usage
        estimated.isEstimated = true
        #expect(
            estimate.known(from: estimated)
                == Counterfactual(
                    model: "big", cost: cost, low: NanoUSD(4_200_000), high: NanoUSD(6_600_000), isEstimated: true))
    }
}

@Suite("MachineTime")
struct MachineTimeTests {
    @Test("A call that is to come takes as long as its tokens took before, in this process or in the ledger")
    func estimates() {
        let time = MachineTime(["old": (tokens: 4, nanoseconds: 200), "idle": (tokens: 0, nanoseconds: 0)])
        #expect(time.estimate(tokens: 5, of: "m") == nil)
        #expect(time.estimate(tokens: 5, of: "idle") == nil)
        #expect(time.estimate(tokens: 5, of: "old") == 250)
        time.record(
            Usage(promptTokens: 10, cachedPromptTokens: 4, completionTokens: 4, computeNanoseconds: 1000), of: "m")
        #expect(time.estimate(tokens: 5, of: "m") == 500)
        #expect(time.estimate(tokens: 5, of: "old") == 250)
    }

    @Test("Estimates and calls over HTTP teach nothing")
    func ignores() {
        let time = MachineTime()
        time.record(Usage(promptTokens: 1, completionTokens: 1, computeNanoseconds: 9, isEstimated: true), of: "m")
        time.record(Usage(promptTokens: 1, completionTokens: 1), of: "m")
        time.record(Usage(promptTokens: 0, completionTokens: 0, computeNanoseconds: 9), of: "m")
        #expect(time.estimate(tokens: 1, of: "m") == nil)
    }
}
