import LapwingAPI
import LapwingRouter
import LapwingStatistics
import Testing

/// Says that an answer is as likely right as its least token.
private struct LeastConfidence: ConfidenceModel {
    let name = "least"
    let isCalibrated = false
    func probability(_ evidence: Evidence) -> Double { 1 + evidence.minimum }
}

@Suite("A hold between two bounds")
struct HoldBoundsTests {
    private let policy = CommitPolicy(
        hold: .between(HoldBounds(from: 2, to: 9, every: 3, commit: 0.9)), threshold: 0.5, mayEscalate: true)

    /// One token for each probability; `cuts` are where a piece of text ends.
    private func pieces(_ probabilities: [Double], cuts: Set<Int>? = nil) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        var tokens: [ScoredToken] = []
        for (index, probability) in probabilities.enumerated() {
            tokens.append(ScoredToken(id: 1, bytes: [65], logProbability: probability - 1))
            guard cuts?.contains(index) ?? true || index == probabilities.count - 1 else { continue }
            events.append(.delta(choice: 0, text: "a", tokens: tokens))
            tokens = []
        }
        return events
    }

    /// After which event it was decided, and what.
    private func decide(
        _ events: [GenerationEvent], _ policy: CommitPolicy? = nil
    ) -> (event: Int, judgement: Judgement)? {
        var judge = AnswerJudge(policy: policy ?? self.policy, model: LeastConfidence())
        var found: (Int, Judgement)?
        for (index, event) in events.enumerated() {
            guard let judgement = judge.observe(event) else { continue }
            #expect(found == nil, "it is decided once")
            found = (index, judgement)
        }
        return found
    }

    @Test(
        "It is decided where the answer is likely enough or too unlikely, and at the last point whatever it is",
        arguments: [
            // Points are 2, 5, 8 and 9; each is judged when the token after it has come.
            (Array(repeating: 0.95, count: 12), 2, 2, false), (Array(repeating: 0.4, count: 12), 2, 2, true),
            (Array(repeating: 0.7, count: 12), 9, 9, false),
            ([0.7, 0.7, 0.7, 0.7, 0.3] + Array(repeating: 0.95, count: 7), 5, 5, true),
            // A token after the last point says nothing any more.
            (Array(repeating: 0.7, count: 9) + [0.1, 0.1, 0.1], 9, 9, false),
            (Array(repeating: 0.7, count: 8) + [0.2, 0.9, 0.9, 0.9], 9, 9, true),
        ] as [([Double], Int, Int, Bool)])
    func decided(probabilities: [Double], event: Int, tokens: Int, escalates: Bool) throws {
        let found = try #require(decide(pieces(probabilities)))
        #expect(found.event == event && found.judgement.evidence?.tokenCount == tokens)
        #expect(found.judgement.isUnderThreshold == escalates)
        #expect(found.judgement.evidence?.finish == nil)
    }

    @Test("A short answer is judged whole, by the threshold alone")
    func whole() throws {
        let end: [GenerationEvent] = [.finished(choice: 0, reason: .stop)]
        let kept = try #require(decide(pieces([0.7, 0.7, 0.7, 0.6]) + end))
        #expect(kept.event == 4 && kept.judgement.evidence?.tokenCount == 4 && !kept.judgement.isUnderThreshold)
        #expect(kept.judgement.evidence?.finish == .stop)
        #expect(decide(pieces([0.7, 0.7, 0.7, 0.2]) + end)?.judgement.isUnderThreshold == true)
    }

    @Test("What is decided does not depend on how many tokens come at once")
    func cuts() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            let count = Int(random.next() % 14) + 1
            let probabilities = (0..<count).map { _ in 0.45 + Double(random.next() % 1000) / 1800 }
            let cuts = Set((0..<count).filter { _ in random.next() % 3 == 0 })
            let end: [GenerationEvent] = [.finished(choice: 0, reason: .length)]
            let alone = try #require(decide(pieces(probabilities) + end))
            let together = try #require(decide(pieces(probabilities, cuts: cuts) + end))
            #expect(alone.judgement == together.judgement, "\(probabilities) \(cuts)")
        }
    }

    @Test("Tokens without log-probabilities decide nothing before the last point, and then as the route says")
    func unknown() throws {
        var policy = policy
        policy.unknown = .escalate
        let events = (0..<12).map { _ in
            GenerationEvent.delta(choice: 0, text: "a", tokens: [ScoredToken(id: 1, bytes: [65], logProbability: nil)])
        }
        let found = try #require(decide(events, policy))
        #expect(found.event == 9 && found.judgement.confidence == nil && found.judgement.isUnderThreshold)
    }

    @Test("A stream is committed once, at the point that decided, with all that was held")
    func commits() {
        func play(_ probabilities: [Double]) -> [String] {
            var commit = StreamCommit(
                route: "r", models: [.open: "small", .closed: "big"], policy: policy,
                confidence: ModelJudge(LeastConfidence()))
            var words = commit.start().words
            for event in pieces(probabilities) { words += commit.receive(.event(event), from: .open).words + ["|"] }
            return words
        }
        #expect(
            play(Array(repeating: 1, count: 4)) == ["|", "|", "commit open small 1.0", "a", "a", "a", "|", "a", "|"])
        #expect(
            play([0.75, 0.75, 0.75, 0.75, 0.25, 1, 1]) == ["|", "|", "|", "|", "|", "call closed", "|", "|"])
    }
}
