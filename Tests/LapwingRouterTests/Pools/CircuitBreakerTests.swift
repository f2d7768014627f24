import LapwingRouter
import Testing

@Suite("CircuitBreaker")
struct CircuitBreakerTests {
    private func broken(_ count: Int = 5, at now: Duration = .zero) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<count { breaker.failed(at: now) }
        return breaker
    }

    @Test("Five failures in a row open it; four do not, nor four on either side of a success")
    func opensInARow() {
        #expect(broken(4).state == .closed)
        #expect(broken(5, at: .seconds(7)).state == .open(until: .seconds(12)))
        var breaker = broken(4)
        let closed = breaker.succeeded()
        #expect(!closed)
        for _ in 0..<4 { breaker.failed(at: .zero) }
        #expect(breaker.state == .closed)
    }

    @Test("Half of the last twenty calls failing opens it, and not before there were twenty")
    func opensByShare() {
        var breaker = CircuitBreaker()
        for index in 0..<19 {
            if index.isMultiple(of: 2) { breaker.failed(at: .zero) } else { _ = breaker.succeeded() }
        }
        // Ten of nineteen.
        #expect(breaker.state == .closed)
        var other = breaker
        _ = other.succeeded()
        #expect(other.state == .closed, "a success opens nothing")
        breaker.failed(at: .zero)
        #expect(breaker.state == .open(until: .seconds(5)))
    }

    @Test("When its time is over it lets one call through, and no second one before that has ended")
    func oneTrial() {
        var breaker = broken()
        #expect(!breaker.admits(at: .seconds(4)))
        #expect(breaker.timeToAdmission(at: .seconds(4)) == .seconds(1))
        #expect(breaker.admits(at: .seconds(5)))
        breaker.begin()
        #expect(!breaker.admits(at: .seconds(5)))
        #expect(breaker.timeToAdmission(at: .seconds(5)) == nil)
        breaker.abandoned(at: .seconds(6))
        #expect(breaker.admits(at: .seconds(6)), "a client that went away has found nothing out")
        breaker.begin()
        let closed = breaker.succeeded()
        #expect(closed)
        #expect(breaker.state == .closed)
    }

    @Test("Each trial that fails doubles the time, up to twenty seconds; a success starts anew")
    func doubles() {
        var breaker = broken()
        var now = Duration.seconds(5)
        for expected in [10, 20, 20] {
            breaker.begin()
            breaker.failed(at: now)
            #expect(breaker.state == .open(until: now + .seconds(expected)))
            now += .seconds(expected)
        }
        breaker.begin()
        _ = breaker.succeeded()
        for _ in 0..<5 { breaker.failed(at: now) }
        #expect(breaker.state == .open(until: now + .seconds(5)))
    }

    @Test("Calls that were made before it opened change nothing when they end after that")
    func lateNews() {
        var breaker = broken()
        breaker.failed(at: .seconds(3))
        let closed = breaker.succeeded()
        #expect(!closed)
        #expect(breaker.state == .open(until: .seconds(5)))
    }
}
