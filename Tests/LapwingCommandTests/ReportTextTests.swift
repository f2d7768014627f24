import Foundation
import LapwingAPI
import LapwingStore
import Testing
import lapwing

@Suite struct ReportTextTests {
    private final class Shop {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lapwing-report-\(UUID().uuidString)")
        let ledger: Ledger
        private var count = 0

        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            ledger = try Ledger(path: folder.appending(path: "ledger.sqlite").path)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func enter(
            feature: String?, decision: Decision?, status: LedgerEntry.Status = .completed,
            cost: NanoUSD? = NanoUSD(4000),
            counterfactual: Int64? = 3_000_000, latency: Int64 = 1200, isEstimated: Bool = true
        ) async throws {
            count += 1
            var context = RequestContext(requestID: "r\(count)")
            context.metadata = feature.map { ["feature": $0] } ?? [:]
            let request = LedgerRequest(
                context, startedAt: 1000, endpoint: "chat.completions", route: "support", model: "smollm2")
            let call = CallReceipt(
                model: "smollm2", side: .open, role: .kept, usage: Usage(promptTokens: 1500, completionTokens: 60),
                cost: cost,
                priceSource: "machine time", latencyMilliseconds: latency)
            var entry = LedgerEntry(
                request, status: status, endedAt: 2000, decision: decision,
                confidence: Confidence(probability: 0.5, calibrator: "default-1", isCalibrated: false), calls: [call],
                latencyMilliseconds: latency)
            entry.counterfactual = counterfactual.map {
                Counterfactual(
                    model: "gpt-4", cost: NanoUSD($0), low: NanoUSD($0 / 2), high: NanoUSD($0 * 2),
                    isEstimated: isEstimated)
            }
            try await ledger.complete(entry)
        }
    }

    @Test("The bill says what was asked, spent and saved, and marks what is estimated and uncalibrated")
    func bill() async throws {
        let shop = try Shop()
        try await shop.enter(feature: nil, decision: .open)
        try await shop.enter(feature: nil, decision: .wouldEscalate, latency: 2400)
        try await shop.enter(feature: nil, decision: nil, status: .lost, counterfactual: nil)
        #expect(
            ReportText.lines(try shop.ledger.reader.report(ReportQuery())) == [
                "requests           3 (2 completed, 1 lost)",
                "answered open      2 (100.0% of completed)",
                "escalated          0",
                "would escalate     1",
                "tokens             4,500 in, 180 out",
                "spent              $0.000012",
                "beside answers     $0.000004 of it, for shadows, judges and what was not completed",
                "closed would cost  ~$0.006 (estimated, between $0.003 and $0.012)",
                "saved              ~$0.005988, 99.8%",
                "latency            p50 1.20 s, p95 2.40 s",
                "confidence         mean 0.50, by default-1 (uncalibrated)",
            ])
    }

    @Test("What kept answers spared has a line where there were any")
    func cacheHits() {
        var figures = Report.Figures()
        (figures.completed, figures.cacheHits, figures.spared) = (4, 1, DollarAmount(NanoUSD(2_000_000)))
        #expect(
            ReceiptText.lines(figures).contains("from cache      1 (25.0% of completed), which spared $0.002 of calls"))
        figures.unpricedHits = 1
        #expect(ReceiptText.lines(figures).contains { $0.contains("spared at least $0.002") })
        figures.cacheHits = 0
        #expect(!ReceiptText.lines(figures).contains { $0.hasPrefix("from cache") })
    }

    @Test("What own models cost is told with the time that they were busy, and with idle time where that is known")
    func machine() throws {
        let busy = Report.TokenCost(
            perMillion: DollarAmount(NanoUSD(50_000_000)), inputPerMillion: DollarAmount(NanoUSD(10_000_000)),
            outputPerMillion: DollarAmount(NanoUSD(90_000_000)))
        let model = Report.Model(
            name: "small", calls: 2, promptTokens: 12_000, completionTokens: 800, busySeconds: 450,
            cost: DollarAmount(NanoUSD(12_500_000)), busyOnly: busy, withIdle: busy)
        var machine = Report.Machine(
            servedSeconds: 3600, servedCost: DollarAmount(NanoUSD(100_000_000)), busySeconds: 450,
            busyCost: DollarAmount(NanoUSD(12_500_000)), idleShare: 0.875, models: [model])
        #expect(
            MachineText.lines(machine) == [
                "",
                "machine         up 60 min 0 s, busy 7 min 30 s, idle 87.5%",
                "machine's cost  $0.10, of which busy $0.0125",
                "",
                "own model  time      tokens in  out  $/M in  $/M out    $/M",
                "small      busy         12,000  800   $0.01    $0.09  $0.05",
                "           and idle                   $0.01    $0.09  $0.05",
            ])
        (machine.servedSeconds, machine.servedCost, machine.idleShare) = (nil, nil, nil)
        machine.models[0].busyOnly?.inputPerMillion = nil
        machine.models[0].withIdle = nil
        let lines = MachineText.lines(machine)
        #expect(lines.count == 5 && lines[1].hasSuffix("so neither is how long it stood idle"))
        #expect(lines[4] == "small      busy     12,000  800       –    $0.09  $0.05")
    }

    @Test("Known token counts carry no mark; a call without a price makes the sum a lower bound")
    func marks() async throws {
        let shop = try Shop()
        try await shop.enter(feature: nil, decision: .open, isEstimated: false)
        try await shop.enter(feature: nil, decision: .open, cost: nil)
        let lines = ReportText.lines(try shop.ledger.reader.report(ReportQuery()))
        #expect(lines.contains("spent              at least $0.000004; 1 calls have no price"))
        #expect(lines.contains("closed would cost  $0.003 over 1 of 2 answers"))
    }

    @Test("By group there is a table with a line for all, and notes for its marks")
    func table() async throws {
        let shop = try Shop()
        try await shop.enter(feature: "billing", decision: .open)
        try await shop.enter(feature: "billing", decision: .wouldEscalate)
        try await shop.enter(feature: nil, decision: .open)
        #expect(
            ReportText.lines(try shop.ledger.reader.report(ReportQuery(by: .feature))) == [
                "feature  requests    open  escalated  would  tokens in  out      spent  closed would cost       saved     p50     p95",
                "billing         2  100.0%          0      1      3,000  120  $0.000008            ~$0.006  ~$0.005992  1.20 s  1.20 s",
                "(none)          1  100.0%          0      0      1,500   60  $0.000004            ~$0.003  ~$0.002996  1.20 s  1.20 s",
                "all             3  100.0%          0      1      4,500  180  $0.000012            ~$0.009  ~$0.008988  1.20 s  1.20 s",
                "",
                "~ rests on estimated token counts; saved in all is between $0.004488 and $0.01799.",
                "Confidence by default-1 (uncalibrated).",
            ])
    }

    @Test("A period without requests says so")
    func empty() throws {
        let shop = try Shop()
        #expect(ReportText.lines(try shop.ledger.reader.report(ReportQuery())) == ["No requests in this period."])
    }
}
