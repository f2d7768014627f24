import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("CallMeter")
struct CallMeterTests {
    private let clock = ManualClock()

    private func meter(_ location: ModelBinding.Location) -> CallMeter {
        CallMeter(
            model: ModelBinding(name: "m", provider: ScriptedProvider(), location: location), side: .open,
            estimatedPromptTokens: 7, clock: clock)
    }

    private func receipt(_ meter: CallMeter) -> CallReceipt {
        var book = PriceBook()
        // A nano-dollar a token.
        book.addOwn(
            Price(
                inputPerMillion: NanoUSD(1_000_000), outputPerMillion: NanoUSD(1_000_000), source: "test",
                effective: "2024-01-01"), for: "m")
        // And one a nanosecond.
        let pricing = Pricing(machineRate: NanoUSD(3_600_000_000_000), prices: book)
        return meter.receipt(as: .discarded, pricing: pricing, day: "2024-06-01")
    }

    @Test("A call that was stopped stands still: what it still says is neither counted nor a failure")
    func stops() {
        var meter = meter(.remote)
        meter.observe(.event(delta("a", -1)))
        clock.advance(by: .milliseconds(5))
        meter.stop()
        clock.advance(by: .milliseconds(5))
        meter.observe(.event(delta("b", -1)))
        meter.observe(.ended(nil))
        let receipt = receipt(meter)
        #expect(receipt.role == .discarded)
        #expect(receipt.failure == nil)
        #expect(receipt.usage.completionTokens == 1)
        #expect(receipt.latencyMilliseconds == 5)
    }

    @Test("A call that is cut off costs the machine time that it was told of, and no guess")
    func compute() {
        var meter = meter(.local)
        let context = meter.metered(RequestContext(requestID: "r"))
        context.onCompute?(30)
        context.onCompute?(12)
        meter.observe(.event(delta("a", -1)))
        clock.advance(by: .seconds(1))
        meter.stop()
        #expect(receipt(meter).usage.computeNanoseconds == 42)
        #expect(receipt(meter).cost == NanoUSD(42))
    }

    @Test(
        "A provider that refused has read nothing; one that was slow or broke off may have",
        arguments: [
            (RequestError.upstreamFailed(model: "m", status: 500, reason: "x"), 0),
            (.upstreamUnreachable(model: "m", reason: "refused"), 0),
            (.upstreamTimedOut(model: "m", stage: "while connecting"), 0),
            (.overloaded(what: "x", retryAfterSeconds: 1), 0),
            (.upstreamRefused(model: "m", isTooLong: true, reason: "x"), 0),
            (.upstreamTimedOut(model: "m", stage: "before the first token"), 7),
            (.upstreamFailed(model: "m", status: nil, reason: "the connection broke"), 7),
        ])
    func failures(error: RequestError, promptTokens: Int) {
        var meter = meter(.remote)
        meter.observe(.ended(error))
        let receipt = receipt(meter)
        #expect(receipt.role == .failed)
        #expect(receipt.usage.promptTokens == promptTokens)
        #expect(receipt.cost == NanoUSD(Int64(promptTokens)))
    }
}
