import LapwingAPI
import Synchronization

/// What each route's calls on the closed side cost today, in UTC: what a daily limit of spending is held against.
package final class RouteSpending: Sendable {
    private struct Day {
        var number: Int
        var spent: [String: NanoUSD]
    }

    private let state: Mutex<Day>

    /// `spent` is what the ledger says of the day of `milliseconds`.
    package init(_ spent: [String: NanoUSD], at milliseconds: Int64) {
        state = Mutex(Day(number: BudgetWindow(.day, at: milliseconds).number, spent: spent))
    }

    /// Adds what a request that began at `milliseconds` cost; of an earlier day it no longer counts.
    package func add(_ cost: NanoUSD, to route: String, at milliseconds: Int64) {
        let number = BudgetWindow(.day, at: milliseconds).number
        state.withLock { day in
            guard number >= day.number else { return }
            if number > day.number { day = Day(number: number, spent: [:]) }
            day.spent[route, default: .zero] += cost
        }
    }

    package func spent(by route: String, at milliseconds: Int64) -> NanoUSD {
        let number = BudgetWindow(.day, at: milliseconds).number
        return state.withLock { $0.number == number ? $0.spent[route] ?? .zero : .zero }
    }
}
