import Foundation

/// Which of a model's endpoints takes the next call: how busy, how quick and how well each is.
///
/// Pure: it is told the time, as durations since any fixed instant, and what became of each call.
package struct EndpointPool: Sendable {
    package enum Balance: String, Hashable, Sendable, CaseIterable {
        /// The one with the fewest calls in progress for its weight; a slow one counts as busier.
        case leastLoaded = "least-loaded"
        /// In turns, in proportion to the weights.
        case weighted
    }

    package struct Options: Hashable, Sendable {
        package var balance = Balance.leastLoaded
        package var breaker = CircuitBreaker.Limits()
        /// How long an endpoint that is well again takes to get its whole share.
        package var slowStart: Duration = .seconds(30)
        /// Failed probes in a row after which an endpoint is left alone.
        package var failedProbes = 2

        package init() {}
    }

    package enum Offer: Hashable, Sendable {
        /// The call is counted as begun.
        case endpoint(Int)
        /// All that may be asked have asked to be left alone; the first will not mind after this time.
        case resting(Duration)
        /// All that may be asked have failed too often lately; the first may be tried after this time.
        case broken(Duration)
        /// None is left that may be asked.
        case none
    }

    package enum Outcome: Hashable, Sendable {
        case answered
        /// Nothing is said about the endpoint, as when the client went away or was at fault.
        case neutral
        case failed(FailureClass)
    }

    struct Member: Sendable {
        let name: String
        let weight: Double
        var breaker: CircuitBreaker
        var inFlight = 0
        var restsUntil = Duration.zero
        var latency = SmoothedLatency()
        /// When it came back; nil once it has its whole share.
        var recoveredAt: Duration?
        var failedProbes = 0
        var isDown = false
        /// What it is owed of the turns.
        var credit = 0.0

        init(name: String, weight: Int, breaker: CircuitBreaker.Limits) {
            self.name = name
            self.weight = Double(weight)
            self.breaker = CircuitBreaker(breaker)
        }
    }

    let options: Options
    var members: [Member]

    /// `endpoints` are their names, which affinity goes by, and their weights.
    package init(_ endpoints: [(name: String, weight: Int)], options: Options = Options()) {
        precondition(!endpoints.isEmpty, "a pool has at least one endpoint")
        self.options = options
        members = endpoints.map { Member(name: $0.name, weight: $0.weight, breaker: options.breaker) }
    }

    package func breakerState(of endpoint: Int) -> CircuitBreaker.State {
        members[endpoint].breaker.state
    }
    package func inFlight(at endpoint: Int) -> Int { members[endpoint].inFlight }

    /// Chooses an endpoint for a call and counts the call as begun. With a `prefix`, requests of the same one go to the
    /// same endpoint as long as that is not overloaded.
    package mutating func take(at now: Duration, avoiding spent: Set<Int> = [], prefix: UInt64? = nil)
        -> Offer
    {
        let candidates = members.indices.filter { !spent.contains($0) && isUsable($0, at: now) }
        guard !candidates.isEmpty else { return whenUsable(at: now, avoiding: spent) }
        let chosen = choose(among: candidates, prefix: prefix, at: now)
        members[chosen].inFlight += 1
        members[chosen].breaker.begin()
        return .endpoint(chosen)
    }

    /// What `take` would say, without taking. `endpoint` is then any.
    package func whenUsable(at now: Duration, avoiding spent: Set<Int> = []) -> Offer {
        let left = members.indices.filter { !spent.contains($0) }
        if left.isEmpty { return .none }
        if let usable = left.first(where: { isUsable($0, at: now) }) { return .endpoint(usable) }
        // An endpoint that rests and would otherwise be used is worth waiting for; one that broke is not.
        let resting = left.filter { !members[$0].isDown && members[$0].breaker.admits(at: now) }
        if let soonest = resting.map({ members[$0].restsUntil - now }).min() {
            return .resting(soonest)
        }
        let waits = left.compactMap {
            members[$0].isDown ? nil : members[$0].breaker.timeToAdmission(at: now)
        }
        return .broken(waits.min() ?? options.breaker.open)
    }

    /// What a call or a probe changed about an endpoint, for who looks after it.
    package enum Turn: Hashable, Sendable {
        case leftAlone
        case wellAgain
    }

    /// The first of an answer has come.
    @discardableResult
    package mutating func gaveFirstToken(_ endpoint: Int, after latency: Duration, at now: Duration)
        -> Turn?
    {
        members[endpoint].latency.observe(latency, at: now)
        guard members[endpoint].breaker.succeeded() else { return nil }
        members[endpoint].recoveredAt = now
        return .wellAgain
    }

    /// A call that was taken is over.
    @discardableResult
    package mutating func ended(_ endpoint: Int, _ outcome: Outcome, at now: Duration) -> Turn? {
        members[endpoint].inFlight -= 1
        let wasClosed = members[endpoint].breaker.state == .closed
        switch outcome {
        case .answered, .neutral: members[endpoint].breaker.abandoned(at: now)
        case .failed(let failure):
            if let rest = failure.rest {
                // The client may be told of a day; an endpoint is tried again sooner, as quotas are raised and repairs end.
                members[endpoint].restsUntil = max(
                    members[endpoint].restsUntil, now + min(rest, Self.longestRest))
            }
            if failure.isBreakage {
                members[endpoint].breaker.failed(at: now)
            } else {
                members[endpoint].breaker.abandoned(at: now)
            }
        }
        return wasClosed && members[endpoint].breaker.state != .closed ? .leftAlone : nil
    }

    /// What an active check found.
    @discardableResult
    package mutating func probed(_ endpoint: Int, isWell: Bool, at now: Duration) -> Turn? {
        let wasDown = members[endpoint].isDown
        if isWell {
            if wasDown { members[endpoint].recoveredAt = now }
            members[endpoint].isDown = false
            members[endpoint].failedProbes = 0
        } else {
            members[endpoint].failedProbes += 1
            members[endpoint].isDown = members[endpoint].failedProbes >= options.failedProbes
        }
        guard wasDown != members[endpoint].isDown else { return nil }
        return wasDown ? .wellAgain : .leftAlone
    }

    private static let longestRest = Duration.seconds(60)

    private func isUsable(_ endpoint: Int, at now: Duration) -> Bool {
        let member = members[endpoint]
        return !member.isDown && member.restsUntil <= now && member.breaker.admits(at: now)
    }
}

/// How long first tokens take lately.
struct SmoothedLatency: Sendable {
    /// Each new one counts a fifth.
    private static let share = 0.2
    /// What is not heard of any more is believed half as much after this time, so that it is tried again.
    private static let halfLife = Duration.seconds(30)

    private var value: Duration?
    private var observedAt = Duration.zero

    mutating func observe(_ latency: Duration, at now: Duration) {
        value = value.map { $0 + (latency - $0) * Self.share } ?? latency
        observedAt = now
    }

    /// nil before the first.
    func seconds(at now: Duration) -> Double? {
        value.map { ($0 / .seconds(1)) * exp2(-((now - observedAt) / Self.halfLife)) }
    }
}
