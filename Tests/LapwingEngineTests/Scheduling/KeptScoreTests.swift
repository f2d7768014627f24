import LapwingAPI
import LapwingEngine
import Testing

@Suite("Scores kept beside pages")
struct KeptScoreTests {
    static func score(_ number: Int) -> TokenScore {
        TokenScore(logProbability: -Float(number), best: TokenID(number), bestLogProbability: -0.5)
    }

    /// Runs one step in which the token at each position scores that position; gives row counts and kept scores.
    static func step(_ scheduler: inout Scheduler) -> (rows: [UInt64: Int], kept: [KeptScores]) {
        guard let plan = scheduler.nextStep() else { return ([:], []) }
        var outcome = StepOutcome()
        for rows in plan.rows {
            if rows.draws { outcome.draws[rows.id] = [.token(7)] }
            outcome.scores[rows.id] = rows.scored.tokens.indices.map { score(rows.scored.firstPosition + $0) }
        }
        _ = scheduler.complete(plan, outcome)
        #expect(scheduler.violation() == nil)
        return (
            Dictionary(uniqueKeysWithValues: plan.rows.map { ($0.id.rawValue, $0.tokens.count) }), plan.keptScores
        )
    }

    static func finish(_ scheduler: inout Scheduler) { while !step(&scheduler).rows.isEmpty {} }

    static func scored(_ id: UInt64, _ tokens: [TokenID]) -> QueuedSequence {
        SchedulerTests.sequence(id, tokens, limit: tokens.count + 1, scoredFrom: 0)
    }

    @Test("A prompt scored before is scored from the cache, to the token, but for the row that draws")
    func warmPrompt() {
        var scheduler = SchedulerTests.scheduler()
        let prompt = SchedulerTests.prompt(1, count: 11)
        _ = scheduler.admit([Self.scored(1, prompt)])
        Self.finish(&scheduler)
        _ = scheduler.admit([Self.scored(2, prompt)])
        let warm = Self.step(&scheduler)
        #expect(warm.rows == [2: 1])
        #expect(warm.kept == [KeptScores(id: SequenceID(2), firstPosition: 1, scores: (1...10).map(Self.score))])
    }

    @Test("Where prompts part, the row before the first other token is computed again, for it scores another token now")
    func otherContinuation() {
        var scheduler = SchedulerTests.scheduler()
        let common = SchedulerTests.prompt(1, count: 10)
        _ = scheduler.admit([Self.scored(1, common + [1])])
        Self.finish(&scheduler)
        _ = scheduler.admit([Self.scored(2, common + [2])])
        let warm = Self.step(&scheduler)
        #expect(warm.rows == [2: 2])
        #expect(warm.kept.first?.scores == (1...9).map(Self.score))
    }

    @Test("Pages computed without logits have no scores; read again with logits, they have")
    func pagesWithoutScores() {
        var scheduler = SchedulerTests.scheduler()
        let prompt = SchedulerTests.prompt(1, count: 12)
        _ = scheduler.admit([SchedulerTests.sequence(1, prompt, limit: 13)])
        Self.finish(&scheduler)
        _ = scheduler.admit([Self.scored(2, prompt)])
        #expect(Self.step(&scheduler).rows == [2: 12])
        _ = scheduler.admit([Self.scored(3, prompt)])
        #expect(Self.step(&scheduler).rows == [3: 1])
    }

    @Test("A copy of a page has the scores of what was copied, also when it was made for one that scores nothing")
    func copiesHaveScores() {
        var scheduler = SchedulerTests.scheduler()
        let common = SchedulerTests.prompt(1, count: 6)
        _ = scheduler.admit([Self.scored(1, common + [1])])
        Self.finish(&scheduler)
        _ = scheduler.admit([SchedulerTests.sequence(2, common + [2, 3, 4], limit: 10)])
        #expect(Self.step(&scheduler).rows == [2: 3])
        _ = scheduler.admit([Self.scored(3, common + [2, 3, 4])])
        // Tokens 6 to 8 were computed without logits: the row at 5 is the first that is needed.
        let warm = Self.step(&scheduler)
        #expect(warm.rows == [3: 4])
        #expect(warm.kept.first?.scores == (1...5).map(Self.score))
    }

    @Test("Whoever reports more than the most probable token has rows computed")
    func rowsAreNeeded() {
        var scheduler = SchedulerTests.scheduler()
        let prompt = SchedulerTests.prompt(1, count: 12)
        _ = scheduler.admit([Self.scored(1, prompt)])
        Self.finish(&scheduler)
        _ = scheduler.admit([
            SchedulerTests.sequence(2, prompt, limit: 13, scoredFrom: 0, takesKeptScores: false)
        ])
        #expect(Self.step(&scheduler).rows == [2: 12])
    }

