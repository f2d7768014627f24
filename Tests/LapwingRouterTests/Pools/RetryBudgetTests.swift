import LapwingRouter
import Testing

@Suite("RetryBudget")
struct RetryBudgetTests {
    /// How many of so many retries may be sent.
    private func sent(_ count: Int, of budget: inout RetryBudget) -> Int {
        var sent = 0
        for _ in 0..<count where budget.spend() { sent += 1 }
        return sent
    }

    @Test("Ten retries are there from the start, and each further one is earned by the requests, up to ten again")
    func share() {
        var budget = RetryBudget(share: 0.25)
        #expect(sent(20, of: &budget) == 10)
        for _ in 0..<11 { budget.earn() }
        #expect(sent(20, of: &budget) == 2)
        for _ in 0..<1000 { budget.earn() }
        #expect(sent(20, of: &budget) == 10)
    }

    @Test("A share of nothing sends none at all")
    func none() {
        var budget = RetryBudget(share: 0)
        #expect(sent(5, of: &budget) == 0)
    }

    @Test("Pauses double up to eight seconds, and chance takes up to half of each")
    func backOff() {
        let pauses = (1...7).map { BackOff().delay(after: $0, random: 1) }
        #expect(pauses == [250, 500, 1000, 2000, 4000, 8000, 8000].map { .milliseconds($0) })
        #expect(BackOff().delay(after: 2, random: 0) == .milliseconds(250))
        #expect(BackOff().delay(after: .max, random: 0) == .seconds(4))
    }
}
