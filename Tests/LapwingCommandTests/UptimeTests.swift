import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing
import lapwing

@Suite struct UptimeTests {
    @Test("A run is written down at its beginning, every minute, and at its end")
    func runs() async throws {
        let folder = try TemporaryFolder()
        let ledger = try Ledger(path: folder.path + "/ledger.sqlite")
        let call = CallReceipt(
            model: "small", side: .open, role: .kept,
            usage: Usage(promptTokens: 1, completionTokens: 1, computeNanoseconds: 1), cost: .zero, priceSource: nil,
            latencyMilliseconds: 1)
        let request = LedgerRequest(
            RequestContext(requestID: "r"), startedAt: 0, endpoint: "e", route: "r", model: "small")
        try await ledger.complete(
            LedgerEntry(
                request, status: .completed, endedAt: 0, decision: .open, calls: [call], latencyMilliseconds: 1))
        func served() throws -> (seconds: Double?, cost: NanoUSD?) {
            let machine = try ledger.reader.report(ReportQuery()).machine
            return (machine?.servedSeconds, machine?.servedCost?.amount)
        }
        let clock = ManualClock()
        let time = RouterTime(clock: clock) { Int64(clock.now.offset / .milliseconds(1)) }
        let uptime = Uptime(ledger, perHour: NanoUSD(3_600_000_000), time: time)
        await clock.waitForSleepers(1)
        #expect(try served().seconds == nil)
        clock.advance(by: .seconds(60))
        await clock.waitForSleepers(1)
        #expect(try served().seconds == 60)
        clock.advance(by: .milliseconds(5500))
        await uptime.stop()
        #expect(try served().seconds == 65.5)
        #expect(try served().cost == NanoUSD(65_500_000))
    }
}
