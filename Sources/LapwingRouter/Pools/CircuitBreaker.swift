/// Keeps requests away from an endpoint that fails too often, and lets one at a time find out whether it is well again.
///
/// Times are durations since any fixed instant of one clock.
package struct CircuitBreaker: Sendable {
    package struct Limits: Hashable, Sendable {
        /// It opens after so many failures in a row, or when half of the last `window` calls failed.
        package var failures = 5
        package var window = 20
        /// How long it stays open the first time; twice as long after each trial that fails, up to `longestOpen`.
        package var open: Duration = .seconds(5)
        package var longestOpen: Duration = .seconds(20)

        package init() {}
    }

    package enum State: Hashable, Sendable {
        /// Every call is let through. Becomes `open`.
        case closed
        /// No call is let through before this time; the first one after it makes it `trying`.
        case open(until: Duration)
        /// One call is on its way. Its success makes it `closed`, its failure `open` again.
        case trying
    }

    package private(set) var state = State.closed
    private let limits: Limits
    private var openTime: Duration
    /// The newest outcomes, the lowest bit first; 1 is a failure.
    private var outcomes: UInt64 = 0
    private var count = 0

    package init(_ limits: Limits = Limits()) {
        precondition((1...64).contains(limits.window), "a window of outcomes fits one word")
        self.limits = limits
        openTime = limits.open
    }

    /// The same with other limits, for calls of another pool: whoever is finding out does so for the earlier one.
    func taken(over limits: Limits, at now: Duration) -> CircuitBreaker {
        var breaker = CircuitBreaker(limits)
        (breaker.state, breaker.outcomes, breaker.count) = (state, outcomes, min(count, limits.window))
        breaker.openTime = min(openTime, limits.longestOpen)
        breaker.abandoned(at: now)
        return breaker
    }

    /// Whether a call may be made now.
    package func admits(at now: Duration) -> Bool { timeToAdmission(at: now) == .zero }

    /// How long until a call may be made; nil while another one is finding out.
    package func timeToAdmission(at now: Duration) -> Duration? {
        switch state {
        case .closed: .zero
        case .open(let until): max(until - now, .zero)
        case .trying: nil
        }
    }

    /// A call is made; it was admitted.
    package mutating func begin() {
        if case .open = state { state = .trying }
    }

    /// Returns whether this closed the breaker.
    package mutating func succeeded() -> Bool {
        switch state {
        case .closed:
            record(isFailure: false)
            return false
        // Of a call that was made before it opened: old news.
        case .open: return false
        case .trying:
            self = CircuitBreaker(limits)
            return true
        }
    }

    package mutating func failed(at now: Duration) {
        switch state {
        case .closed:
            record(isFailure: true)
            if hasTooManyFailures { state = .open(until: now + openTime) }
        case .open: break
        case .trying:
            openTime = min(openTime * 2, limits.longestOpen)
            state = .open(until: now + openTime)
        }
    }

    /// A call ended without a word about the endpoint, as when the client went away: the next may try.
    package mutating func abandoned(at now: Duration) {
        if case .trying = state { state = .open(until: now) }
    }

    private mutating func record(isFailure: Bool) {
        outcomes = outcomes << 1 | (isFailure ? 1 : 0)
        count = min(count + 1, limits.window)
    }

    private var hasTooManyFailures: Bool {
        let inARow = (~outcomes).trailingZeroBitCount
        let seen = count == 64 ? outcomes : outcomes & (1 << UInt64(count) - 1)
        return min(inARow, count) >= limits.failures
            || count == limits.window && seen.nonzeroBitCount * 2 >= limits.window
    }
}
