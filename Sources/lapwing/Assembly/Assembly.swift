import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel
import LapwingRouter
import LapwingServer
import LapwingStore
import LapwingText
import Logging

/// The objects behind one configuration, wired: engines, upstreams, router and ledger.
///
/// The one place where this is done; `serve`, `demo` and tests all come here. Whoever made it shuts it down.
package final class Assembly: Sendable {
    package let configuration: Configuration
    package let ledger: Ledger
    package let router: Router
    package let keys: KeyStore
    /// Who may come in, and what they have used.
    package let accounts: Accounts
    /// What administrators do.
    package let operations: KeyOperations
    /// The local models that could be loaded, in the configuration's order.
    package let localNames: [String]
    /// One for each of them that answers with text.
    package let engines: [Engine]
    /// One for each of them that makes vectors.
    private let embeddings: [EmbeddingEngine]
    /// The plan of memory in a line; nil where no model runs here.
    package let memoryLine: String?
    /// Requests of an earlier process that were entered as lost.
    package let recoveredCount: Int
    private let clients: UpstreamClients
    private let probes: Probes

    /// Opens the ledger, loads the models, and connects all. Takes the time that loading takes.
    ///
    /// Throws `StoreError.inUse` where another process serves from the same data folder.
    package static func make(
        _ configuration: Configuration, ledger options: LedgerOptions = LedgerOptions(),
        logger: Logger = CommandLog.make(.error), workers: Workers = Workers(), engine: EngineOptions = EngineOptions()
    ) async throws -> Assembly {
        let clients = UpstreamClients()
        do {
            return try Assembly(
                configuration, ledger: options, clients: clients, logger: logger, workers: workers, engine: engine)
        } catch {
            await clients.shutDown()
            throw error
        }
    }

    private init(
        _ configuration: Configuration, ledger options: LedgerOptions, clients: UpstreamClients, logger: Logger,
        workers: Workers, engine engineOptions: EngineOptions
    ) throws {
        try configuration.makeDataFolder()
        ledger = try Ledger(path: configuration.ledgerPath, options: options)
        let now = RouterTime.system.milliseconds()
        recoveredCount = try ledger.recover(at: now)
        keys = try KeyStore(folder: configuration.dataFolder)
        let ring = try KeyRing(keys, clock: RouterTime.system.clock, milliseconds: RouterTime.system.milliseconds)
        // After recovery, so that what was in progress when an earlier process died is counted.
        accounts = Accounts(
            ring, spending: try ledger.reader.spending(since: Accounts.monthStart(at: now)),
            needsKey: !configuration.server.isLoopback)
        operations = KeyOperations(
            keys, ring: ring, accounts: accounts, known: configuration.names,
            milliseconds: RouterTime.system.milliseconds)
        let locals = try configuration.models.compactMap { model in
            try model.unavailable == nil ? model.local.map { try LocalModel(model.name, $0) } : nil
        }
        let budget = MemoryBudget(configuration.machine.memory)
        let plan = try budget.plan(locals)
        memoryLine = locals.isEmpty ? nil : budget.line(plan)
        var loading = zip(locals, plan.shares).makeIterator()
        var engines: [Engine] = []
        var embeddings: [EmbeddingEngine] = []
        var bindings: [ModelBinding] = []
        for model in configuration.models {
            switch model.source {
            case .local where model.unavailable == nil:
                guard let (local, share) = loading.next() else { continue }
                let loaded = try local.load(share, workers: workers, options: engineOptions)
                if let engine = loaded.engine { engines.append(engine) }
                if let embedding = loaded.embedding { embeddings.append(embedding) }
                bindings.append(ModelBinding(name: model.name, loaded))
            case .local: bindings.append(ModelBinding(unavailable: model, location: .local))
            case .remote(let remote):
                bindings.append(try ModelBinding(model, remote, clients: clients, logger: logger))
            }
        }
        var routing = RouterConfiguration(
            models: bindings, routes: configuration.routes.map(Route.init),
            machineRate: configuration.machine.perHour, counterfactual: configuration.counterfactual)
        routing.logger = logger
        router = try Router(
            configuration: routing, ledger: ledger,
            prices: configuration.withOwnPrices(try ledger.reader.priceBook()), accounts: accounts)
        self.configuration = configuration
        localNames = locals.map(\.name)
        self.engines = engines
        self.embeddings = embeddings
        self.clients = clients
        probes = Probes(bindings.compactMap(\.pool))
    }

    /// Lets what is in progress end and reach the ledger, then takes all apart.
    package func shutDown() async {
        await router.drain()
        probes.stop()
        for engine in embeddings { engine.shutDown() }
        for engine in engines { await engine.shutDown() }
        await clients.shutDown()
    }
}

extension ModelBinding {
    fileprivate init(name: String, _ loaded: LocalModel.Loaded) {
        let (engine, embedding) = (loaded.engine, loaded.embedding)
        self.init(
            name: name, provider: engine, scoring: engine, tokenizing: engine ?? embedding, location: .local,
            contextLength: engine?.contextLength ?? embedding?.model.maximumLength)
        reranking = embedding
        // A cross-encoder has no vectors to give.
        self.embedding = embedding?.capabilities.contains(.embeddings) == true ? embedding : nil
    }

    init(unavailable model: Configuration.Model, location: Location) {
        let reason = model.unavailable ?? "it is not configured"
        self.init(name: model.name, provider: nil, location: location, unavailable: reason)
    }
}

extension Route {
    fileprivate init(_ route: Configuration.Route) {
        let hold: Hold =
            switch route.hold {
            case .all: .all
            case .tokens(let count): .tokens(count)
            }
        self.init(
            name: route.name, open: route.open, closed: route.closed, hold: hold,
            escalateBelow: route.escalation?.below, tiers: route.escalation?.tiers.map(Set.init),
            unknown: route.unknown == .keep ? .keep : .escalate, maxTokens: route.maxTokens)
        fallback = route.fallback
        continuation = route.continuation
    }
}
