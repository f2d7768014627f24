import LapwingAPI
import LapwingEngine
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Scheduler under random load")
struct SchedulerPropertyTests {
    /// Tokens depend on the tokens before them only, as a model's with a fixed seed do.
    ///
    /// Half of them repeat what stood four tokens earlier, so that guesses come true, and fail, at any place.
    static func draw(after tokens: [TokenID], seed: UInt64) -> TokenID {
        let number = (CacheSimulator.digest(of: tokens) >> 7) ^ seed
        return number % 8 > 2 && tokens.count > 4 ? max(tokens[tokens.count - 4], 1) : TokenID(number % 5)
    }

    /// Depends on the token and all before it, as a model's does.
    static func score(of tokens: [TokenID], at position: Int) -> TokenScore {
        let digest = CacheSimulator.digest(of: tokens[...position])
        return TokenScore(
            logProbability: Float(digest % 997), best: TokenID(digest % 5), bestLogProbability: Float(digest % 1009))
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
            drafts: Int.random(in: 0...4, using: &random), pages: pageCount, pageSize: pageSize)
        var cache = CacheSimulator(pageCount: pageCount, pageSize: pageSize)
        var prompts: [SequenceID: [TokenID]] = [:]
        var outstanding: Set<SequenceID> = []
        var scored: [SequenceID: Set<Int>] = [:]
        var wrongScores = 0
        var firstScored: [SequenceID: Int] = [:]
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
                        start: start, takesKeptScores: Int.random(in: 0..<4, using: &random) != 0)
                }.filter { $0.goal.generates || $0.tokens.count > 1 }
                if scheduler.admit(group) == .queued {
                    for sequence in group {
                        prompts[sequence.goal.id] = sequence.tokens
                        firstScored[sequence.goal.id] = sequence.scoredFrom
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
            var outcome = StepOutcome()
            for rows in plan.rows {
                let tokens = running[rows.id] ?? []
                for position in rows.start..<rows.start + rows.tokens.count
                where rows.draws(at: position, after: outcome.draws[rows.id] ?? []) {
                    let given = tokens[..<rows.start] + rows.tokens[...(position - rows.start)]
                    let token = Self.draw(after: Array(given), seed: seed)
                    outcome.draws[rows.id, default: []].append(token == 0 ? .last(token) : .token(token))
                }
                let positions = rows.scored.firstPosition..<rows.scored.firstPosition + rows.scored.tokens.count
                outcome.scores[rows.id] = positions.map { Self.score(of: tokens, at: $0) }
                scored[rows.id, default: []].formUnion(positions)
            }
            for kept in plan.keptScores {
                for (position, score) in zip(kept.firstPosition..., kept.scores) {
                    scored[kept.id, default: []].insert(position)
                    if score != Self.score(of: running[kept.id] ?? [], at: position) { wrongScores += 1 }
                }
            }
            for finished in scheduler.complete(plan, outcome) {
                outstanding.remove(finished.goal.id)
                let prompt = try #require(prompts[finished.goal.id])
                checkAnswer(finished, prompt: prompt, seed: seed)
                if let first = firstScored[finished.goal.id] {
                    #expect(scored[finished.goal.id]?.isSuperset(of: first + 1..<prompt.count) == true)
                }
            }
            #expect(scheduler.violation() == nil)
        }
        #expect(cache.failures == [])
        #expect(wrongScores == 0)
        #expect(outstanding.isEmpty && scheduler.isIdle && scheduler.pool.usedCount == 0)
    }

    private func checkAnswer(_ finished: FinishedSequence, prompt: [TokenID], seed: UInt64) {
        var alone = prompt
        while finished.goal.generates && alone.count < finished.goal.tokenLimit {
            alone.append(Self.draw(after: alone, seed: seed))
            if alone.last == 0 { break }
        }
        #expect(finished.tokens == alone)
    }
}
