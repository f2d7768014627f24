import LapwingAPI
import LapwingEngine
import Testing

@Suite("Scheduler")
struct SchedulerTests {
    static func scheduler(
        running: Int = 4, queued: Int = 16, promptTokens: Int = 16, beside: Int = 8, drafts: Int = 0, pages: Int = 64,
        pageSize: Int = 4
    ) -> Scheduler {
        Scheduler(
            limits: .init(
                running: running, queued: queued, promptTokens: promptTokens, promptTokensBesideGeneration: beside,
                draftTokens: drafts),
            pool: PagePool(pageCount: pages, pageSize: pageSize))
    }

    static func sequence(
        _ id: UInt64, _ tokens: [TokenID], request: UInt64? = nil, limit: Int = 64, generates: Bool = true,
        scoredFrom: Int? = nil, start: Chain = .shared, takesKeptScores: Bool = true
    ) -> QueuedSequence {
        QueuedSequence(
            goal: SequenceGoal(
                id: SequenceID(id), request: RequestID(request ?? id), generates: generates, tokenLimit: limit,
                start: start, keepsPages: start == .shared, takesKeptScores: takesKeptScores),
            tokens: tokens, scoredFrom: scoredFrom)
    }

    /// Distinct tokens, so that no two prompts share a prefix by chance.
    static func prompt(_ id: UInt64, count: Int) -> [TokenID] { (0..<count).map { TokenID(id) * 1000 + TokenID($0) } }

    /// Runs one step in which every sequence that may draw draws `token`; gives tokens by sequence.
    @discardableResult
    static func step(_ scheduler: inout Scheduler, token: TokenID = 7) -> [UInt64: Int] {
        guard let plan = scheduler.nextStep() else { return [:] }
        let draws = plan.rows.filter(\.draws).map { ($0.id, [Draw.token(token)]) }
        _ = scheduler.complete(plan, StepOutcome(draws: Dictionary(uniqueKeysWithValues: draws)))
        #expect(scheduler.violation() == nil)
        return Dictionary(uniqueKeysWithValues: plan.rows.map { ($0.id.rawValue, $0.tokens.count) })
    }

    @Test("A prompt is read in chunks, then each step draws one token, until the limit")
    func chunksThenTokens() throws {
        var scheduler = Self.scheduler()
        #expect(scheduler.admit([Self.sequence(1, Self.prompt(1, count: 20), limit: 22)]) == .queued)
        #expect(Self.step(&scheduler) == [1: 16])
        #expect(Self.step(&scheduler) == [1: 4])
        #expect(scheduler.running.first?.tokens.count == 21)
        #expect(Self.step(&scheduler) == [1: 1])
        #expect(scheduler.isIdle)
        #expect(scheduler.nextStep() == nil)
        #expect(scheduler.pool.usedCount == 0)
    }

    @Test("Generating sequences have a row in every step, beside a smaller chunk of a new prompt")
    func generationGoesFirst() {
        var scheduler = Self.scheduler()
        _ = scheduler.admit([Self.sequence(1, Self.prompt(1, count: 4))])
        Self.step(&scheduler)
        _ = scheduler.admit([Self.sequence(2, Self.prompt(2, count: 20))])
        #expect(Self.step(&scheduler) == [1: 1, 2: 8])
        #expect(Self.step(&scheduler) == [1: 1, 2: 8])
        #expect(Self.step(&scheduler) == [1: 1, 2: 4])
        #expect(Self.step(&scheduler) == [1: 1, 2: 1])
    }

    @Test("Prompts share the budget in equal parts, and what a short one leaves goes to the others")
    func promptsShareTheBudget() {
        var scheduler = Self.scheduler()
        _ = scheduler.admit([
            Self.sequence(1, Self.prompt(1, count: 40)), Self.sequence(2, Self.prompt(2, count: 3)),
            Self.sequence(3, Self.prompt(3, count: 40)),
        ])
        #expect(Self.step(&scheduler) == [2: 3, 1: 6, 3: 7])
    }

    @Test("No more sequences run than the limit, and requests take turns for the places")
    func requestsTakeTurns() {
        var scheduler = Self.scheduler(running: 2)
        _ = scheduler.admit((1...4).map { Self.sequence($0, Self.prompt($0, count: 2), request: 1, limit: 4) })
        _ = scheduler.admit([Self.sequence(5, Self.prompt(5, count: 2), request: 2)])
        #expect(Self.step(&scheduler).keys.sorted() == [1, 5])
    }

