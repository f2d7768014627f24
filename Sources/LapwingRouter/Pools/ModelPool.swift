import LapwingAPI
import Synchronization

/// One address that serves a model, in whatever API it speaks.
package struct PoolEndpoint: Sendable {
    /// For logs and affinity, such as `10.0.0.5:8000`; never a key.
    package var name: String
    package var weight: Int
    package var chat: any ChatProvider
    package var embedding: (any EmbeddingProvider)?
    package var reranking: (any RerankProvider)?
    /// Asks whether it is up without giving it work, and throws where it is not; nil where that cannot be asked.
    package var probe: (@Sendable () async throws -> Void)?

    package init(name: String, weight: Int = 1, chat: any ChatProvider) {
        self.name = name
        self.weight = weight
        self.chat = chat
    }
}

/// What a pool may do about failures.
package struct PoolOptions: Hashable, Sendable {
    package var endpoints = EndpointPool.Options()
    /// Most calls to the model that one answer may take.
    package var attempts = 3
    /// Retries for each request, over all requests.
    package var retryShare = 0.2
    package var backOff = BackOff()
    /// Bytes of the prompt's beginning that choose the endpoint; nil lets any take any.
    package var affinityBytes: Int?
    /// A second endpoint is asked after so long without a first token; nil asks only one.
    package var hedge: Duration?
    /// No call is begun later than this after the request came.
    package var timeLimit: Duration = .seconds(600)
    /// How often each endpoint is probed; nil leaves it to the requests to find out.
    package var probeEvery: Duration?

    /// Most calls to the model that one answer may come to.
    package var mostCalls: Int { min(AnswerCourse.mostCalls, attempts + (hedge == nil ? 0 : 1)) }

    package init() {}
}

/// A model's endpoints, shared by all requests for it.
package final class ModelPool: Sendable {
    private struct State {
        var endpoints: EndpointPool
        var budget: RetryBudget
    }

    package struct Standing: Sendable {
        package var name: String
        package var state: CircuitBreaker.State
        /// Whether probes have found it so.
        package var isDown: Bool
        package var callsInFlight: Int
    }

    package let endpoints: [PoolEndpoint]
    package let options: PoolOptions
    private let stopwatch: Stopwatch
    private let report: @Sendable (_ endpoint: String, EndpointPool.Turn) -> Void
    private let state: Mutex<State>

    /// There is at least one endpoint. `report` is told when one is left alone or well again; it must not wait. What `earlier`
    /// knows of endpoints of the same name goes on.
    package init(
        _ endpoints: [PoolEndpoint], options: PoolOptions = PoolOptions(),
        clock: any Clock<Duration> = ContinuousClock(), after earlier: ModelPool? = nil,
        report: @escaping @Sendable (_ endpoint: String, EndpointPool.Turn) -> Void = { _, _ in }
    ) {
        self.endpoints = endpoints
        self.options = options
        self.report = report
        // Times of the earlier pool are by the same watch.
        stopwatch = earlier?.stopwatch ?? Stopwatch(clock)
        var pool = EndpointPool(endpoints.map { ($0.name, $0.weight) }, options: options.endpoints)
        if let earlier {
            let known = earlier.state.withLock { $0.endpoints }
            pool.recall(known, at: stopwatch.elapsed(), isProbed: options.probeEvery != nil)
        }
        state = Mutex(State(endpoints: pool, budget: RetryBudget(share: options.retryShare)))
    }

    /// Chooses an endpoint for a call; what it gives is to be ended once.
    func take(avoiding spent: Set<Int>, prefix: UInt64?) -> EndpointPool.Offer {
        let now = stopwatch.elapsed()
        return state.withLock { $0.endpoints.take(at: now, avoiding: spent, prefix: prefix) }
    }

    /// Whether a call to the endpoint would be made now.
    package func isUsable(_ endpoint: Int) -> Bool {
        if case .endpoint = whenUsable(avoiding: Set(endpoints.indices).subtracting([endpoint])) {
            true
        } else {
            false
        }
    }

    package var endpointNames: [String] { endpoints.map(\.name) }

    /// How each endpoint stands now, in their order.
    package var standings: [Standing] {
        state.withLock { state in
            endpoints.indices.map { index in
                let member = state.endpoints.members[index]
                return Standing(
                    name: endpoints[index].name, state: member.breaker.state, isDown: member.isDown,
                    callsInFlight: member.inFlight)
            }
        }
    }

    func whenUsable(avoiding spent: Set<Int>) -> EndpointPool.Offer {
        let now = stopwatch.elapsed()
        return state.withLock { $0.endpoints.whenUsable(at: now, avoiding: spent) }
    }

    /// A request came, and earned a part of a retry.
    func earnRetry() { state.withLock { $0.budget.earn() } }

    /// Whether one more retry may be sent.
    func spendRetry() -> Bool { state.withLock { $0.budget.spend() } }

    func prefix(of prompts: [Prompt]) -> UInt64? {
        guard endpoints.count > 1, let count = options.affinityBytes else { return nil }
        return PromptPrefix.hash(of: prompts, byteCount: count)
    }

    /// What asking the endpoint found.
    package func probed(_ endpoint: Int, isWell: Bool) {
        change(endpoint) { $0.probed(endpoint, isWell: isWell, at: $1) }
    }

    /// A call to an endpoint that was taken begins.
    func lease(_ endpoint: Int) -> PoolLease {
        PoolLease(pool: self, endpoint: endpoint, beganAt: stopwatch.elapsed())
    }

    fileprivate func gaveFirstToken(_ lease: PoolLease) {
        change(lease.endpoint) { $0.gaveFirstToken(lease.endpoint, after: $1 - lease.beganAt, at: $1) }
    }

    fileprivate func ended(_ lease: PoolLease, _ outcome: EndpointPool.Outcome) {
        change(lease.endpoint) { $0.ended(lease.endpoint, outcome, at: $1) }
    }

    private func change(
        _ endpoint: Int, _ body: (inout EndpointPool, _ now: Duration) -> EndpointPool.Turn?
    ) {
        let now = stopwatch.elapsed()
        if let turn = state.withLock({ body(&$0.endpoints, now) }) {
            report(endpoints[endpoint].name, turn)
        }
    }
}

/// One call at one endpoint of a pool, counted as in progress until its end.
struct PoolLease: Sendable {
    let pool: ModelPool
    let endpoint: Int
    fileprivate let beganAt: Duration

    var provider: PoolEndpoint { pool.endpoints[endpoint] }

    func gaveFirstToken() { pool.gaveFirstToken(self) }

    /// The call is over. To be called once.
    func end(_ error: RequestError?) {
        pool.ended(
            self, error.map { $0 == .cancelled ? .neutral : .failed(FailureClass($0)) } ?? .answered)
    }
}
