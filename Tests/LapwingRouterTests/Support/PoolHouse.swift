import AsyncHTTPClient
import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport

/// A router whose models are behind real sockets, with a ledger of its own. Every model costs 1 dollar a million tokens
/// in and 2 out.
final class PoolHouse: Sendable {
    /// One client for all tests; it lives as long as the process.
    private static let client = HTTPClient.forUpstreams()

    struct Model {
        var name: String
        var upstreams: [ScriptedUpstream]
        var options = PoolOptions()
        var timeouts = UpstreamTimeouts()
        var fallback: [String] = []
        var context: Int?
        /// All its endpoints were found to be down.
        var isDown = false

        init(
            _ name: String, _ upstreams: ScriptedUpstream..., fallback: [String] = [],
            changing change: (inout Model) -> Void = { _ in }
        ) {
            (self.name, self.upstreams, self.fallback) = (name, upstreams, fallback)
            // The watch looks again no later than this, so that a test knows when it sleeps.
            timeouts.afterWhole = .seconds(10)
            change(&self)
        }
    }

    /// Pauses, hedges and breakers go by this one.
    let clock = ManualClock()
    /// The time limits of the upstreams go by this one.
    let watch = ManualClock()
    let ledger: Ledger
    let router: Router
    /// Of each model, in their order.
    let pools: [ModelPool]
    private let folder: TemporaryFolder

    init(_ models: Model..., routes: [Route] = [], changing change: (inout RouterConfiguration) -> Void = { _ in })
        throws
    {
        let (pauses, limits) = (clock, watch)
        folder = try TemporaryFolder()
        ledger = try Ledger(path: folder.path + "/ledger.sqlite")
        var prices = PriceBook()
        let price = Price(
            inputPerMillion: NanoUSD(1_000_000_000), outputPerMillion: NanoUSD(2_000_000_000), source: "test",
            effective: "2024-01-01")
        let bindings = try models.map { model in
            prices.addOwn(price, for: model.name)
            return try Self.binding(model, clock: pauses, watch: limits)
        }
        pools = bindings.compactMap(\.pool)
        var configuration = RouterConfiguration(models: bindings, routes: routes, machineRate: .zero)
        configuration.confidence = MeanConfidence()
        configuration.random = { 0 }
        change(&configuration)
        router = try Router(
            configuration: configuration, ledger: ledger, prices: prices,
            time: RouterTime(clock: clock) { 1_717_200_000_000 })
    }

    private static func binding(_ model: Model, clock: ManualClock, watch: ManualClock) throws -> ModelBinding {
        var options = UpstreamOptions()
        options.timeouts = model.timeouts
        let endpoints = try model.upstreams.map { upstream in
            let address = try UpstreamEndpoint(url: upstream.url, model: model.name)
            return PoolEndpoint(
                address,
                OpenAICompatibleProvider(
                    model: model.name, endpoint: address, options: options, client: client, clock: watch))
        }
        var binding = ModelBinding(
            name: model.name, provider: endpoints.first?.chat, location: .remote, upstreamName: "vendor/" + model.name,
            contextLength: model.context)
        binding.embedding = endpoints.first?.embedding
        binding.pool = ModelPool(endpoints, options: model.options, clock: clock)
        if model.isDown {
            for index in endpoints.indices {
                for _ in 0..<2 { binding.pool?.probed(index, isWell: false) }
            }
        }
        binding.fallback = model.fallback
        return binding
    }

    func ask(_ model: String, stream: Bool = true, id: String = "r1", maxTokens: Int? = nil) async throws
        -> GenerationStream
    {
        var request = GenerationRequest(
            model: model, prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
        request.stream = stream
        request.maxTokens = maxTokens
        return try await router.generate(request, context: RequestContext(requestID: id))
    }

    /// The ledger as it lies on the disk now, opened by another writer.
    func copyOfLedger() throws -> Ledger {
        let copy = folder.path + "/copy-\(UUID().uuidString).sqlite"
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: folder.path + "/ledger.sqlite" + suffix, toPath: copy + suffix)
        }
        return try Ledger(path: copy)
    }

    /// All entries once everything in progress has been entered.
    func entries() async throws -> [LedgerEntry] {
        await router.drain()
        var entries: [LedgerEntry] = []
        try ledger.reader.forEachEntry { entries.append($0.entry) }
        return entries
    }

    /// What is recorded of each call of the only request.
    func rows() async throws -> [String] { try await entries().last?.calls.map(\.row) ?? [] }
}

extension CallReceipt {
    /// Model, role, tokens read and written with `~` for an estimate, nano-dollars, and what went wrong.
    var row: String {
        let tokens = "\(usage.isEstimated ? "~" : "")\(usage.promptTokens)+\(usage.completionTokens)"
        let cost = cost.map { "\($0.rawValue)" } ?? "unpriced"
        return "\(model) \(role.rawValue) \(tokens) \(cost)" + (failure.map { " \($0)" } ?? "")
    }
}

/// A whole answer of two tokens, and what it is in words. 11 tokens are read.
let goodAnswer = streamHead + piece("Hello, ") + piece("world") + stopEvent + usageEvent + doneEvent
let goodWords = ["Hello, ", "world", "<stop>", "completed"]
func errorReply(_ status: String) -> String { reply(status, #"{"error":{"message":"no luck"}}"#) }
