import LapwingEngine
import Testing

@Suite("Guesses and their worth")
struct GuessTests {
    @Test("The guess is what followed the latest place that reads as the last three tokens do, or else the last two")
    func latestPlace() {
        #expect(PromptLookup.guess(after: [1, 2, 3, 4, 5, 1, 2, 3], limit: 3) == [4, 5, 1])
        #expect(PromptLookup.guess(after: [1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], limit: 1) == [5])
        // Three tokens go before a later place of two.
        #expect(PromptLookup.guess(after: [1, 2, 3, 4, 9, 2, 3, 5, 1, 2, 3], limit: 1) == [4])
        #expect(PromptLookup.guess(after: [2, 3, 4, 9, 2, 3, 5, 1, 2, 3], limit: 2) == [5, 1])
    }

    @Test("A guess that reaches the end of the text goes on with itself")
    func loops() {
        #expect(PromptLookup.guess(after: [7, 7, 7], limit: 4) == [7, 7, 7, 7])
        #expect(PromptLookup.guess(after: [1, 2, 1, 2, 1], limit: 5) == [2, 1, 2, 1, 2])
    }

    @Test("Where nothing repeats there is no guess")
    func nothing() {
        for tokens in [[], [1], [1, 1], [1, 2, 3, 4], [5, 2, 3, 4, 3]] {
            #expect(PromptLookup.guess(after: tokens.map { Int32($0) }, limit: 4) == [])
        }
        #expect(PromptLookup.guess(after: [7, 7, 7], limit: 0) == [])
    }

    @Test("Acceptance follows what is drawn, and nothing is concluded from behind the first difference")
    func acceptance() {
        var record = GuessRecord()
        let first = record.acceptance
        record.compare([1, 2, 3], with: [1])
        let once = record.acceptance
        #expect(once > first)
        var thrice = GuessRecord()
        thrice.compare([1, 2, 3], with: [1, 2, 3])
        #expect(thrice.acceptance > once)
        var missed = GuessRecord()
        missed.compare([1, 2, 3], with: [9, 2, 3])
        #expect(missed.acceptance < first)
        for _ in 0..<40 { missed.compare([1, 2], with: [1, 2]) }
        #expect(missed.acceptance > 0.95)
    }

    @Test("Sure guesses get more rows than doubtful ones, and in a full step only the surest get any")
    func rows() {
        func rows(_ acceptance: Double, beside others: Int = 0) -> Int {
            var budget = DraftBudget(sequenceCount: 1 + others)
            return budget.takeRows(acceptance: acceptance, limit: 8)
        }
        #expect(rows(0.1) == 0)
        #expect(rows(0.5) >= 1)
        #expect(rows(0.9) > rows(0.5))
        #expect(rows(0.99) == 8)
        #expect(rows(0.5, beside: 7) == 0)
        #expect(rows(0.98, beside: 7) >= 1)
        var budget = DraftBudget(sequenceCount: 2)
        let first = budget.takeRows(acceptance: 0.8, limit: 8)
        #expect(budget.takeRows(acceptance: 0.8, limit: 8) < first)
    }
}
