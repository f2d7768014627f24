import Foundation
import LapwingAPI
import LapwingEngine
import LapwingMetrics
import LapwingModel
import LapwingRouter
import LapwingServer
import LapwingStore
import LapwingText
import Logging
import Synchronization

/// The objects behind one configuration, wired: engines, upstreams, router and ledger.
///
/// The one place where this is done; `serve`, `demo` and tests all come here. Whoever made it shuts it down.
package final class Assembly: Sendable {
    package let ledger: Ledger
    /// What is counted of all requests.
    package let metrics = PrometheusRegistry()
    package let keys: KeyStore
    /// Who may come in, and what they have used.
    package let accounts: Accounts
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
    /// Judged answers and what became of them; nil where nothing is remembered.
    package let evidence: EvidenceStore?
    private let retention: EvidenceRetention?
    private let ring: KeyRing
    private let parts: Graph.Parts
    private let graph: Mutex<Graph>
    private let uptime: Uptime

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
        ring = try KeyRing(keys, clock: RouterTime.system.clock, milliseconds: RouterTime.system.milliseconds)
        // After recovery, so that what was in progress when an earlier process died is counted.
        accounts = Accounts(
            ring, spending: try ledger.reader.spending(since: Accounts.monthStart(at: now)),
            needsKey: !configuration.server.isLoopback)
        let locals = try configuration.models.compactMap { model in
            try model.unavailable == nil ? model.local.map { try LocalModel(model.name, $0) } : nil
        }
        let budget = MemoryBudget(configuration.machine.memory)
        let plan = try budget.plan(locals)
        memoryLine = locals.isEmpty ? nil : budget.line(plan)
        var engines: [Engine] = []
        var embeddings: [EmbeddingEngine] = []
        var bindings: [String: ModelBinding] = [:]
        for (local, share) in zip(locals, plan.shares) {
            let loaded = try local.load(share, workers: workers, options: engineOptions)
            if let engine = loaded.engine { engines.append(engine) }
            if let embedding = loaded.embedding { embeddings.append(embedding) }
            bindings[local.name] = ModelBinding(name: local.name, loaded)
        }
        localNames = locals.map(\.name)
        self.engines = engines
        self.embeddings = embeddings
        evidence = try configuration.evidence.open(at: configuration.evidencePath, logger: logger)
        retention = evidence.map { EvidenceRetention($0, days: configuration.evidence.days, logger: logger) }
        parts = Graph.Parts(
            ledger: ledger, accounts: accounts, locals: bindings, clients: clients, metrics: metrics, logger: logger,
            evidence: evidence)
        graph = Mutex(try Graph(configuration, parts))
        uptime = Uptime(ledger, perHour: configuration.machine.perHour)
    }

    /// What is served now.
    package var configuration: Configuration { graph.withLock { $0.configuration } }
    package var router: Router { graph.withLock { $0.router } }
    /// What the routes' targets came to, a line each.
    package var targetLines: [String] { graph.withLock { $0.targets }.compactMap(\.line) }

    /// Keys as administrators handle them.
    package var operations: KeyOperations {
        KeyOperations(
            keys, ring: ring, accounts: accounts, known: configuration.names,
            milliseconds: RouterTime.system.milliseconds)
    }

    /// Serves by another configuration from the next request on; those in progress end as they began. Its local models are
    /// those that were loaded. Throws where it cannot be, and has then changed nothing.
    /// Returns the names of routes whose labels, calibrator or gate are others than before.
    @discardableResult
    package func replace(with configuration: Configuration) throws -> [String] {
        let old = graph.withLock { $0 }
        let new = try Graph(configuration, parts, after: old)
        try ring.refresh()
        graph.withLock { $0 = new }
        old.probes.stop()
        uptime.goOn(perHour: configuration.machine.perHour)
        return new.filesRead.filter { old.filesRead[$0.key] != $0.value }.keys.sorted()
    }

    /// Takes no more requests, and lets those in progress end; what has not after the limit is cut off.
    func drain(within limit: Duration) async {
        await withTaskGroup(of: Void.self) { [router] group in
            group.addTask { await router.drain() }
            group.addTask {
                guard (try? await Task.sleep(for: limit)) != nil else { return }
                router.cancelAll()
            }
            _ = await group.next()
            group.cancelAll()
        }
    }

    /// Lets what is in progress end and reach the ledger, then takes all apart.
    package func shutDown() async {
        await router.drain()
        graph.withLock { $0.probes }.stop()
        for engine in embeddings { engine.shutDown() }
        for engine in engines { await engine.shutDown() }
        await parts.clients.shutDown()
        await uptime.stop()
        await retention?.stop()
    }
}

extension ModelBinding {
    init(name: String, _ loaded: LocalModel.Loaded) {
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