    @Test("A full queue refuses at once and takes again when there is room")
    func queueIsBounded() {
        var scheduler = Self.scheduler(running: 1, queued: 2)
        for id in 1...3 as ClosedRange<UInt64> {
            #expect(scheduler.admit([Self.sequence(id, [1, 2], limit: 3)]) == .queued)
        }
        #expect(scheduler.admit([Self.sequence(4, [1])]) == .refused(.queueFull))
        Self.step(&scheduler)
        #expect(scheduler.admit([Self.sequence(4, [1])]) == .queued)
    }

    @Test("A sequence that could outgrow all pages is refused")
    func tooLongIsRefused() {
        var scheduler = Self.scheduler(pages: 4, pageSize: 4)
        #expect(scheduler.admit([Self.sequence(1, [1], limit: 17)]) == .refused(.tooLong(tokens: 17, limit: 16)))
        #expect(scheduler.isIdle)
    }

    @Test("Cancelling gives pages and place back at once, running or queued")
    func cancellationFreesPages() {
        var scheduler = Self.scheduler(running: 1)
        _ = scheduler.admit([Self.sequence(1, Self.prompt(1, count: 9)), Self.sequence(2, Self.prompt(2, count: 9))])
        Self.step(&scheduler)
        #expect(scheduler.pool.usedCount == 3)
        scheduler.cancel([SequenceID(1), SequenceID(2)])
        #expect(scheduler.pool.usedCount == 0)
        #expect(scheduler.isIdle)
        #expect(scheduler.violation() == nil)
    }

    @Test("A prompt seen before is not computed again, but for its last token")
    func warmPrefix() {
        var scheduler = Self.scheduler()
        let prompt = Self.prompt(1, count: 8)
        for id in 1...2 as ClosedRange<UInt64> {
            _ = scheduler.admit([Self.sequence(id, prompt, limit: 9)])
            #expect(Self.step(&scheduler) == [id: id == 1 ? 8 : 1])
        }
    }

    @Test("Sequences with a common prefix read it once: the others wait until it is in the cache")
    func commonPrefixIsReadOnce() {
        var scheduler = Self.scheduler(promptTokens: 8)
        let prompt = Self.prompt(1, count: 20)
        _ = scheduler.admit((1...3).map { Self.sequence($0, prompt, request: 1) })
        _ = scheduler.admit([Self.sequence(4, Self.prompt(4, count: 2))])
        #expect(Self.step(&scheduler) == [1: 6, 4: 2])
        #expect(Self.step(&scheduler) == [4: 1, 1: 8])
        #expect(Self.step(&scheduler) == [4: 1, 1: 6])
        // 19 of 20 tokens are in the cache: four whole pages shared, the first three tokens of the fifth copied.
        #expect(Self.step(&scheduler) == [4: 1, 1: 1, 2: 1, 3: 1])
    }

    @Test("Nobody waits for one that reads again, for its scores, what the cache holds")
    func cachedPrefixIsNotAwaited() {
        var scheduler = Self.scheduler(promptTokens: 8)
        let prompt = Self.prompt(1, count: 30)
        _ = scheduler.admit([Self.sequence(1, prompt, limit: 31)])
        while !scheduler.isIdle { Self.step(&scheduler) }
        _ = scheduler.admit([Self.sequence(2, prompt, limit: 31, scoredFrom: 0)])
        #expect(Self.step(&scheduler) == [2: 8])
        _ = scheduler.admit([Self.sequence(3, prompt)])
        #expect(Self.step(&scheduler) == [3: 1, 2: 8])
        // Of another prompt the cache has less than sequence 2 will have: that is worth waiting for, as ever.
        _ = scheduler.admit([Self.sequence(4, Array(prompt.prefix(29)) + [1, 2, 3])])
        #expect(Self.step(&scheduler) == [3: 1, 4: 3, 2: 5])
    }

    @Test("A chunk ends where others wait for it, and they go on from there with a copy of the page")
    func chunkEndsWhereOthersWait() throws {
        var scheduler = Self.scheduler(promptTokens: 64)
        let common = Self.prompt(1, count: 6)
        _ = scheduler.admit([
            Self.sequence(1, common + Self.prompt(2, count: 20)), Self.sequence(2, common + Self.prompt(3, count: 5)),
        ])
        #expect(Self.step(&scheduler) == [1: 6])
        let plan = scheduler.nextStep()
        let rows = try #require(plan).rows
        #expect(rows.map(\.start) == [6, 6])
        #expect(rows.map(\.tokens.count).sorted() == [5, 20])
        let (first, second) = (scheduler.running[0].pages, scheduler.running[1].pages)
        #expect(first[0] == second[0])
        #expect(plan?.copies == [PageCopy(source: first[1], destination: second[1])])
    }

