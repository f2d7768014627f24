import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Reconciliation")
struct ReconciliationTests {
    private let folder: TemporaryFolder
    private let ledger: Ledger

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.ledger)
    }

    /// 2026-11-01, and so many days after it.
    private static func time(_ day: Int, _ milliseconds: Int64 = 0) -> Int64 {
        1_793_491_200_000 + Int64(day - 1) * 86_400_000 + milliseconds
    }

    private func enter(
        _ id: String, day: Int, at milliseconds: Int64 = 0, _ model: String = "gpt-4", _ prompt: Int = 100,
        _ completion: Int = 10, cost: Int64? = 1_000_000, endpoint: String? = nil, compute: Int64? = nil,
        isEstimated: Bool = false
    ) async throws {
        let call = CallReceipt(
            model: model, side: .closed, role: .kept,
            usage: Usage(
                promptTokens: prompt, cachedPromptTokens: prompt / 10, completionTokens: completion,
                computeNanoseconds: compute, isEstimated: isEstimated),
            cost: cost.map(NanoUSD.init), priceSource: nil, latencyMilliseconds: 1, endpoint: endpoint)
        let startedAt = Self.time(day, milliseconds)
        let request = LedgerRequest(
            RequestContext(requestID: id), startedAt: startedAt, endpoint: "e", route: "r", model: model)
        try await ledger.complete(
            LedgerEntry(
                request, status: .completed, endedAt: startedAt, decision: .closed, calls: [call],
                latencyMilliseconds: 1))
    }

    private func reconcile(
        _ lines: String..., header: String = "date,model,prompt_tokens,cached_tokens,completion_tokens,cost_usd",
        changing change: (inout ReconcileOptions) -> Void = { _ in }
    ) throws -> Reconciliation {
        let invoice = try Invoice.read(Data(([header] + lines).joined(separator: "\n").utf8))
        var options = ReconcileOptions(upstreamName: { $0 == "gpt-4" ? "gpt-4-turbo" : $0 })
        change(&options)
        return try ledger.reader.reconcile(invoice, options)
    }

    private func words(_ result: Reconciliation) -> [String] {
        result.lines.map { line in
            ([line.day, line.model ?? "-"] + [line.requestID].compactMap(\.self) + line.findings.map(\.rawValue))
                .joined(separator: " ")
        }
    }

    @Test("Days and models that agree match, by the name that was sent upstream, whatever day its snapshot is of")
    func matches() async throws {
        try await enter("1", day: 1)
        try await enter("2", day: 1, at: 86_399_999)
        try await enter("3", day: 2)
        try await enter("4", day: 2, "claude-haiku-4-5-20251001")
        // Who was refused is not billed, and own models are nobody's to bill.
        try await enter("5", day: 2, "refused", 0, 0, cost: 0)
        try await enter("6", day: 2, "small", compute: 7)
        let result = try reconcile(
            "2026-11-01,gpt-4-turbo-2024-04-09,200,20,20,0.002", "2026-11-02,gpt-4-turbo,100,10,10,0.001",
            "2026-11-02,Claude Haiku 4.5,100,10,10,0.001")
        #expect(result.isWhole && result.matched == 3, "\(words(result))")
        #expect(result.invoice == result.ledger.figures && result.ledger.calls == 4)
        #expect(result.firstDay == "2026-11-01" && result.lastDay == "2026-11-02")
    }

    @Test("What one side alone has is found, and so are other tokens of each kind and other money")
    func differs() async throws {
        try await enter("1", day: 1)
        try await enter("2", day: 2)
        try await enter("3", day: 3)
        try await enter("4", day: 4)
        try await enter("5", day: 5)
        // Days that the invoice is not about are not compared.
        try await enter("6", day: 6)
        let result = try reconcile(
            "2026-11-01,gpt-4-turbo,101,10,10,0.001", "2026-11-02,gpt-4-turbo,100,9,10,0.001",
            "2026-11-03,gpt-4-turbo,100,10,11,0.02", "2026-11-05,gpt-4-turbo,100,10,10,0.001",
            "2026-11-05,gpt-5,1,0,0,0", "2026-11-05,gpt-6,0,0,0,0")
        #expect(
            words(result) == [
                "2026-11-01 gpt-4-turbo tokens", "2026-11-02 gpt-4-turbo tokens", "2026-11-03 gpt-4-turbo tokens money",
                "2026-11-04 gpt-4-turbo ledger-only", "2026-11-05 gpt-5 invoice-only",
            ])
        #expect(result.matched == 1)
        #expect(result.lines[2].ledger?.figures.completionTokens == 10)
        #expect(result.ledger.calls == 5)
    }

    @Test("Money may differ by the tolerance and not by more; a call without a price is no match for an amount")
    func tolerance() async throws {
        try await enter("1", day: 1)
        func money(_ dollars: String, _ tolerance: Int64) throws -> Bool {
            try reconcile("2026-11-01,gpt-4-turbo,\(dollars)", header: "date,model,cost_usd") {
                $0.tolerance = NanoUSD(tolerance)
            }.isWhole
        }
        #expect(try money("0.0015", 500_000) && !money("0.0015", 499_999))
        #expect(try money("0.0005", 500_000) && !money("0.0005", 499_999))
        try await enter("2", day: 1, cost: nil)
        #expect(try !money("0.001", 500_000))
        // What the invoice does not say is not compared.
        #expect(try reconcile("2026-11-01,gpt-4-turbo,200", header: "date,model,prompt_tokens").isWhole)
    }

    @Test("Where the invoice names requests they are compared one by one, on either side of midnight")
    func requests() async throws {
        try await enter("a", day: 1, at: 86_399_000)
        try await enter("b", day: 2)
        try await enter("c", day: 2)
        let header = "date,model,prompt_tokens,cost_usd,request_id"
        let lines = [
            "2026-11-02,gpt-4-turbo,100,0.001,a", "2026-11-01,gpt-4-turbo,100,0.5,b",
            "2026-11-01,gpt-4-turbo,7,0,d",
        ]
        let result = try reconcile(lines[0], lines[1], lines[2], header: header)
        #expect(
            words(result) == [
                "2026-11-01 gpt-4-turbo b money", "2026-11-01 gpt-4-turbo d invoice-only",
                "2026-11-02 gpt-4-turbo c ledger-only",
            ])
        #expect(result.matched == 1 && result.notes.isEmpty)
        let byDay = try reconcile(lines[0], lines[1], lines[2], header: header) { $0.byRequest = false }
        #expect(words(byDay) == ["2026-11-01 gpt-4-turbo tokens money", "2026-11-02 gpt-4-turbo tokens"])
        let foreign = try reconcile("2026-11-01,gpt-4-turbo,100,0.001,chatcmpl-1", header: header)
        #expect(foreign.notes.first?.contains("--by-day") == true)
    }

    @Test("Calls that another provider answered are not this one's; where nobody knows, the invoice's models decide")
    func scope() async throws {
        try await enter("1", day: 1, endpoint: "api.openai.com:443")
        try await enter("2", day: 1, endpoint: "other.example:443")
        try await enter("3", day: 1, "mixtral")
        let line = "2026-11-01,gpt-4-turbo,100,10,10,0.001"
        #expect(words(try reconcile(line)) == ["2026-11-01 gpt-4-turbo tokens"])
        let result = try reconcile(line) { $0.isBilled = { $0.endpoint.map { $0.hasPrefix("api.openai.com") } } }
        #expect(result.isWhole && result.ledger.calls == 1)
        let all = try reconcile(line) { $0.isBilled = { $0.endpoint == "api.openai.com:443" || $0.model == "mixtral" } }
        #expect(words(all) == ["2026-11-01 mixtral ledger-only"])
    }

    @Test("An invoice that does not tell models apart is compared by day; a period leaves out days")
    func byDayAlone() async throws {
        try await enter("1", day: 1)
        try await enter("2", day: 1, "mixtral")
        try await enter("3", day: 2, isEstimated: true)
        let header = "date,cost_usd"
        #expect(try reconcile("2026-11-01,0.002", "2026-11-02,0.001", header: header).isWhole)
        let second = try reconcile("2026-11-01,0.002", "2026-11-02,0.1", header: header) {
            $0.period = Period(since: Self.time(2))
        }
        #expect(words(second) == ["2026-11-02 - money"] && second.ledger.estimatedCalls == 1)
        let none = try reconcile("2026-11-01,0.002", header: header) { $0.period = Period(since: Self.time(9)) }
        #expect(none.isWhole && none.firstDay == nil && none.ledger.calls == 0)
    }
}
