import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Repricing")
struct RepricingTests {
    private let folder: TemporaryFolder
    private let ledger: Ledger

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.ledger)
    }

    private func enter(_ id: String, at startedAt: Int64 = 0, _ calls: CallReceipt...) async throws {
        let request = LedgerRequest(
            RequestContext(requestID: id), startedAt: startedAt, endpoint: "e", route: "r", model: "m")
        try await ledger.complete(
            LedgerEntry(
                request, status: .completed, endedAt: startedAt, decision: .closed, calls: calls, latencyMilliseconds: 1
            ))
    }

    private func call(
        _ model: String, _ prompt: Int, cached: Int = 0, _ completion: Int, cost: Int64?, compute: Int64? = nil
    ) -> CallReceipt {
        CallReceipt(
            model: model, side: .closed, role: .kept,
            usage: Usage(
                promptTokens: prompt, cachedPromptTokens: cached, completionTokens: completion,
                computeNanoseconds: compute),
            cost: cost.map(NanoUSD.init), priceSource: nil, latencyMilliseconds: 1)
    }

    /// 3 dollars a million in, 0.5005 cached and 6 out from June on; 2, 2 and 4 before.
    private static let book: PriceBook = {
        var book = PriceBook()
        for (day, input, cached, output) in [("2026-01-01", 2, nil, 4), ("2026-06-01", 3, 500_500_000, 6)]
            as [(String, Int64, Int64?, Int64)]
        {
            book.addOwn(
                Price(
                    inputPerMillion: NanoUSD(input * 1_000_000_000), cachedInputPerMillion: cached.map(NanoUSD.init),
                    outputPerMillion: NanoUSD(output * 1_000_000_000), source: "test", effective: day), for: "big")
        }
        return book
    }()

    private func reprice(_ day: String, _ period: Period = Period()) throws -> Repricing {
        try ledger.reader.reprice(period, asOf: day) { Self.book.price(of: $0, on: day) }
    }

    @Test("Every call is priced at that day's prices, cached tokens by theirs, each call rounded once")
    func prices() async throws {
        try await enter("1", call("big", 1000, 100, cost: 2_400_000))
        try await enter("2", call("big", 1000, cached: 400, 100, cost: 2_400_000))
        // 500.5 nano-dollars each in June: to the even number, twice, and not 1,001 for both.
        try await enter("3", call("big", 1, cached: 1, 0, cost: 2000), call("big", 1, cached: 1, 0, cost: 2000))
        let may = try reprice("2026-05-31")
        #expect(may.total.repriced.amount == NanoUSD(4_804_000) && may.total.difference.amount == .zero)
        let june = try reprice("2026-06-01")
        #expect(june.models.map(\.name) == ["big"] && june.models[0].priceSource == "test 2026-06-01")
        #expect(june.total.recorded.amount == NanoUSD(4_804_000))
        #expect(june.total.repriced.amount == NanoUSD(3_600_000 + 2_600_200 + 1000))
        #expect(june.total.difference.amount == NanoUSD(6_201_200 - 4_804_000))
        #expect(june.total.calls == 4 && june.total.promptTokens == 2002 && june.total.cachedPromptTokens == 402)
        let never = try reprice("2025-12-31")
        #expect(never.total.stillUnpriced == 4 && never.total.repriced.amount == .zero)
        #expect(never.total.difference.amount == .zero && never.models[0].priceSource == nil)
    }

    @Test("Unpriced calls are counted and in no difference; machine time stays as it is; a period takes its own")
    func others() async throws {
        try await enter("1", call("big", 1_000_000, 0, cost: nil))
        try await enter("2", at: 10, call("other", 5, 5, cost: 70), call("small", 5, 5, cost: 30, compute: 9))
        let all = try reprice("2026-01-01")
        #expect(all.models.map(\.name) == ["other", "big"])
        #expect(all.total.unpriced == 1 && all.total.stillUnpriced == 1 && all.total.calls == 2)
        #expect(all.total.recorded.amount == NanoUSD(70) && all.total.repriced.amount == NanoUSD(2_000_000_000))
        #expect(all.total.difference.amount == .zero)
        #expect(all.machineTime.calls == 1 && all.machineTime.cost.amount == NanoUSD(30))
        #expect(try reprice("2026-01-01", Period(since: 1)).models.map(\.name) == ["other"])
    }

    @Test("The ledger is not touched: its bytes and its head are what they were")
    func touchesNothing() async throws {
        for number in 1...20 { try await ledger.complete(.sample(number)) }
        let copy = folder.file("copy.sqlite")
        let before = try ledger.reader.backup(to: copy)
        let bytes = try Data(contentsOf: URL(filePath: copy))
        let reader = try LedgerReader(path: copy)
        let repricing = try reader.reprice(Period(), asOf: "2026-06-01") { Self.book.price(of: "big" + $0, on: "x") }
        #expect(repricing.total.calls == 5 && repricing.total.stillUnpriced == 5)
        #expect(try Data(contentsOf: URL(filePath: copy)) == bytes)
        #expect(try reader.verify() == before)
    }
}
