import LapwingAPI
import LapwingRouter
import Testing

private let broken = FailureClass(.upstreamFailed(model: "m", status: 500, reason: "broken"))

private func makePool(_ weights: Int..., balance: EndpointPool.Balance = .leastLoaded) -> Pool {
    var options = EndpointPool.Options()
    options.balance = balance
    return Pool(
        EndpointPool(weights.enumerated().map { ("e\($0.offset)", $0.element) }, options: options))
}

/// A pool with an identity, so that expectations may change it.
private final class Pool {
    private var pool: EndpointPool

    init(_ pool: EndpointPool) { self.pool = pool }

    func taken(at now: Duration = .zero, avoiding spent: Set<Int> = [], prefix: UInt64? = nil) -> Int? {
        if case .endpoint(let endpoint) = pool.take(at: now, avoiding: spent, prefix: prefix) {
            endpoint
        } else {
            nil
        }
    }

    func gaveFirstToken(_ endpoint: Int, after latency: Duration, at now: Duration) {
        pool.gaveFirstToken(endpoint, after: latency, at: now)
    }

    func ended(_ endpoint: Int, _ outcome: EndpointPool.Outcome, at now: Duration) {
        pool.ended(endpoint, outcome, at: now)
    }

    func probed(_ endpoint: Int, isWell: Bool, at now: Duration) {
        pool.probed(endpoint, isWell: isWell, at: now)
    }

    func whenUsable(at now: Duration, avoiding spent: Set<Int> = []) -> EndpointPool.Offer {
        pool.whenUsable(at: now, avoiding: spent)
    }

    func inFlight(at endpoint: Int) -> Int { pool.inFlight(at: endpoint) }

    func breakerState(of endpoint: Int) -> CircuitBreaker.State { pool.breakerState(of: endpoint) }

    /// A call that is over at once.
    func call(_ outcome: EndpointPool.Outcome = .answered, at now: Duration = .zero) -> Int? {
        guard let endpoint = taken(at: now) else { return nil }
        if outcome == .answered { gaveFirstToken(endpoint, after: .zero, at: now) }
        ended(endpoint, outcome, at: now)
        return endpoint
    }
}

