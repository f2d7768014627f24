import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Testing

private let localUsage = Usage(promptTokens: 10, completionTokens: 3, computeNanoseconds: 72_000)
private let remoteUsage = Usage(promptTokens: 100, completionTokens: 50)
private let openSure = steps(answer(["a", "b", "c"], logProbability: -0.1, usage: localUsage))
private let closedAnswer = steps(answer(["X", "Y"], logProbability: nil, usage: remoteUsage))

@Suite("Drift watch")
struct DriftWatchTests {
    private func route(_ calibrator: String = "intents-v1") -> Route {
        var route = Route(name: "support", open: "small", closed: "big", hold: .tokens(1), escalateBelow: 0.5)
        route.drift = DriftPlan(calibrator: calibrator, detector: DriftDetector(window: 50, falseAlarms: 0.01))
        return route
    }

    private func fire(_ watch: DriftWatch, calibrator: String? = "intents-v1") {
        for _ in 0..<60 { watch.observe(route: "support", calibrator: calibrator, probability: 0.95, right: false) }
    }

    @Test("Only outcomes of answers that the route's calibrator judged count")
    func others() throws {
        let watch = try RouterHouse(open: [], route: route()).router.drift
        fire(watch, calibrator: "intents-v0")
        fire(watch, calibrator: nil)
        watch.observe(route: "support", calibrator: "intents-v1", probability: nil, right: false)
        watch.observe(route: "other", calibrator: "intents-v1", probability: 0.9, right: false)
        #expect(watch.standings.map(\.detector.labels) == [0])
        #expect(!watch.hasFired("support"))
        fire(watch)
        #expect(watch.hasFired("support"))
        #expect(!watch.hasFired("other"))
    }

    @Test("Once it has fired everything escalates, however sure, and the log says so once")
    func safeSide() async throws {
        let log = CapturedLog()
        let house = try RouterHouse(open: openSure, closed: closedAnswer, route: route()) { $0.logger = log.logger }
        #expect(await Outcome(try house.ask()).receipt?.decision == .open)
        fire(house.router.drift)
        let outcome = await Outcome(try house.ask(id: "r2"))
        #expect(outcome.receipt?.decision == .escalated)
        #expect(outcome.receipt?.confidence?.probability == 0.9)
        let entry = try #require(try await house.entries().last)
        #expect(entry.threshold == 1)
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("has drifted") == true)
        #expect(
            await house.router.models().map(\.notice) == [
                "its calibration has drifted: everything escalates", nil, nil,
            ])
    }

    @Test("An answer without evidence is not safe either")
    func unknownEvidence() async throws {
        let silent = steps(answer(["a"], logProbability: nil, usage: localUsage))
        let house = try RouterHouse(open: silent, closed: closedAnswer, route: route())
        #expect(await Outcome(try house.ask()).receipt?.decision == .open)
        fire(house.router.drift)
        #expect(await Outcome(try house.ask(id: "r2")).receipt?.decision == .escalated)
    }

    @Test("A reload does not forget it, and another calibrator does")
    func reload() throws {
        var kept: RouterConfiguration?
        let house = try RouterHouse(open: [], route: route()) { kept = $0 }
        fire(house.router.drift)
        var configuration = try #require(kept)
        let same = try Router(
            configuration: configuration, ledger: house.ledger, prices: PriceBook(), after: house.router)
        #expect(same.drift.hasFired("support"))
        configuration.routes = [route("intents-v2")]
        let next = try Router(configuration: configuration, ledger: house.ledger, prices: PriceBook(), after: same)
        #expect(!next.drift.hasFired("support"))
        #expect(next.drift.standings.map(\.calibrator) == ["intents-v2"])
    }

    @Test("The tolerance is what the calibrator's own sample leaves open, and two points at least")
    func tolerance() {
        func rows(_ count: Int) -> [ThresholdGuarantee.Row] {
            (0..<count).map { ThresholdGuarantee.Row(probability: 0.8, isRight: $0 % 5 != 0) }
        }
        let options = DriftOptions()
        #expect(options.detector(for: rows(10_000)).tolerance == 0.02)
        let few = options.detector(for: rows(300)).tolerance
        #expect(few > 0.044 && few < 0.047)
        #expect(options.detector(for: []).tolerance == 0.2)
    }
}
