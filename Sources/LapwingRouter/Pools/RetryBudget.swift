/// How many retries a pool may be sent: a share of its requests, so that an upstream in trouble is not pushed further down.
package struct RetryBudget: Sendable {
    /// Retries that are there from the start, for a pool that has seen few requests.
    private static let reserve = 10.0

    private let share: Double
    private var balance = Self.reserve

    /// `share` is the retries that each request earns, from 0 to 1.
    package init(share: Double) { self.share = share }

    package mutating func earn() { balance = min(balance + share, Self.reserve) }

    /// Whether one more may be sent; it is then counted.
    package mutating func spend() -> Bool {
        guard share > 0, balance >= 1 else { return false }
        balance -= 1
        return true
    }
}
