import LapwingAPI

/// What keys have spent and hold, by day and by month. Decides only: no clock, no disk, no lock.
///
/// A reservation is an upper bound of what its request will cost, and is refused where spent, reserved and overrun would
/// pass the limit with it; so spent + reserved ≤ limit at every moment, however many requests come at once. What a request
/// costs beyond its reservation is overrun, and is paid from what is left.
package struct BudgetBook: Sendable {
    package typealias ReservationID = UInt64

    private struct Sums: Sendable {
        var spent = NanoUSD.zero
        var reserved = NanoUSD.zero
        var overrun = NanoUSD.zero
    }

    /// Belongs to the day and the month in which it was made, also where it is settled in the next.
    private struct Reservation: Sendable {
        var key: String
        var amount: NanoUSD
        var windows: [BudgetWindow]
    }

    private var accounts: [String: [BudgetWindow: Sums]] = [:]
    private var reservations: [ReservationID: Reservation] = [:]
    private var nextID: ReservationID = 0

    package init() {}

    /// Adds what the ledger says of a day of requests that ended earlier.
    package mutating func enter(_ key: String, spent: NanoUSD, overrun: NanoUSD, at milliseconds: Int64) {
        for period in BudgetPeriod.allCases {
            add(to: key, BudgetWindow(period, at: milliseconds)) { sums in
                sums.spent += spent
                sums.overrun += overrun
            }
        }
    }

    /// Seconds after which a request that others keep from being paid is to come again.
    private static let patience = 5

    /// Throws `budgetExceeded`, and holds nothing then.
    package mutating func reserve(
        _ amount: NanoUSD, of key: String, limits: KeyLimits, at milliseconds: Int64
    ) throws(RequestError) -> ReservationID {
        let amount = max(amount, .zero)
        let windows = BudgetPeriod.allCases.map { BudgetWindow($0, at: milliseconds) }
        // The month first: who may not spend any more this month is not to come again tomorrow.
        for window in windows.reversed() {
            guard let standing = standing(key, window, limits) else { continue }
            guard amount <= standing.left else {
                let untilEnd = Int(clamping: max(1, (window.end - milliseconds + 999) / 1000))
                // What is held comes back for the most part, and soon.
                let isPassing = amount <= standing.left + standing.reserved
                throw .budgetExceeded(
                    window.period, limit: standing.limit, left: standing.left, needed: amount,
                    held: isPassing ? standing.reserved : .zero,
                    retryAfterSeconds: isPassing ? min(Self.patience, untilEnd) : untilEnd)
            }
        }
        // Past windows are kept as long as a request of theirs is in progress; newer ones a late request does not touch.
        accounts[key] = accounts[key]?.filter { $0.key.end > milliseconds || $0.value.reserved != .zero }
        for window in windows { add(to: key, window) { $0.reserved += amount } }
        defer { nextID += 1 }
        reservations[nextID] = Reservation(key: key, amount: amount, windows: windows)
        return nextID
    }

    /// Turns a reservation into what its request cost. A second time it does nothing.
    package mutating func settle(_ id: ReservationID, cost: NanoUSD) {
        guard let reservation = reservations.removeValue(forKey: id) else { return }
        let cost = max(cost, .zero)
        for window in reservation.windows {
            add(to: reservation.key, window) { sums in
                sums.reserved = sums.reserved - reservation.amount
                sums.spent += min(cost, reservation.amount)
                sums.overrun += max(.zero, cost - reservation.amount)
            }
        }
    }

    /// How the key stands with each budget that it has.
    package func standings(of key: String, limits: KeyLimits, at milliseconds: Int64) -> [BudgetStanding] {
        BudgetPeriod.allCases.compactMap { standing(key, BudgetWindow($0, at: milliseconds), limits) }
    }

    private func standing(_ key: String, _ window: BudgetWindow, _ limits: KeyLimits) -> BudgetStanding? {
        guard let limit = window.period == .day ? limits.dailyBudget : limits.monthlyBudget else { return nil }
        let sums = accounts[key]?[window] ?? Sums()
        return BudgetStanding(
            period: window.period, limit: limit, spent: sums.spent, reserved: sums.reserved, overrun: sums.overrun)
    }

    private mutating func add(to key: String, _ window: BudgetWindow, _ change: (inout Sums) -> Void) {
        change(&accounts[key, default: [:]][window, default: Sums()])
    }
}
