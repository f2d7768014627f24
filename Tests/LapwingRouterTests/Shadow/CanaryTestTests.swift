import LapwingRouter
import LapwingStatistics
import LapwingStore
import Testing

@Suite("A candidate on trial")
struct CanaryTestTests {
    private let options = CanaryOptions(candidate: "new", share: 0.25, margin: 0.1)

    /// Outcomes of so many answers, a quarter of them the candidate's, and the first verdict of those that are looked at
    /// after each.
    private func verdict(
        current: Double, candidate: Double, count: Int, seed: UInt64
    ) -> (verdict: CanaryTest.Verdict, at: Int) {
        var random = SplitMix64(seed: seed)
        func unit() -> Double { Double(random.next() >> 11) * 0x1p-53 }
        var test = CanaryTest(options)
        for index in 1...count {
            let isCandidate = unit() < options.share
            test.observe(
                isCandidate ? .candidate : .current, right: unit() < (isCandidate ? candidate : current))
            switch test.verdict {
            case .undecided: continue
            case let verdict: return (verdict, index)
            }
        }
        return (test.verdict, count)
    }

    @Test("One that is as good is promoted, one that is far worse rolled back")
    func power() {
        for seed in 1...5 as ClosedRange<UInt64> {
            #expect(verdict(current: 0.8, candidate: 0.8, count: 12_000, seed: seed).verdict == .promote)
            #expect(verdict(current: 0.8, candidate: 0.5, count: 4000, seed: seed).verdict == .rollBack)
        }
    }

    @Test(
        "At the margin itself, looked at after every outcome, at most one trial in twenty has a verdict of either kind")
    func falseAlarms() {
        let count = 400
        let verdicts = (0..<count).map {
            verdict(current: 0.8, candidate: 0.7, count: 1000, seed: UInt64($0) &+ 99).verdict
        }
        let promoted = verdicts.count { $0 == .promote }
        // Two standard errors above 5%.
        #expect(promoted <= 20 + 9, "\(promoted)")
    }

    @Test("One that is a little worse, within the margin, is never rolled back at more than the stated rate")
    func worseWithinTheMargin() {
        let verdicts = (0..<200).map { verdict(current: 0.8, candidate: 0.75, count: 800, seed: UInt64($0)).verdict }
        #expect(verdicts.count { $0 == .rollBack } <= 10 + 7)
    }

    @Test("Without a verdict it says about how many outcomes are needed, fewer as they come in")
    func needed() {
        var test = CanaryTest(options)
        var needed: [Int] = []
        for index in 0..<400 {
            test.observe(index.isMultiple(of: 4) ? .candidate : .current, right: index % 5 != 0)
            if case .undecided(let more) = test.verdict { needed.append(more) }
        }
        #expect(needed.first == 200 || (100...400).contains(needed.first ?? 0), "\(needed.first ?? 0)")
        #expect(needed.allSatisfy { $0 > 0 })
        #expect((needed.last ?? .max) < (needed.first ?? 0))
    }

    @Test("Outcomes of the candidate that come first wait for some of the current model's")
    func waits() {
        var test = CanaryTest(options)
        for _ in 0..<50 { test.observe(.candidate, right: false) }
        #expect(test.verdict != .rollBack)
        for _ in 0..<50 { test.observe(.current, right: true) }
        #expect(test.verdict == .rollBack)
        #expect(test.tallies[.candidate]?.share == 0 && test.tallies[.current]?.share == 1)
    }

    @Test("Arms that were given other shares than the draw's are told")
    func ratio() {
        func standing(_ candidate: Int, _ current: Int) -> Bool {
            CanaryStanding(
                options,
                CanaryEvidence(
                    arms: [
                        .candidate: .init(answers: 9, units: candidate), .current: .init(answers: 9, units: current),
                    ],
                    outcomes: [])
            ).hasExpectedRatio
        }
        #expect(standing(250, 750) && standing(0, 0) && standing(1, 0))
        #expect(!standing(400, 600) && !standing(100, 900))
    }
}