    @Test("Prompts queued at once that share a beginning score it once")
    func commonBeginningIsScoredOnce() {
        var scheduler = SchedulerTests.scheduler(promptTokens: 8)
        let common = SchedulerTests.prompt(1, count: 30)
        _ = scheduler.admit((1...4).map { Self.scored($0, common + [TokenID($0)]) })
        var computed = 0
        while true {
            let rows = Self.step(&scheduler).rows
            if rows.isEmpty { break }
            computed += rows.values.reduce(0, +)
        }
        #expect(computed <= 31 + 3 * 4)
    }

    @Test("Nobody waits for rows whose scores are kept, and whoever finds none waits for the one that makes them")
    func onlyMissingScoresAreAwaited() {
        for hasScores in [true, false] {
            var scheduler = SchedulerTests.scheduler(promptTokens: 8)
            let prompt = SchedulerTests.prompt(1, count: 24)
            _ = scheduler.admit([
                SchedulerTests.sequence(1, prompt, limit: 25, scoredFrom: hasScores ? 0 : nil)
            ])
            Self.finish(&scheduler)
            _ = scheduler.admit([
                SchedulerTests.sequence(2, prompt, limit: 25, scoredFrom: 0, takesKeptScores: !hasScores)
            ])
            #expect(Self.step(&scheduler).rows == [2: 8])
            _ = scheduler.admit([Self.scored(3, prompt)])
            #expect(Self.step(&scheduler).rows == (hasScores ? [3: 1, 2: 8] : [2: 8]))
            #expect(Self.step(&scheduler).rows == [2: 8])
            #expect(Self.step(&scheduler).rows == (hasScores ? [:] : [3: 1]))
        }
    }

    @Test("A prompt that parted from another has the score of every token, for those that go on from it")
    func scoresHaveNoGap() {
        var scheduler = SchedulerTests.scheduler()
        let common = SchedulerTests.prompt(1, count: 10)
        let longer = common + SchedulerTests.prompt(2, count: 9)
        _ = scheduler.admit([Self.scored(1, common + [1])])
        Self.finish(&scheduler)
        _ = scheduler.admit([Self.scored(2, longer)])
        Self.finish(&scheduler)
        _ = scheduler.admit([Self.scored(3, longer)])
        let warm = Self.step(&scheduler)
        #expect(warm.rows == [3: 1])
        #expect(warm.kept.first?.scores == (1...18).map(Self.score))
    }

    @Test("A prompt that was put back has all its scores in the end, and so have those that share its pages")
    func putBackKeepsScores() throws {
        var scheduler = SchedulerTests.scheduler(running: 2, promptTokens: 6, beside: 2, pages: 6, pageSize: 4)
        let prompt = SchedulerTests.prompt(2, count: 16)
        _ = scheduler.admit([
            SchedulerTests.sequence(1, SchedulerTests.prompt(1, count: 3), limit: 16), Self.scored(2, prompt),
        ])
        while scheduler.putBackCount == 0 { #expect(!Self.step(&scheduler).rows.isEmpty) }
        #expect(scheduler.queue.first?.scoredFrom == 0)
        Self.finish(&scheduler)
        _ = scheduler.admit([Self.scored(3, prompt)])
        let warm = Self.step(&scheduler)
        #expect(warm.rows == [3: 1])
        #expect(warm.kept.first?.scores == (1...15).map(Self.score))
    }

    @Test("A page that is given away takes its scores with it")
    func scoresGoWithThePage() throws {
        var pool = PagePool(pageCount: 2, pageSize: 4)
        let pages = try PagePoolTests.fill(&pool, [1, 2, 3, 4])
        pool.setScore(Self.score(1), of: pages[0], at: 1)
        #expect(pool.score(of: pages[0], at: 1) == Self.score(1))
        #expect(pool.score(of: pages[0], at: 2) == nil)
        pool.release(pages)
        #expect(pool.score(of: pages[0], at: 1) == Self.score(1))
        for _ in 0..<2 {
            let next = pool.allocate()
            #expect(pool.score(of: try #require(next), at: 1) == nil)
        }
    }

    @Test("Equal pages become one that has the scores of both")
    func equalPagesMerge() throws {
        var pool = PagePool(pageCount: 4, pageSize: 4)
        let known = try PagePoolTests.fill(&pool, [1, 2, 3, 4])[0]
        pool.setScore(Self.score(1), of: known, at: 1)
        let allocated = pool.allocate()
        let other = try #require(allocated)
        pool.setScore(Self.score(2), of: other, at: 2)
        #expect(pool.publish(other, tokens: [1, 2, 3, 4], after: .shared).page == known)
        #expect(pool.scores(of: known, count: 4) == [nil, Self.score(1), Self.score(2), nil])
        #expect(pool.violation(users: [[known, known]]) == nil)
    }
}
