import LapwingAPI
import LapwingEngine
import Testing

@Suite("Drafts in the scheduler")
struct DraftSchedulingTests {
    /// Draws the guessed tokens as long as `accepts`, then 9.
    static func step(_ scheduler: inout Scheduler, accepts: Int) throws -> StepPlan {
        let planned = scheduler.nextStep()
        let plan = try #require(planned)
        var outcome = StepOutcome()
        for rows in plan.rows where rows.draws {
            let first = rows.tokens.count - 1 - rows.draftCount
            let accepted = min(accepts, rows.draftCount)
            outcome.draws[rows.id] = rows.tokens[(first + 1)...].prefix(accepted).map(Draw.token) + [.token(9)]
        }
        _ = scheduler.complete(plan, outcome)
        #expect(scheduler.violation() == nil)
        return plan
    }

    /// A sequence whose guesses have come true for some time.
    static func confident(_ scheduler: inout Scheduler, id: UInt64 = 1, limit: Int = 400) throws {
        _ = scheduler.admit([SchedulerTests.sequence(id, [9, 9, 9], limit: limit)])
        for _ in 0..<12 { _ = try step(&scheduler, accepts: 8) }
    }

    @Test("Drawn guesses count as computed; rows behind the first other draw are computed again later")
    func acceptance() throws {
        var scheduler = SchedulerTests.scheduler(drafts: 4, pages: 400)
        try Self.confident(&scheduler)
        var sequence = scheduler.running[0]
        let all = try Self.step(&scheduler, accepts: 8)
        #expect(all.rows.map(\.draftCount) == [4] && all.rows.map(\.reading) == [.all])
        #expect(scheduler.running[0].computedCount == sequence.computedCount + 5)
        sequence = scheduler.running[0]
        let some = try Self.step(&scheduler, accepts: 2)
        #expect(some.rows.map(\.draftCount) == [4])
        #expect(scheduler.running[0].computedCount == sequence.computedCount + 3)
        #expect(scheduler.running[0].tokens.count == sequence.tokens.count + 3)
        let next = try Self.step(&scheduler, accepts: 8)
        #expect(next.rows[0].start == sequence.computedCount + 3)
    }

    @Test("A sequence draws no more than it may, with a draft too")
    func limit() throws {
        for limit in 60...70 {
            var scheduler = SchedulerTests.scheduler(drafts: 8, pages: 400)
            _ = scheduler.admit([SchedulerTests.sequence(1, [9, 9, 9], limit: limit)])
            var drawn = 0
            while !scheduler.isIdle {
                let plan = try Self.step(&scheduler, accepts: 8)
                drawn += plan.rows[0].tokens.count - (plan.rows[0].start == 0 ? 2 : 0)
            }
            #expect(drawn == limit - 3)
        }
    }

    @Test("A draft takes only pages that are left, and gives back those that no token fills")
    func pages() throws {
        var scheduler = SchedulerTests.scheduler(drafts: 8, pages: 400, pageSize: 4)
        try Self.confident(&scheduler)
        _ = try Self.step(&scheduler, accepts: 0)
        let held = scheduler.running[0].pages.count
        #expect(held <= scheduler.pool.pages(forTokens: scheduler.running[0].tokens.count))

        // As many pages as the two come to hold: what a draft took from the other one would put that back.
        var scarce = SchedulerTests.scheduler(drafts: 8, pages: 40, pageSize: 4)
        try Self.confident(&scarce, limit: 100)
        _ = scarce.admit([SchedulerTests.sequence(2, SchedulerTests.prompt(2, count: 5), limit: 60)])
        while !scarce.isIdle { _ = try Self.step(&scarce, accepts: 8) }
        #expect(scarce.putBackCount == 0)
    }

    @Test("With no page left a draft shrinks to the room in the last one")
    func shrinks() throws {
        var scheduler = SchedulerTests.scheduler(drafts: 8, pages: 40, pageSize: 4)
        _ = scheduler.admit([SchedulerTests.sequence(1, [9, 9, 9], limit: 160)])
        var longest = 0
        while !scheduler.isIdle {
            let plan = try Self.step(&scheduler, accepts: 8)
            longest = max(longest, plan.rows[0].draftCount)
        }
        #expect(longest > 4)
        #expect(scheduler.pool.usedCount == 0)
    }
}
