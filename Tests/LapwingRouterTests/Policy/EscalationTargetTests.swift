import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Testing

@Suite("Escalation targets")
struct EscalationTargetTests {
    /// 400 answers: half of them sure and nearly always right, half of them not.
    private let sample = (0..<400).map { index in
        let isSure = index % 2 == 0
        return ThresholdGuarantee.Row(
            probability: isSure ? 0.97 : 0.6, isRight: isSure ? index % 80 != 0 : index % 5 < 3,
            strongIsRight: index % 20 != 1)
    }

    @Test("A threshold that is given is taken as it is")
    func below() {
        #expect(EscalationTarget.below(0.7).decide(sample, confidence: 0.95) == EscalationDecision(threshold: 0.7))
    }

    @Test("An accuracy and a kept quality are found between the sure answers and the others")
    func found() throws {
        for target in [EscalationTarget.accuracy(0.92), .keep(0.94)] {
            let decision = target.decide(sample, confidence: 0.95)
            #expect(decision.threshold > 0.6 && decision.threshold <= 0.97, "\(target): \(decision)")
            guard case .found(let found) = try #require(decision.finding) else {
                Issue.record("\(target): \(decision)")
                continue
            }
            #expect(found.threshold == decision.threshold)
        }
    }

    @Test("Where the labels do not prove the promise everything escalates, and so many more are named")
    func notEnough() {
        let decision = EscalationTarget.accuracy(0.92).decide(Array(sample.prefix(40)), confidence: 0.95)
        #expect(decision.threshold == Route.escalatesAll)
        guard case .notEnoughData(let more) = decision.finding else {
            Issue.record("\(decision)")
            return
        }
        #expect(more == 408)
        #expect(EscalationTarget.keep(0.94).decide([], confidence: 0.95).threshold == Route.escalatesAll)
    }

    @Test("What may be spent is a share of the busiest day's requests")
    func spending() {
        // 1,000 requests of two cents each: for five dollars a quarter of them may escalate.
        let traffic = RouteTraffic(busiestDay: 1000, meanClosedCost: NanoUSD(20_000_000))
        let target = EscalationTarget.spendPerDay(NanoUSD(5_000_000_000))
        let even = (0..<1000).map { ThresholdGuarantee.Row(probability: Double($0) / 1000, isRight: true) }
        let decision = target.decide(even, confidence: 0.95, traffic: traffic)
        #expect(decision.threshold > 0.2 && decision.threshold < 0.25, "\(decision)")
        // Half of the answers are at 0.6, and not a quarter of them may escalate.
        #expect(target.decide(sample, confidence: 0.95, traffic: traffic).threshold <= 0.6)
        // For fifty dollars all may, and as long as nothing is known all do.
        let more = EscalationTarget.spendPerDay(NanoUSD(50_000_000_000))
        #expect(more.decide(even, confidence: 0.95, traffic: traffic).threshold == Route.escalatesAll)
        #expect(target.decide(even, confidence: 0.95).threshold == Route.escalatesAll)
    }
}
