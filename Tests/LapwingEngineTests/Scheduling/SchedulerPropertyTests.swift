import LapwingAPI
import LapwingEngine
import LapwingTestSupport
import Testing

@Suite("Scheduler under random load")
struct SchedulerPropertyTests {
    /// Tokens depend on the tokens before them only, as a model's with a fixed seed do.
    static func draw(after tokens: [TokenID], seed: UInt64) -> TokenID {
        TokenID(truncatingIfNeeded: (CacheSimulator.digest(of: tokens) ^ seed) % 5)
    }

    @Test(
        "Whatever comes and goes, the books balance, the cache holds what it should, and each answer is as if alone",
        arguments: 1...30 as ClosedRange<UInt64>)
    func anyOrderOfEvents(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let pageSize = Int.random(in: 1...5, using: &random)
        let pageCount = Int.random(in: 40 / pageSize + 1...120 / pageSize, using: &random)
        var scheduler = SchedulerTests.scheduler(
            running: Int.random(in: 1...6, using: &random), queued: 12,
            promptTokens: Int.random(in: 1...24, using: &random), beside: Int.random(in: 1...8, using: &random),
            pages: pageCount, pageSize: pageSize)
        var cache = CacheSimulator(pageCount: pageCount, pageSize: pageSize)
        var prompts: [SequenceID: [TokenID]] = [:]
        var outstanding: Set<SequenceID> = []
        var nextID: UInt64 = 0
        for round in 0..<400 {
            if round < 300, Int.random(in: 0..<3, using: &random) == 0 {
                let isPrivate = Int.random(in: 0..<4, using: &random) == 0
                let start = isPrivate ? scheduler.makePrivateChain() : .shared
                let group = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    nextID += 1
                    let length = Int.random(in: 1...24, using: &random)
                    // Few distinct tokens and common starts, so that prefixes are shared often.
                    let prompt = (0..<length).map { $0 < 9 ? TokenID($0) : TokenID.random(in: 0..<3, using: &random) }
                    let scored = Int.random(in: 0..<4, using: &random) == 0
                    return SchedulerTests.sequence(
                        nextID, prompt, request: UInt64(round), limit: length + Int.random(in: 1...16, using: &random),
                        generates: !scored || Bool.random(using: &random),
                        scoredFrom: scored && length > 1 ? Int.random(in: 0..<length - 1, using: &random) : nil,
                        start: start)
                }.filter { $0.goal.generates || $0.tokens.count > 1 }
                if scheduler.admit(group) == .queued {
                    for sequence in group {
                        prompts[sequence.goal.id] = sequence.tokens
                        outstanding.insert(sequence.goal.id)
                    }
                }
            }
            if Int.random(in: 0..<12, using: &random) == 0, let victim = outstanding.randomElement(using: &random) {
                scheduler.cancel([victim])
                outstanding.remove(victim)
            }
            #expect(scheduler.violation() == nil)
            guard let plan = scheduler.nextStep() else {
                #expect(scheduler.isIdle, "something waits, and nothing is done about it")
                continue
            }
            #expect(scheduler.violation() == nil)
            let running = Dictionary(uniqueKeysWithValues: scheduler.running.map { ($0.goal.id, $0.tokens) })
            cache.run(plan) { running[$0] ?? [] }
            var draws: [SequenceID: Draw] = [:]
            for rows in plan.rows where rows.draws {
                let token = Self.draw(after: running[rows.id] ?? [], seed: seed)
                draws[rows.id] = token == 0 ? .last(token) : .token(token)
            }
            for finished in scheduler.complete(plan, draws: draws) {
                outstanding.remove(finished.goal.id)
                try checkAnswer(finished, prompt: #require(prompts[finished.goal.id]), seed: seed)
            }
            #expect(scheduler.violation() == nil)
        }
        #expect(cache.failures == [])
        #expect(outstanding.isEmpty && scheduler.isIdle && scheduler.pool.usedCount == 0)
    }

    private func checkAnswer(_ finished: FinishedSequence, prompt: [TokenID], seed: UInt64) throws {
        var alone = prompt
        while finished.goal.generates && alone.count < finished.goal.tokenLimit {
            alone.append(Self.draw(after: alone, seed: seed))
            if alone.last == 0 { break }
        }
        #expect(finished.tokens == alone)
    }
}
