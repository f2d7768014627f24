import Foundation
import LapwingAPI
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("Cost of own machines")
struct MachineReportTests {
    private let folder: TemporaryFolder
    private let ledger: Ledger

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.ledger)
    }

    /// A call that took `input` nanoseconds a prompt token and `output` a generated one, on a machine of 3.6 dollars an
    /// hour: a nano-dollar a microsecond.
    private func enter(
        _ prompt: Int, _ completion: Int, cached: Int = 0, input: Int = 1000, output: Int = 9000,
        model: String = "small",
        isEstimated: Bool = false
    ) async throws {
        let nanoseconds = Int64((prompt - cached) * input + completion * output)
        let call = CallReceipt(
            model: model, side: .open, role: .kept,
            usage: Usage(
                promptTokens: prompt, cachedPromptTokens: cached, completionTokens: completion,
                computeNanoseconds: nanoseconds, isEstimated: isEstimated),
            cost: NanoUSD(nanoseconds / 1000), priceSource: "machine time", latencyMilliseconds: 1)
        let request = LedgerRequest(
            RequestContext(requestID: UUID().uuidString), startedAt: 50, endpoint: "e", route: "r", model: model)
        try await ledger.complete(
            LedgerEntry(
                request, status: .completed, endedAt: 60, decision: .open, calls: [call], latencyMilliseconds: 1))
    }

    private func machine(_ period: Period = Period()) throws -> Report.Machine? {
        try ledger.reader.report(ReportQuery(period: period)).machine
    }

    @Test("What prompts and answers take is told apart from calls of different shapes, and adds up to what was charged")
    func split() async throws {
        // What was in the cache was not computed.
        for (prompt, completion, cached) in [(100, 10, 0), (10, 100, 0), (250, 50, 200)] {
            try await enter(prompt, completion, cached: cached)
        }
        let machine = try #require(try machine())
        let model = try #require(machine.models.first)
        #expect(model.name == "small" && model.calls == 3)
        #expect(model.promptTokens == 160 && model.completionTokens == 160)
        #expect(model.busySeconds == 0.0016 && model.cost.amount == NanoUSD(1600))
        let cost = try #require(model.busyOnly)
        // A thousandth of a dollar and nine of them for a million tokens.
        #expect(abs((cost.inputPerMillion?.amount.rawValue ?? 0) - 1_000_000) < 10)
        #expect(abs((cost.outputPerMillion?.amount.rawValue ?? 0) - 9_000_000) < 10)
        #expect(cost.perMillion.amount == NanoUSD(5_000_000))
        #expect(machine.servedSeconds == nil && machine.idleShare == nil && model.withIdle == nil)
    }

    @Test("Calls of one shape have one price for their tokens; estimates count as busy time and in no price")
    func oneShape() async throws {
        for _ in 0..<3 { try await enter(100, 10) }
        let before = try #require(try machine()?.models.first)
        #expect(before.busyOnly?.inputPerMillion == nil && before.busyOnly?.outputPerMillion == nil)
        #expect(before.busyOnly?.perMillion.amount == NanoUSD(1_727_273))
        try await enter(1, 500, isEstimated: true)
        let after = try #require(try machine()?.models.first)
        #expect(after.busyOnly == before.busyOnly && after.calls == 4 && after.busySeconds > before.busySeconds)
        // Texts that are only read have the price of reading.
        try await enter(200, 0, model: "vectors")
        let vectors = try #require(try machine()?.models.last)
        #expect(vectors.busyOnly?.inputPerMillion?.amount == NanoUSD(1_000_000))
        #expect(vectors.busyOnly?.outputPerMillion == nil)
    }

    @Test("The time that the server ran beyond being busy is the idle share, and is laid upon the tokens")
    func idle() async throws {
        try await enter(100, 10)
        try await enter(10, 100)
        // 1.1 ms were busy. The first run cost ten times as much an hour as the second.
        let run = try ledger.beginRun(at: 40, perHour: NanoUSD(3_600_000_000))
        try ledger.noteRun(run, at: 50)
        try ledger.noteRun(run, at: 44)
        let next = try ledger.beginRun(at: 60, perHour: NanoUSD(360_000_000))
        try ledger.noteRun(next, at: 70)
        let machine = try #require(try machine())
        #expect(machine.servedSeconds == 0.02 && machine.busyCost.amount == NanoUSD(1100))
        #expect(machine.servedCost?.amount == NanoUSD(10_000 + 1000))
        #expect(abs((machine.idleShare ?? 0) - (1 - 1.1 / 20)) < 1e-9)
        let model = try #require(machine.models.first)
        let busy = try #require(model.busyOnly)
        #expect(model.withIdle?.perMillion.amount.rawValue == busy.perMillion.amount.rawValue * 10)
        // Of a period only the part of a run that lies in it.
        let part = try #require(try self.machine(Period(since: 45, until: 65)))
        #expect(part.servedSeconds == 0.01 && part.servedCost?.amount == NanoUSD(5500))
        #expect(try self.machine(Period(since: 61)) == nil)
    }

    @Test("Busy time beyond the time of day leaves no idle time, and tokens cost no less than they were charged")
    func busierThanTime() async throws {
        try await enter(100, 10_000)
        let run = try ledger.beginRun(at: 0, perHour: NanoUSD(3_600_000_000))
        try ledger.noteRun(run, at: 10)
        let machine = try #require(try machine())
        #expect(machine.idleShare == 0)
        #expect(machine.models[0].withIdle == machine.models[0].busyOnly)
    }

    @Test("A ledger without calls of this machine says nothing of it")
    func none() throws {
        let run = try ledger.beginRun(at: 0, perHour: NanoUSD(1))
        try ledger.noteRun(run, at: 1000)
        #expect(try machine() == nil)
    }
}
