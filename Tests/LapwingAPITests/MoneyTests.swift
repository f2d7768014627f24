import LapwingAPI
import Testing

@Suite("Money")
struct MoneyTests {
    @Test(
        "What is printed is plain decimal dollars, and reads back to the same amount",
        arguments: [
            (0, "0"), (1, "0.000000001"), (42_000, "0.000042"), (1_000_000_000, "1"), (-1_500_000_000, "-1.5"),
            (240_000_000, "0.24"), (.max, "9223372036.854775807"), (.min, "-9223372036.854775808"),
            (-1, "-0.000000001"),
            (100_000_000_001, "100.000000001"),
        ] as [(Int64, String)])
    func roundTrip(nano: Int64, text: String) {
        #expect(NanoUSD(nano).description == text)
        #expect(NanoUSD(dollars: text) == NanoUSD(nano))
    }

    @Test(
        "What is not plain decimal dollars is refused",
        arguments: [
            "", "-", "--1", "+1", ".5", "1.", ".", "1.2.3", "1e-6", "0x1", " 1", "1 ", "1,5", "٣", "nan", "$1",
            "0.0000000001", "9223372036.854775808", "-9223372036.854775809", "99999999999999999999", "1.-5", "1-",
        ])
    func refused(text: String) {
        #expect(NanoUSD(dollars: text) == nil)
    }

    @Test("Sums past Int64 stay at its end")
    func sums() {
        #expect(NanoUSD(.max) + NanoUSD(1) == NanoUSD(.max) && NanoUSD(.min) + NanoUSD(-1) == NanoUSD(.min))
        #expect(NanoUSD(.min) - NanoUSD(1) == NanoUSD(.min) && NanoUSD(0) - NanoUSD(.min) == NanoUSD(.max))
        #expect(NanoUSD(.max) + NanoUSD(.min) == NanoUSD(-1))
    }

    @Test("Trailing zeros and leading zeros change nothing")
    func zeros() {
        #expect(NanoUSD(dollars: "007.500000000") == NanoUSD(7_500_000_000))
        #expect(NanoUSD(dollars: "-0") == .zero)
    }

    @Test(
        "Ties round to the even quotient, everything else to the nearest",
        arguments: [
            (5, 10, 0), (15, 10, 2), (25, 10, 2), (-5, 10, 0), (-15, 10, -2), (-25, 10, -2), (4, 10, 0), (6, 10, 1),
            (-4, 10, 0), (-6, 10, -1), (1, 3, 0), (2, 3, 1), (-2, 3, -1), (0, 7, 0), (.max, 1, .max), (.min, 1, .min),
            (.max, .max, 1), (.max - 1, .max, 1), (.min, .max, -1),
        ] as [(Int64, Int64, Int64)])
    func rounding(dividend: Int64, divisor: Int64, quotient: Int64) {
        #expect(roundHalfToEven(dividend, dividedBy: divisor) == quotient)
    }

    private func price(_ input: Int64, cached: Int64? = nil, _ output: Int64) -> Price {
        Price(
            inputPerMillion: NanoUSD(input), cachedInputPerMillion: cached.map(NanoUSD.init),
            outputPerMillion: NanoUSD(output), source: "test", effective: "2026-01-01")
    }

    @Test("A call's cost is rounded once, over the sum of its parts")
    func oneRounding() {
        // 0.4 + 0.4 nano-dollars: rounded apart nothing, together one.
        let cost = price(400_000, 400_000).cost(of: Usage(promptTokens: 1, completionTokens: 1))
        #expect(cost == NanoUSD(1))
        // A tie: 0.5 goes to 0, 1.5 to 2.
        #expect(price(500_000, 0).cost(of: Usage(promptTokens: 1, completionTokens: 0)) == .zero)
        #expect(price(500_000, 0).cost(of: Usage(promptTokens: 3, completionTokens: 0)) == NanoUSD(2))
    }

    @Test("Cached tokens have their own price, and the full one where none is given")
    func cachedTokens() {
        let usage = Usage(promptTokens: 1000, cachedPromptTokens: 400, completionTokens: 10)
        #expect(price(2_000_000, cached: 500_000, 8_000_000).cost(of: usage) == NanoUSD(1200 + 200 + 80))
        #expect(price(2_000_000, 8_000_000).cost(of: usage) == NanoUSD(2000 + 80))
    }

    @Test("A provider that reports more cached tokens than prompt tokens never makes a call cheaper than its prompt")
    func moreCachedThanPrompt() {
        let usage = Usage(promptTokens: 10, cachedPromptTokens: 1000, completionTokens: 0)
        #expect(price(2_000_000, cached: 500_000, 0).cost(of: usage) == NanoUSD(5))
        #expect(price(2, 2).cost(of: Usage(promptTokens: -1, completionTokens: 0)) == nil)
    }

    @Test("Products past Int64 are exact as long as the cost itself fits, and nil where it does not")
    func overflow() {
        let huge = Usage(promptTokens: 1_000_000_000_000, completionTokens: 0)
        #expect(price(30_000_000_000, 0).cost(of: huge) == NanoUSD(30_000_000_000_000_000))
        #expect(price(.max, 0).cost(of: huge) == nil)
    }
}
