import CoreMetrics
import LapwingAPI
import LapwingMetrics
import LapwingStore

/// Counts requests and calls at their end. Labels are names of the configuration and words of ours; each series is found
/// once under a short lock, and counted without one.
package struct RouterMetrics: Sendable {
    private struct RouteName: Hashable { let route, operation: String }
    private struct Ending: Hashable {
        let route: String
        let status: LedgerEntry.Status
        let decision: Decision?
    }
    private struct ErrorName: Hashable { let name, operation, error: String }
    private struct RouteResult: Hashable { let route, result: String }
    private struct CallName: Hashable { let model, operation: String }
    private struct CallRole: Hashable {
        let model: String
        let side: CallReceipt.Side
        let role: CallReceipt.Role
    }

    /// What is counted of every request to a route.
    private struct RouteSeries: Sendable {
        let firstToken: any TimerHandler
        let counterfactual: any CounterHandler
        let saved: any MeterHandler
        let spared: any CounterHandler
    }

    private struct CallSeries: Sendable {
        let firstToken: any TimerHandler
        let input: any RecorderHandler
        let output: any RecorderHandler
        let unpriced: any CounterHandler
    }

    private struct RoleSeries: Sendable {
        let count: any CounterHandler
        let spend: any CounterHandler
    }

    private let routes: MetricFamily<RouteName, RouteSeries>
    private let endings: MetricFamily<Ending, any CounterHandler>
    private let durations: MetricFamily<ErrorName, any TimerHandler>
    private let cache: MetricFamily<RouteResult, any CounterHandler>
    private let calls: MetricFamily<CallName, CallSeries>
    private let roles: MetricFamily<CallRole, RoleSeries>
    private let callDurations: MetricFamily<ErrorName, any TimerHandler>
    private let retries: MetricFamily<String, any CounterHandler>
    private let shadows: MetricFamily<RouteResult, any CounterHandler>
    private let canaries: MetricFamily<String, any MeterHandler>
    private let commits: any TimerHandler

    /// `provider` says whose API a model is behind.
    package init(_ factory: any MetricsFactory, provider: @escaping @Sendable (_ model: String) -> String) {
        typealias Metric = MetricDefinition
        routes = MetricFamily { name in
            RouteSeries(
                firstToken: Metric.timeToFirstToken.timer(name.operation, name.route, in: factory),
                counterfactual: Metric.counterfactual.counter(name.route, in: factory),
                saved: Metric.saved.gauge(name.route, in: factory),
                spared: Metric.spared.counter(name.route, in: factory))
        }
        endings = MetricFamily {
            Metric.requests.counter($0.route, $0.status.rawValue, $0.decision?.rawValue ?? "none", in: factory)
        }
        durations = MetricFamily { Metric.requestDuration.timer($0.operation, $0.name, $0.error, in: factory) }
        cache = MetricFamily { Metric.cacheRequests.counter($0.route, $0.result, in: factory) }
        calls = MetricFamily { name in
            let api = provider(name.model)
            return CallSeries(
                firstToken: Metric.callFirstToken.timer(name.operation, api, name.model, in: factory),
                input: Metric.tokens.recorder(name.operation, api, name.model, "input", in: factory),
                output: Metric.tokens.recorder(name.operation, api, name.model, "output", in: factory),
                unpriced: Metric.unpriced.counter(name.model, in: factory))
        }
        roles = MetricFamily { role in
            RoleSeries(
                count: Metric.calls.counter(role.model, role.side.rawValue, role.role.rawValue, in: factory),
                spend: Metric.spend.counter(role.model, role.side.rawValue, in: factory))
        }
        callDurations = MetricFamily {
            Metric.callDuration.timer($0.operation, provider($0.name), $0.name, $0.error, in: factory)
        }
        retries = MetricFamily { Metric.retries.counter($0, in: factory) }
        shadows = MetricFamily { Metric.shadows.counter($0.route, $0.result, in: factory) }
        canaries = MetricFamily { Metric.canaries.gauge($0, in: factory) }
        commits = Metric.ledgerCommit.timer(in: factory)
    }

    /// What came of comparing an answer.
    package func recordShadow(_ route: String, _ result: ShadowResult) {
        shadows[RouteResult(route: route, result: result.rawValue)].increment(by: 1)
    }

    /// Whether a route's candidate still has its share.
    package func recordCanary(_ route: String, isRolledBack: Bool) { canaries[route].set(isRolledBack ? Int64(0) : 1) }

    package func recordCommit(_ duration: Duration) { commits.record(duration) }

    /// An entry that is in the ledger. `times` are those of its calls.
    package func record(
        _ entry: LedgerEntry, cache result: CacheResult?, duration: Duration, firstToken: Duration?, times: [CallTime]
    ) {
        let operation = Self.operation(entry.endpoint)
        endings[Ending(route: entry.route, status: entry.status, decision: entry.decision)].increment(by: 1)
        durations[ErrorName(name: entry.route, operation: operation, error: entry.errorCode ?? "")].record(duration)
        let series = routes[RouteName(route: entry.route, operation: operation)]
        if entry.stream, let firstToken { series.firstToken.record(firstToken) }
        if let result {
            cache[RouteResult(route: entry.route, result: result.word)].increment(by: 1)
            if let spared = result.cached?.spared { series.spared.increment(by: spared.rawValue) }
        }
        if let alternative = entry.counterfactual, entry.calls.allSatisfy({ $0.cost != nil }) {
            let cost = entry.calls.reduce(NanoUSD.zero) { $0 + ($1.cost ?? .zero) }
            series.counterfactual.increment(by: alternative.cost.rawValue)
            series.saved.increment(by: Double((alternative.cost - cost).rawValue))
        }
        recordCalls(entry, times: times)
    }

    /// Of work on a request that was answered already, the calls alone are counted.
    package func recordCalls(_ entry: LedgerEntry, times: [CallTime]) {
        let operation = Self.operation(entry.endpoint)
        for (index, call) in entry.calls.enumerated() {
            let isRetry = entry.calls[..<index].contains { $0.model == call.model }
            record(call, operation, isRetry: isRetry, time: times.indices.contains(index) ? times[index] : nil)
        }
    }

    private func record(_ call: CallReceipt, _ operation: String, isRetry: Bool, time: CallTime?) {
        let role = roles[CallRole(model: call.model, side: call.side, role: call.role)]
        role.count.increment(by: 1)
        let series = calls[CallName(model: call.model, operation: operation)]
        if let cost = call.cost { role.spend.increment(by: cost.rawValue) } else { series.unpriced.increment(by: 1) }
        series.input.record(Int64(call.usage.promptTokens))
        if call.usage.completionTokens > 0 { series.output.record(Int64(call.usage.completionTokens)) }
        if isRetry { retries[call.model].increment(by: 1) }
        guard let time else { return }
        callDurations[ErrorName(name: call.model, operation: operation, error: call.failure ?? "")].record(
            time.duration)
        if let first = time.firstToken { series.firstToken.record(first) }
    }

    /// The conventions' words for what is asked.
    private static func operation(_ endpoint: String) -> String {
        switch endpoint {
        case "chat.completions": "chat"
        case "completions": "text_completion"
        default: endpoint
        }
    }
}

/// When a call was in progress, from when its request was admitted.
package struct CallTime: Sendable {
    var beganAt: Duration
    var duration: Duration
    var firstToken: Duration?

    package init(beganAt: Duration, duration: Duration, firstToken: Duration?) {
        self.beganAt = beganAt
        self.duration = duration
        self.firstToken = firstToken
    }

    /// How long at least one of them was in progress.
    package static func busy(_ times: [CallTime]) -> Duration {
        var (busy, end) = (Duration.zero, Duration.zero)
        for time in times.sorted(by: { $0.beganAt < $1.beganAt }) {
            let itsEnd = time.beganAt + time.duration
            busy += max(.zero, itsEnd - max(time.beganAt, end))
            end = max(end, itsEnd)
        }
        return busy
    }
}