@Suite("EndpointPool")
struct EndpointPoolTests {
    @Test("Weights are shares of the turns, spread evenly")
    func weighted() {
        let pool = makePool(1, 3, balance: .weighted)
        #expect((0..<8).map { _ in pool.call() } == [1, 0, 1, 1, 1, 0, 1, 1])
        let idle = makePool(1, 3)
        #expect(
            (0..<8).map { _ in idle.call() } == [1, 0, 1, 1, 1, 0, 1, 1], "as do those that are all idle")
    }

    @Test("A call goes where the fewest are in progress for the weight")
    func leastLoaded() {
        let pool = makePool(1, 3)
        var counts = [0, 0]
        for _ in 0..<40 { counts[pool.taken() ?? 0] += 1 }
        #expect(counts == [10, 30])
        for _ in 0..<30 { pool.ended(1, .answered, at: .zero) }
        #expect((0..<30).allSatisfy { _ in pool.taken() == 1 })
    }

    @Test(
        "One whose first tokens take four times as long gets calls once the quick one has two more, and is tried again later"
    )
    func latency() {
        let pool = makePool(1, 1)
        for (endpoint, latency) in [(0, 100), (1, 400)] {
            _ = pool.taken(avoiding: [1 - endpoint])
            pool.gaveFirstToken(endpoint, after: .milliseconds(latency), at: .zero)
            pool.ended(endpoint, .answered, at: .zero)
        }
        #expect((0..<4).map { _ in pool.taken() } == [0, 0, 0, 1])
        for endpoint in [0, 0, 0, 1] { pool.ended(endpoint, .answered, at: .zero) }
        // What was measured long ago is believed no more.
        pool.gaveFirstToken(0, after: .milliseconds(100), at: .seconds(60))
        #expect(Set((0..<2).map { _ in pool.taken(at: .seconds(60)) }) == [0, 1])
    }

    @Test("One that asked to be left alone is not asked before its time, and the others are")
    func rests() {
        let pool = makePool(1, 1)
        _ = pool.taken(avoiding: [1])
        pool.ended(0, .failed(FailureClass(.overloaded(what: "it", retryAfterSeconds: 2))), at: .zero)
        #expect((0..<3).map { _ in pool.call() } == [1, 1, 1])
        #expect(pool.whenUsable(at: .seconds(1), avoiding: [1]) == .resting(.seconds(1)))
        #expect(pool.breakerState(of: 0) == .closed)
        #expect(Set((0..<2).map { _ in pool.taken(at: .seconds(2)) }) == [0, 1])
    }

    @Test("One that asked to be left alone for a day is tried again after a minute")
    func restsNoLonger() {
        let pool = makePool(1)
        _ = pool.taken()
        pool.ended(0, .failed(FailureClass(.overloaded(what: "it", retryAfterSeconds: 86_400))), at: .zero)
        #expect(pool.whenUsable(at: .zero) == .resting(.seconds(60)))
    }

    @Test(
        "One that fails too often is left alone, tried by a single call, and then gets its share little by little"
    )
    func breaks() {
        let pool = makePool(1, 1, balance: .weighted)
        for _ in 0..<5 {
            _ = pool.taken(avoiding: [1])
            pool.ended(0, .failed(broken), at: .zero)
        }
        #expect((0..<3).map { _ in pool.call(at: .seconds(4)) } == [1, 1, 1])
        #expect(pool.whenUsable(at: .seconds(4), avoiding: [1]) == .broken(.seconds(1)))
        #expect(pool.taken(at: .seconds(5), avoiding: [1]) == 0)
        #expect(pool.taken(at: .seconds(5), avoiding: [1]) == nil, "one call finds out for all")
        pool.gaveFirstToken(0, after: .zero, at: .seconds(5))
        pool.ended(0, .answered, at: .seconds(5))
        // A tenth of its weight: one of eleven turns; and half of it after half of the time.
        #expect((0..<22).count { _ in pool.call(at: .seconds(5)) == 0 } == 2)
        #expect((0..<30).count { _ in pool.call(at: .seconds(20)) == 0 } == 10)
        #expect((0..<30).count { _ in pool.call(at: .seconds(35)) == 0 } == 15)
    }

    @Test(
        "Whoever looks after a pool is told once when an endpoint is left alone and when it is well again"
    )
    func turns() {
        var pool = EndpointPool([("e0", 1)])
        func call(at now: Duration, fails: Bool) -> [EndpointPool.Turn?] {
            guard case .endpoint = pool.take(at: now) else { return [] }
            let first = fails ? nil : pool.gaveFirstToken(0, after: .zero, at: now)
            return [first, pool.ended(0, fails ? .failed(broken) : .answered, at: now)]
        }
        let failing = (0..<5).map { _ in call(at: .zero, fails: true) }
        #expect(failing == Array(repeating: [nil, nil], count: 4) + [[nil, .leftAlone]])
        #expect(call(at: .seconds(5), fails: true) == [nil, nil])
        #expect(call(at: .seconds(15), fails: false) == [.wellAgain, nil])
        let probes = [false, false, true, true].map { pool.probed(0, isWell: $0, at: .seconds(15)) }
        #expect(probes == [nil, .leftAlone, .wellAgain, nil])
    }

    @Test("A client that goes away while an endpoint is on trial leaves the trial to the next")
    func abandonedTrial() {
        let pool = makePool(1)
        for _ in 0..<5 { _ = pool.call(.failed(broken)) }
        #expect(pool.call(.neutral, at: .seconds(5)) == 0)
        #expect(pool.call(.answered, at: .seconds(5)) == 0)
        #expect(pool.breakerState(of: 0) == .closed)
    }

    @Test("Two probes that fail take an endpoint out, one that succeeds brings it back")
    func probes() {
        let pool = makePool(1, 1)
        pool.probed(0, isWell: false, at: .zero)
        #expect(Set((0..<2).map { _ in pool.call() }) == [0, 1])
        pool.probed(0, isWell: false, at: .zero)
        #expect((0..<3).map { _ in pool.call() } == [1, 1, 1])
        pool.probed(0, isWell: true, at: .seconds(1))
        #expect((0..<11).count { _ in pool.call(at: .seconds(1)) == 0 } == 1)
    }

    @Test(
        "Requests that begin alike go to one endpoint, and to another while that has more than its share in progress"
    )
    func affinity() throws {
        let pool = makePool(1, 1, 1, 1)
        for prefix in UInt64(0)..<50 {
            let home = try #require(pool.taken(prefix: prefix))
            pool.ended(home, .answered, at: .zero)
            #expect(pool.taken(prefix: prefix) == home)
            pool.ended(home, .answered, at: .zero)
        }
        let first = (0..<9).map { _ in pool.taken(prefix: 7) }
        let home = first[0]
        // Eight overload nobody; more must not be beyond a quarter more than its share.
        let counts = Dictionary(grouping: first.compactMap(\.self), by: \.self).mapValues(\.count)
        #expect(counts[home ?? -1] == 8 && counts.count == 2)
        for _ in 0..<191 { _ = pool.taken(prefix: 7) }
        // With 199 in progress: 1.25 times a quarter of 200, rounded up.
        #expect(pool.inFlight(at: home ?? 0) == 63)
    }

    @Test("An endpoint that is gone moves its own prefixes and no others")
    func affinityIsStable() {
        let pool = makePool(1, 1, 1, 1)
        func homes(avoiding spent: Set<Int>) -> [Int?] {
            (UInt64(0)..<200).map { prefix in
                let home = pool.taken(avoiding: spent, prefix: prefix &* 0x9E37_79B9_7F4A_7C15)
                home.map { pool.ended($0, .answered, at: .zero) }
                return home
            }
        }
        let before = homes(avoiding: [])
        let after = homes(avoiding: [2])
        for (before, after) in zip(before, after) where before != 2 { #expect(before == after) }
        // Each has about a quarter.
        for endpoint in 0..<4 { #expect((30...70).contains(before.count { $0 == endpoint })) }
    }

    @Test("A prompt's beginning is what counts, and no more of it than was asked for")
    func prefixes() {
        func hash(_ texts: String..., bytes: Int = 16) -> UInt64? {
            PromptPrefix.hash(
                of: [.messages(texts.map { ChatMessage(role: "user", content: $0) })], byteCount: bytes)
        }
        #expect(hash("twelve bytes one") == hash("twelve bytes two"))
        #expect(hash("twelve bytes one", bytes: 32) != hash("twelve bytes two", bytes: 32))
        #expect(hash("a", "b") == hash("a", "b") && hash("a", "b") != hash("b", "a"))
        #expect(
            PromptPrefix.hash(of: [.tokens([1, 2, 3])], byteCount: 8)
                == PromptPrefix.hash(of: [.tokens([1, 2, 4])], byteCount: 8))
        #expect(PromptPrefix.hash(of: [.text("")], byteCount: 8) == nil)
    }
}
