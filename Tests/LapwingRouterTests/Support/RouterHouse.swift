import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport

/// A router over scripted models, with a ledger of its own in a folder that goes when it does.
final class RouterHouse: Sendable {
    let open: ScriptedProvider
    let closed: ScriptedProvider
    let ledger: Ledger
    let router: Router
    let accounts: Accounts?
    let clock = ManualClock()
    private let folder: TemporaryFolder

    /// The open model `small` runs here at 0.10 dollars an hour; the closed one, `big`, costs 30 and 60 dollars a million, or
    /// nobody knows what. With accounts, keys are those of the folder.
    init(
        open: [ScriptedProvider.Step], closed: [ScriptedProvider.Step] = [],
        route: Route = Route(name: "support", open: "small", closed: "big", hold: .tokens(1), escalateBelow: 0.5),
        isPriced: Bool = true, ledgerOptions: LedgerOptions = LedgerOptions(), folder: TemporaryFolder? = nil,
        hasAccounts: Bool = false, changing change: (inout RouterConfiguration) -> Void = { _ in }
    ) throws {
        self.folder = try folder ?? TemporaryFolder()
        ledger = try Ledger(path: self.folder.path + "/ledger.sqlite", options: ledgerOptions)
        self.open = ScriptedProvider(open)
        self.closed = ScriptedProvider(closed)
        let price = Price(
            inputPerMillion: NanoUSD(30_000_000_000), outputPerMillion: NanoUSD(60_000_000_000), source: "test",
            effective: "2024-01-01")
        var configuration = RouterConfiguration(
            models: [
                ModelBinding(
                    name: "small", provider: self.open, scoring: self.open, location: .local, upstreamName: "m"),
                ModelBinding(
                    name: "big", provider: self.closed, location: .remote, upstreamName: "vendor/big"),
            ], routes: [route], machineRate: NanoUSD(100_000_000))
        configuration.confidence = MeanConfidence()
        change(&configuration)
        var prices = PriceBook()
        if isPriced { prices.addOwn(price, for: "big") }
        let time = RouterTime(clock: clock) { 1_717_200_000_000 }
        let ring =
            try hasAccounts
            ? KeyRing(KeyStore(folder: self.folder.path), clock: clock, milliseconds: time.milliseconds) : nil
        accounts = ring.map { Accounts($0, spending: [], needsKey: true, time: time) }
        router = try Router(
            configuration: configuration, ledger: ledger, prices: prices, accounts: accounts, time: time)
    }

    func ask(
        _ model: String = "support", tier: String = "default", stream: Bool = true, maxTokens: Int? = nil,
        id: String = "r1"
    ) async throws -> GenerationStream {
        var request = GenerationRequest(
            model: model, prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
        request.stream = stream
        request.maxTokens = maxTokens
        var context = RequestContext(requestID: id)
        context.tier = tier
        context.user = "ada"
        return try await router.generate(request, context: context)
    }

    /// The ledger as it lies on the disk now, opened by another writer.
    func copyOfLedger() throws -> Ledger {
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: folder.path + "/ledger.sqlite" + suffix, toPath: folder.path + "/copy.sqlite" + suffix)
        }
        return try Ledger(path: folder.path + "/copy.sqlite")
    }

    /// All entries once everything in progress has been entered.
    func entries() async throws -> [LedgerEntry] {
        await router.drain()
        return try entriesNow()
    }

    func entriesNow() throws -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        try ledger.reader.forEachEntry { entries.append($0.entry) }
        return entries
    }
}

/// What came out of a stream.
struct Outcome {
    var words: [String] = []
    var receipt: Receipt?
    var usage: Usage?
    var error: RequestError?

    /// `observe` sees each event before the next is waited for.
    init(_ stream: GenerationStream, observe: (GenerationEvent) async -> Void = { _ in }) async {
        do {
            for try await event in stream {
                await observe(event)
                words += [StreamCommit.Action.send(event)].words
                if case .completed(_, let usage, let receipt) = event { (self.usage, self.receipt) = (usage, receipt) }
            }
        } catch {
            self.error = error as? RequestError ?? .internal(reason: "\(error)")
        }
    }
}

func steps(_ events: [GenerationEvent]) -> [ScriptedProvider.Step] { events.map(ScriptedProvider.Step.event) }
