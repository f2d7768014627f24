import LapwingAPI
import LapwingMetrics
import LapwingRouter
import LapwingStatistics
import LapwingStore
import Logging

/// What a configuration decides and a reload replaces: the routes, the models elsewhere, and the router over them.
struct Graph: Sendable {
    /// What stays for as long as the program runs.
    struct Parts: Sendable {
        let ledger: Ledger
        let accounts: Accounts
        /// The models that were loaded, by name.
        let locals: [String: ModelBinding]
        let clients: UpstreamClients
        let metrics: PrometheusRegistry
        let logger: Logger
        /// nil where nothing is remembered.
        let evidence: EvidenceStore?
    }

    let configuration: Configuration
    let router: Router
    let probes: Probes
    /// Of the routes that escalate.
    let targets: [RouteTarget]
    /// What each route read of its own files, by the routes' names.
    let filesRead: [String: [String]]
    private let pools: [String: ModelPool]

    /// What is known of endpoints that were there before goes on, and so do the requests in progress.
    init(_ configuration: Configuration, _ parts: Parts, after earlier: Graph? = nil) throws {
        let bindings = try configuration.models.map { model in
            var binding =
                switch model.source {
                case .local:
                    parts.locals[model.name].flatMap { model.unavailable == nil ? $0 : nil }
                        ?? ModelBinding(unavailable: model, location: .local)
                case .remote(let remote):
                    try ModelBinding(
                        model, remote, after: earlier?.pools[model.name], clients: parts.clients, logger: parts.logger)
                }
            binding.cache = model.cache
            return binding
        }
        let now = RouterTime.system.milliseconds()
        var routes: [Route] = []
        var targets: [RouteTarget] = []
        var read: [(route: Configuration.Route, files: RouteFiles)] = []
        for route in configuration.routes {
            let files = try RouteFiles(route, dataFolder: configuration.dataFolder)
            let target = RouteTarget(
                route, sample: files.calibrator?.sample ?? [],
                traffic: parts.ledger.reader.recentTraffic(of: route.name, now: now))
            if let target { targets.append(target) }
            routes.append(Route(route, files, target?.decision))
            read.append((route, files))
        }
        var routing = RouterConfiguration(
            models: bindings, routes: routes,
            machineRate: configuration.machine.perHour, counterfactual: configuration.counterfactual)
        routing.logger = parts.logger
        routing.evidence = parts.evidence
        routing.keepsTexts = configuration.evidence.keepsTexts
        routing.gate = try RouteGates(read, locals: parts.locals, logger: parts.logger)
        routing.metrics = RouterMetrics(parts.metrics) {
            configuration.model(named: $0)?.remote?.provider.rawValue ?? "lapwing"
        }
        router = try Router(
            configuration: routing, ledger: parts.ledger,
            prices: configuration.withOwnPrices(try parts.ledger.reader.priceBook()), accounts: parts.accounts,
            after: earlier?.router)
        // What came in before a restart counts too.
        for standing in router.drift.standings where standing.detector.labels == 0 {
            do {
                for row in try parts.evidence?.labelled(route: standing.route) ?? [] {
                    router.drift.observe(
                        route: standing.route, calibrator: row.calibrator, probability: row.probability,
                        right: row.right)
                }
            } catch {
                parts.logger.error(
                    "the watch over a route's calibration begins anew",
                    metadata: ["route": "\(standing.route)", "reason": "\(error)"])
            }
        }
        self.configuration = configuration
        self.targets = targets
        filesRead = Dictionary(uniqueKeysWithValues: read.map { ($0.route.name, $0.files.identity) })
        pools = Dictionary(
            uniqueKeysWithValues: bindings.compactMap { binding in binding.pool.map { (binding.name, $0) } })
        probes = Probes(bindings.compactMap(\.pool))
    }
}

extension Route {
    fileprivate init(_ route: Configuration.Route, _ files: RouteFiles, _ decision: EscalationDecision?) {
        self.init(
            name: route.name, open: route.open, closed: route.closed, hold: route.hold,
            escalateBelow: decision?.threshold, tiers: route.escalation?.tiers.map(Set.init),
            unknown: route.unknown == .keep ? .keep : .escalate, maxTokens: route.maxTokens)
        drift = route.driftPlan(files.calibrator)
        if case .spendPerDay(let limit) = route.escalation?.target { dailySpendLimit = limit }
        isPromised = route.escalation?.target.isPromise == true
        // Where nothing is sure enough, what is not known is not either.
        if escalateBelow == Route.escalatesAll { unknown = .escalate }
        fallback = route.fallback
        shadow = route.shadow
        canary = route.canary
        cache = route.cache
        continuation = route.continuation
        labels = files.labels
        embedder = route.embedder
        checks = route.checks
        calibrator = files.calibrator
    }
}
