import GuaranteeSimulation
import LapwingStatistics
import Testing

@Suite("Threshold guarantee")
struct ThresholdGuaranteeTests {
    typealias Row = ThresholdGuarantee.Row

    @Test("Of a handful of rows it is said how many more make up what can be looked at")
    func handful() {
        let rows = (0..<8).map { _ in ThresholdGuarantee.Row(probability: 0.9, isRight: true) }
        #expect(
            ThresholdGuarantee(rows).accuracy(atLeast: 0.5, confidence: 0.9) == .notEnoughData(moreLabels: 2))
    }

    @Test("36 answers without an error prove 0.92 at 95%, and 35 ask for one more label")
    func leastSample() {
        let rows = Array(repeating: Row(probability: 0.99, isRight: true), count: 36)
        guard case .found(let found) = ThresholdGuarantee(rows).accuracy(atLeast: 0.92, confidence: 0.95) else {
            Issue.record("nothing was found")
            return
        }
        #expect(found.threshold == 0)
        #expect(found.shareKept == 1)
        #expect(found.observed == 1)
        #expect(found.bound > 0.92 && found.bound < 0.9203)
        let fewer = ThresholdGuarantee(Array(rows.dropLast())).accuracy(atLeast: 0.92, confidence: 0.95)
        #expect(fewer == .notEnoughData(moreLabels: 1))
        #expect(ThresholdGuarantee([]).accuracy(atLeast: 0.92, confidence: 0.95) == .notEnoughData(moreLabels: 36))
    }

    @Test("The threshold parts the sure answers from those that are wrong too often")
    func threshold() {
        let sure = (0..<200).map { Row(probability: 0.97, isRight: $0 % 40 != 0) }
        let unsure = (0..<200).map { Row(probability: 0.7, isRight: $0 % 3 != 0) }
        guard case .found(let found) = ThresholdGuarantee(unsure + sure).accuracy(atLeast: 0.92, confidence: 0.95)
        else {
            Issue.record("nothing was found")
            return
        }
        #expect(found.threshold > 0.7 && found.threshold <= 0.97)
        #expect(found.shareKept == 0.5)
        #expect(found.observed == 0.975)
    }

    @Test("The search ends with the first threshold that is not proved, whatever follows")
    func firstFailure() {
        let sure = Array(repeating: Row(probability: 0.97, isRight: true), count: 100)
        let bad = (0..<40).map { Row(probability: 0.93, isRight: $0 >= 15) }
        let lucky = Array(repeating: Row(probability: 0.9, isRight: true), count: 1000)
        guard
            case .found(let found) = ThresholdGuarantee(sure + bad + lucky).accuracy(atLeast: 0.92, confidence: 0.95)
        else {
            Issue.record("nothing was found")
            return
        }
        #expect(found.threshold > 0.93 && found.threshold <= 0.97)
        #expect(found.observed == 1)
    }

    @Test("Where even the surest answers err too often no number of labels is named")
    func outOfReach() {
        let rows = (0..<300).map { Row(probability: 0.95, isRight: $0 % 5 != 0) }
        #expect(ThresholdGuarantee(rows).accuracy(atLeast: 0.92, confidence: 0.95) == .outOfReach(best: 0.8))
    }

    @Test("Keeping a share of the strong model's quality needs rows that both models answered")
    func keepNeedsPairs() {
        let alone = (0..<500).map { _ in Row(probability: 0.9, isRight: true) }
        let finding = ThresholdGuarantee(alone).keep(atLeast: 0.94, confidence: 0.95)
        guard case .notEnoughData(let more) = finding else {
            Issue.record("found \(finding)")
            return
        }
        #expect(more > 20 && more < 200)
        let equal = alone.map { Row(probability: $0.probability, isRight: true, strongIsRight: true) }
        guard case .found(let found) = ThresholdGuarantee(equal).keep(atLeast: 0.94, confidence: 0.95) else {
            Issue.record("nothing was found for equal models")
            return
        }
        #expect(found.threshold == 0)
        #expect(found.observed == 1)
        #expect(found.bound > 0.94 && found.bound < 1)
    }

    @Test("At most the wanted share escalates, and all may where all may")
    func escalating() {
        let rows = (0..<1000).map { Row(probability: Double($0) / 1000, isRight: true) }
        guard case .found(let found) = ThresholdGuarantee(rows).escalating(atMost: 0.2, confidence: 0.95) else {
            Issue.record("nothing was found")
            return
        }
        #expect(found.threshold > 0.16 && found.threshold < 0.2)
        #expect(found.bound <= 0.2)
        let all = ThresholdGuarantee(rows).escalating(atMost: 1.5, confidence: 0.95)
        #expect(all == .found(FoundThreshold(threshold: 1, shareKept: 0, observed: 1, bound: 1)))
    }

    @Test("A promise is broken in at most 1 - confidence of 1,000 deployments", arguments: Traffic.all)
    func promises(traffic: Traffic) {
        for promise in [Promise.accuracy(0.92), .keep(0.94), .escalating(0.2)] {
            let figures = Simulation.deployments(traffic, promise, rows: 400, confidence: 0.9, seed: 11)
            #expect(figures.broken.isWithin(0.1), "\(traffic.name), \(promise): \(figures)")
        }
    }

    @Test("The promise is worth something: most samples of 1,000 find a threshold, and it keeps answers")
    func power() {
        let accuracy = Simulation.deployments(.smooth, .accuracy(0.92), rows: 1000, runs: 200, seed: 2)
        #expect(accuracy.found.count >= 198 && accuracy.meanShareKept > 0.7, "\(accuracy)")
        let keep = Simulation.deployments(.smooth, .keep(0.94), rows: 1000, runs: 200, seed: 2)
        #expect(keep.found.count >= 198 && keep.meanShareKept > 0.7, "\(keep)")
    }

    @Test("With the number of labels that was named, most samples prove what they could not before")
    func labelsNamed() {
        for traffic in [Traffic.smooth, .discrete] {
            let (asked, sufficed, _) = Simulation.labelsNamed(traffic, .accuracy(0.92), rows: 150, runs: 200, seed: 5)
            #expect(asked.count > 50 && sufficed.share > 0.7, "\(traffic.name): \(asked), \(sufficed)")
        }
    }
}
