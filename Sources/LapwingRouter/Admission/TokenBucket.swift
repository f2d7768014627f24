import LapwingAPI

/// A limit a minute: a bucket that holds as much as the limit and fills steadily, so that a client may spend all at once and
/// never waits a whole minute for one more.
///
/// In any span of t seconds no more than limit × (1 + t / 60) is taken. Integers only, so that nothing drifts.
package struct TokenBucket: Sendable {
    private static let minute: Int128 = 60_000_000_000

    package let limit: Int
    /// In units of which a minute's nanoseconds make one of what is counted: each nanosecond adds `limit` of them.
    /// Negative where more was used than was taken.
    private var level: Int128
    private var updated: Duration

    /// Full. `limit` is positive.
    package init(limit: Int, at now: Duration) {
        precondition(limit > 0, "a limit lets something through")
        self.limit = limit
        level = Int128(limit) * Self.minute
        updated = now
    }

    package enum Taking: Hashable, Sendable {
        case taken
        case wait(Duration)
        /// More than the bucket ever holds.
        case never
    }

    package mutating func take(_ count: Int, at now: Duration) -> Taking {
        guard count <= limit else { return .never }
        fill(at: now)
        let lacking = Int128(count) * Self.minute - level
        guard lacking > 0 else {
            level -= Int128(count) * Self.minute
            return .taken
        }
        return .wait(duration(of: lacking))
    }

    /// Settles what was taken with what it came to: gives back where `correction` is positive, takes more where it is not.
    package mutating func correct(by correction: Int, at now: Duration) {
        fill(at: now)
        level = min(level + Int128(correction) * Self.minute, capacity)
    }

    package mutating func standing(at now: Duration) -> RateStanding.Limit {
        fill(at: now)
        return RateStanding.Limit(
            limit: limit, remaining: Int(max(0, level) / Self.minute), reset: duration(of: capacity - level))
    }

    private var capacity: Int128 { Int128(limit) * Self.minute }

    private mutating func fill(at now: Duration) {
        // A clock that is read by two may be read in another order.
        guard now > updated else { return }
        level = min(level + Int128((now - updated).nanoseconds) * Int128(limit), capacity)
        updated = now
    }

    /// How long so much takes to come, rounded up.
    private func duration(of amount: Int128) -> Duration {
        .nanoseconds(Int64(clamping: (amount + Int128(limit) - 1) / Int128(limit)))
    }
}