    @Test("What an ended sequence leaves of a half full page is copied, not computed again")
    func halfFullPageIsReused() {
        var scheduler = Self.scheduler()
        let common = Self.prompt(1, count: 6)
        _ = scheduler.admit([Self.sequence(1, common + [1], limit: 8)])
        Self.step(&scheduler)
        #expect(scheduler.isIdle)
        _ = scheduler.admit([Self.sequence(2, common + [2, 3])])
        #expect(Self.step(&scheduler) == [2: 2])
        #expect(scheduler.running.first?.cachedTokens == 6)
    }

    @Test("Rows that score tokens are computed where the cache holds their keys and values alone")
    func scoredPositionsAreComputed() {
        var scheduler = Self.scheduler()
        let tokens = Self.prompt(1, count: 12)
        _ = scheduler.admit([Self.sequence(1, tokens, limit: 13)])
        Self.step(&scheduler)
        _ = scheduler.admit([Self.sequence(2, tokens, limit: 12, generates: false, scoredFrom: 0)])
        #expect(Self.step(&scheduler) == [2: 11])
        _ = scheduler.admit([Self.sequence(3, tokens, limit: 12, generates: false, scoredFrom: 9)])
        #expect(Self.step(&scheduler) == [3: 2])
        #expect(scheduler.isIdle)
    }

    @Test("Logits are read where a token is drawn or scored, and nowhere else")
    func readingIsMinimal() throws {
        var scheduler = Self.scheduler(promptTokens: 32)
        _ = scheduler.admit([
            Self.sequence(1, Self.prompt(1, count: 20), limit: 20, generates: false, scoredFrom: 16),
            Self.sequence(2, Self.prompt(2, count: 12)),
        ])
        let first = scheduler.nextStep()
        var plan = try #require(first)
        #expect(plan.rows.map(\.id.rawValue) == [2, 1])
        #expect(plan.rows.map(\.reading) == [.last, .nothing])
        #expect(plan.rows.map(\.tokens.count) == [12, 16])
        _ = scheduler.complete(plan, StepOutcome(draws: [SequenceID(2): [.last(1)]]))
        let second = scheduler.nextStep()
        plan = try #require(second)
        #expect(plan.rows.map(\.reading) == [.all])
        #expect(plan.rows.map(\.draws) == [false])
    }

    @Test("Where pages run out the youngest is put back, and goes on later with what it had drawn")
    func youngestIsPutBack() throws {
        var scheduler = Self.scheduler(pages: 6, pageSize: 4)
        _ = scheduler.admit([
            Self.sequence(1, Self.prompt(1, count: 7), limit: 20),
            Self.sequence(2, Self.prompt(2, count: 7), limit: 20),
        ])
        var putBack = false
        for _ in 0..<40 where !scheduler.isIdle {
            Self.step(&scheduler)
            if scheduler.queue.map(\.goal.id.rawValue) == [2] {
                putBack = true
                #expect(scheduler.queue[0].tokens.count > 7)
                #expect(scheduler.running.allSatisfy { $0.goal.id.rawValue == 1 })
            }
        }
        #expect(putBack)
        #expect(scheduler.isIdle)
    }

    @Test("What was put back starts before what came later, and is not scored twice")
    func putBackGoesFirst() throws {
        var scheduler = Self.scheduler(running: 2, promptTokens: 6, beside: 2, pages: 6, pageSize: 4)
        _ = scheduler.admit([
            Self.sequence(1, Self.prompt(1, count: 3), request: 1, limit: 16),
            Self.sequence(
                2, Self.prompt(2, count: 16), request: 1, limit: 20, scoredFrom: 0, takesKeptScores: false),
        ])
        Self.step(&scheduler)
        _ = scheduler.admit([Self.sequence(3, Self.prompt(3, count: 8), request: 2, limit: 16)])
        while scheduler.queue.map(\.goal.id.rawValue) != [2, 3] {
            #expect(!Self.step(&scheduler).isEmpty)
        }
        // Request 2 has nothing running, request 1 has: the turn would be sequence 3's, had 2 not begun already.
        let again = scheduler.queue[0]
        #expect((1..<15).contains(again.scoredFrom ?? 0))
        while scheduler.queue.count == 2 { #expect(!Self.step(&scheduler).isEmpty) }
        #expect(scheduler.queue.map(\.goal.id.rawValue) == [3])
    }
}
