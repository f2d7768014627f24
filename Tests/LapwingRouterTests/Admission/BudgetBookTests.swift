import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Budgets")
struct BudgetBookTests {
    /// 2024-02-28T23:59:59.999Z, the last moment but one day of a leap year's February.
    private static let evening: Int64 = 1_709_164_799_999
    private static let day: Int64 = 86_400_000

    private func limits(day: Int64?, month: Int64?) -> KeyLimits {
        var limits = KeyLimits()
        (limits.dailyBudget, limits.monthlyBudget) = (day.map(NanoUSD.init), month.map(NanoUSD.init))
        return limits
    }

    @Test("Days and months begin at midnight of UTC, in leap years and over the year's end")
    func windows() {
        #expect(BudgetWindow(.day, at: Self.evening).end == Self.evening + 1)
        #expect(BudgetWindow(.month, at: Self.evening).end == Self.evening + 1 + Self.day)
        #expect(BudgetWindow(.month, at: Self.evening + Self.day) == BudgetWindow(.month, at: Self.evening))
        #expect(BudgetWindow(.month, at: Self.evening + 1 + Self.day) != BudgetWindow(.month, at: Self.evening))
        // 2023-12-31T23:59:59.999Z.
        let december = BudgetWindow(.month, at: 1_704_067_199_999)
        #expect(december.end == 1_704_067_200_000 && december.start == 1_701_388_800_000)
        #expect(BudgetWindow(.month, at: 0).number == 0 && BudgetWindow(.day, at: -1).number == -1)
    }

    @Test("What is held is not to be had, and what was settled leaves the rest")
    func settles() throws {
        var book = BudgetBook()
        let limits = limits(day: 100, month: 150)
        let first = try book.reserve(NanoUSD(60), of: "k", limits: limits, at: Self.evening)
        let refusal = #expect(throws: RequestError.self) {
            _ = try book.reserve(NanoUSD(41), of: "k", limits: limits, at: Self.evening)
        }
        #expect(
            refusal
                == .budgetExceeded(
                    .day, limit: NanoUSD(100), left: NanoUSD(40), needed: NanoUSD(41), held: NanoUSD(60),
                    retryAfterSeconds: 1))
        book.settle(first, cost: NanoUSD(7))
        book.settle(first, cost: NanoUSD(7))
        let second = try book.reserve(NanoUSD(93), of: "k", limits: limits, at: Self.evening)
        // What is held comes back, and is waited for; what is spent is gone for the month.
        let passing = #expect(throws: RequestError.self) {
            _ = try book.reserve(NanoUSD(51), of: "k", limits: limits, at: Self.evening + 1)
        }
        guard case .budgetExceeded(.month, _, _, _, NanoUSD(93), 5)? = passing else {
            Issue.record("\(String(describing: passing))")
            return
        }
        book.settle(second, cost: NanoUSD(93))
        // The next day there is a new day's budget, but the month's has 50 left.
        let month = #expect(throws: RequestError.self) {
            _ = try book.reserve(NanoUSD(51), of: "k", limits: limits, at: Self.evening + 1)
        }
        guard case .budgetExceeded(.month, _, let left, _, _, let seconds)? = month else {
            Issue.record("\(String(describing: month))")
            return
        }
        #expect(left == NanoUSD(50) && seconds == 86_400)
        _ = try book.reserve(NanoUSD(50), of: "k", limits: limits, at: Self.evening + 1)
        _ = try book.reserve(NanoUSD(100), of: "other", limits: limits, at: Self.evening)
    }

    @Test("A request of yesterday that comes late does not make today's spending forgotten")
    func lateRequest() throws {
        var book = BudgetBook()
        let limits = limits(day: 100, month: nil)
        let today = try book.reserve(NanoUSD(80), of: "k", limits: limits, at: Self.evening + 1)
        book.settle(today, cost: NanoUSD(80))
        _ = try book.reserve(NanoUSD(10), of: "k", limits: limits, at: Self.evening)
        #expect(throws: RequestError.self) {
            _ = try book.reserve(NanoUSD(21), of: "k", limits: limits, at: Self.evening + 1)
        }
    }

    @Test("A request that ends the next day is paid by the day on which it began")
    func midnight() throws {
        var book = BudgetBook()
        let limits = limits(day: 100, month: nil)
        let late = try book.reserve(NanoUSD(100), of: "k", limits: limits, at: Self.evening)
        _ = try book.reserve(NanoUSD(100), of: "k", limits: limits, at: Self.evening + 1)
        book.settle(late, cost: NanoUSD(100))
        #expect(book.standings(of: "k", limits: limits, at: Self.evening + 1).map(\.spent) == [.zero])
        #expect(book.standings(of: "k", limits: limits, at: Self.evening).map(\.spent) == [NanoUSD(100)])
    }

    @Test("What a request costs beyond its reservation is overrun, and is paid from what is left")
    func overrun() throws {
        var book = BudgetBook()
        let limits = limits(day: 100, month: nil)
        let id = try book.reserve(NanoUSD(10), of: "k", limits: limits, at: 0)
        book.settle(id, cost: NanoUSD(35))
        let standing = try #require(book.standings(of: "k", limits: limits, at: 0).first)
        #expect(standing.spent == NanoUSD(10) && standing.overrun == NanoUSD(25) && standing.left == NanoUSD(65))
        #expect(throws: RequestError.self) { _ = try book.reserve(NanoUSD(66), of: "k", limits: limits, at: 0) }
    }

    @Test(
        "Whatever is reserved and settled in whichever order: spent and reserved never pass a limit, and all is counted"
    )
    func property() throws {
        var random = SplitMix64(seed: 11)
        for round in 0..<60 {
            var book = BudgetBook()
            let limits = limits(
                day: round.isMultiple(of: 3) ? nil : Int64.random(in: 0...1000, using: &random),
                month: round.isMultiple(of: 5) ? nil : Int64.random(in: 0...4000, using: &random))
            var now = Self.evening - 3 * Self.day
            var open: [(id: BudgetBook.ReservationID, amount: Int64, day: Int64)] = []
            var spentByDay: [Int64: Int64] = [:]
            var refused = 0
            for _ in 0..<400 {
                now += Int64.random(in: 0...Self.day / 40, using: &random)
                if Bool.random(using: &random), !open.isEmpty {
                    let ended = open.remove(at: Int.random(in: open.indices, using: &random))
                    let cost = Int64.random(in: 0...ended.amount, using: &random)
                    book.settle(ended.id, cost: NanoUSD(cost))
                    spentByDay[ended.day, default: 0] += cost
                } else {
                    let amount = Int64.random(in: 0...200, using: &random)
                    do {
                        let id = try book.reserve(NanoUSD(amount), of: "k", limits: limits, at: now)
                        open.append((id, amount, now / Self.day))
                    } catch {
                        refused += 1
                    }
                }
                for standing in book.standings(of: "k", limits: limits, at: now) {
                    #expect(standing.spent + standing.reserved <= standing.limit)
                    #expect(standing.overrun == .zero)
                    guard standing.period == .day else { continue }
                    let today = now / Self.day
                    #expect(standing.spent == NanoUSD(spentByDay[today] ?? 0))
                    let held = open.filter { $0.day == today }.reduce(0) { $0 + $1.amount }
                    #expect(standing.reserved == NanoUSD(held))
                }
            }
            #expect(refused > 0 || (limits.dailyBudget == nil && limits.monthlyBudget == nil))
        }
    }
}
