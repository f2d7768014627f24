import LapwingAPI
import LapwingRouter
import Testing

/// What a pool that comes in another's place knows of its endpoints.
@Suite("A pool after another")
struct RecallTests {
    private func pool(_ names: String..., failures: Int = 5) -> EndpointPool {
        var options = EndpointPool.Options()
        options.breaker.failures = failures
        return EndpointPool(names.map { ($0, 1) }, options: options)
    }

    private func fail(_ pool: inout EndpointPool, _ endpoint: Int, times: Int) {
        let failure = FailureClass(.upstreamFailed(model: "m", status: 500, reason: "broken"))
        let others = Set(0..<8).subtracting([endpoint])
        for _ in 0..<times {
            _ = pool.take(at: .zero, avoiding: others)
            pool.ended(endpoint, .failed(failure), at: .zero)
        }
    }

    @Test("An endpoint that is left alone stays so, by its name, and a new one is called")
    func breakers() {
        var old = pool("a", "b")
        fail(&old, 0, times: 5)
        var new = pool("b", "c", "a")
        new.recall(old, at: .seconds(1), isProbed: false)
        #expect(new.breakerState(of: 2) == .open(until: .seconds(5)))
        #expect(new.breakerState(of: 0) == .closed && new.breakerState(of: 1) == .closed)
        #expect(new.take(at: .seconds(1), avoiding: [0, 1]) == .broken(.seconds(4)))
    }

    @Test("Failures so far count, under the limits of now")
    func limits() {
        var old = pool("a")
        fail(&old, 0, times: 2)
        var new = pool("a", failures: 3)
        new.recall(old, at: .zero, isProbed: false)
        #expect(new.breakerState(of: 0) == .closed)
        fail(&new, 0, times: 1)
        #expect(new.breakerState(of: 0) == .open(until: .seconds(5)))
    }

    @Test(
        "A call that finds out for the old pool does not keep the new one waiting, nor does it count as one of its own")
    func trying() {
        var old = pool("a")
        fail(&old, 0, times: 5)
        #expect(old.take(at: .seconds(5)) == .endpoint(0))
        #expect(old.breakerState(of: 0) == .trying)
        var new = pool("a")
        new.recall(old, at: .seconds(6), isProbed: false)
        #expect(new.inFlight(at: 0) == 0)
        #expect(new.take(at: .seconds(6)) == .endpoint(0))
    }

    @Test(
        "One that probes found down is left alone only where a probe can find it well again", arguments: [true, false])
    func probes(isProbed: Bool) {
        var old = pool("a")
        for _ in 0..<2 { old.probed(0, isWell: false, at: .zero) }
        var new = pool("a")
        new.recall(old, at: .zero, isProbed: isProbed)
        #expect((new.take(at: .zero) == .endpoint(0)) == !isProbed)
    }
}
