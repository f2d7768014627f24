import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Testing
import lapwing

@Suite("What a route's target comes to, in words")
struct RouteTargetTests {
    private let sample = (0..<400).map { index in
        let isSure = index % 2 == 0
        return ThresholdGuarantee.Row(
            probability: isSure ? 0.97 : 0.6, isRight: isSure ? index % 80 != 0 : index % 5 < 3,
            strongIsRight: index % 20 != 1)
    }

    private func line(
        _ target: EscalationTarget, _ sample: [ThresholdGuarantee.Row], traffic: RouteTraffic? = nil
    ) -> String? {
        var route = Configuration.Route(name: "support", open: "m")
        route.escalation = Configuration.Route.Escalation(target: target)
        return RouteTarget(route, sample: sample, traffic: traffic)?.line
    }

    @Test("A threshold of the file needs none, and a route that never escalates has none")
    func own() {
        #expect(line(.below(0.9), sample) == nil)
        #expect(RouteTarget(Configuration.Route(name: "r", open: "m"), sample: sample, traffic: nil) == nil)
    }

    @Test("A threshold that was found is told with its promise, the share kept and the bound")
    func found() {
        #expect(
            line(.accuracy(0.92), sample)
                == "support: escalates below 0.605 for an accuracy of 92% at 95% confidence; of 400 labelled answers 50% are "
                + "kept, accuracy of those 97.5%, at least 94.8%")
        let keep = line(.keep(0.9), sample) ?? ""
        #expect(keep.hasPrefix("support: escalates below 0.605 for 90% of the closed model's quality"), "\(keep)")
        #expect(keep.contains("50% are kept, kept quality 98.7%, at least 9"), "\(keep)")
        let traffic = RouteTraffic(busiestDay: 1000, meanClosedCost: NanoUSD(20_000_000))
        #expect(
            line(.spendPerDay(NanoUSD(12_000_000_000)), sample, traffic: traffic)
                == "support: escalates below 0.605 for $12.00 a day at 95% confidence; of 400 labelled answers 50% do, and at "
                + "most 54.2% are expected to")
    }

    @Test("What cannot be proved is told with the labels that are missing, or that no number would do")
    func missing() {
        #expect(
            line(.accuracy(0.92), [])
                == "support: not enough data for an accuracy of 92% at 95% confidence: 36 more labels; until then everything "
                + "escalates")
        let wrong = (0..<300).map { ThresholdGuarantee.Row(probability: 0.95, isRight: $0 % 5 != 0) }
        #expect(
            line(.accuracy(0.92), wrong)
                == "support: an accuracy of 92% is out of reach at 95% confidence: what its calibrator is surest of comes to "
                + "80%; everything escalates")
        #expect(
            line(.spendPerDay(NanoUSD(12_000_000_000)), sample)
                == "support: nothing is known of its traffic yet; everything escalates, up to $12.00 a day")
    }
}
