import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Synchronization
import Testing

/// A router over scripted pools that fail at random, with a key that has a budget. Every model costs 30 and 60 dollars a
/// million, and bills as much as it may: all that a prompt of so many bytes can have, and all that it may write.
@Suite("What a budget holds", .timeLimit(.minutes(1)))
struct HoldCoverageTests {
    private static let names = ["main", "spare", "last", "closed"]
    private static let maxTokens = 6

    /// What the calls of one request came to.
    private struct Course {
        var entry: LedgerEntry
        var standing: BudgetStanding

        var cost: NanoUSD { entry.calls.reduce(.zero) { $0 + ($1.cost ?? .zero) } }
    }

    /// Fails as the random numbers have it: at once, before the first token, or after some of them.
    private static func provider(_ random: @escaping @Sendable () -> Int) -> ScriptedProvider {
        ScriptedProvider { request, _ in
            let limit = request.maxTokens ?? maxTokens
            let said = min(random() % 4, limit)
            let words = (0..<said).map { _ in delta("a", -0.1) }.map(ScriptedProvider.Step.event)
            let failure = RequestError.upstreamFailed(model: "m", status: nil, reason: "reset")
            switch random() % 5 {
            case 0: throw RequestError.upstreamUnreachable(model: "m", reason: "refused")
            case 1, 2: return words + [.fail(failure)]
            case 3: return words + [.fail(RequestError.upstreamTimedOut(model: "m", stage: "between two tokens"))]
            default:
                // A token a byte and those of the template, for each message.
                let prompt = request.prompts.reduce(0) { sum, prompt in
                    guard case .messages(let messages) = prompt else { return sum }
                    return sum + 16 + messages.reduce(0) { $0 + $1.content.utf8.count + $1.role.utf8.count + 16 }
                }
                return words
                    + steps([
                        .finished(choice: 0, reason: .stop),
                        .completed(
                            model: "m", usage: Usage(promptTokens: prompt, completionTokens: limit), receipt: nil),
                    ])
            }
        }
    }

    private static func binding(_ name: String, attempts: Int, random: @escaping @Sendable () -> Int) -> ModelBinding {
        var options = PoolOptions()
        (options.attempts, options.retryShare) = (attempts, 1)
        // Endpoints enough, so that nobody pauses or is left alone.
        let endpoints = (0..<12).map { PoolEndpoint(name: "\(name)-\($0)", chat: provider(random)) }
        var binding = ModelBinding(name: name, provider: endpoints[0].chat, location: .remote)
        binding.pool = ModelPool(endpoints, options: options, clock: ManualClock())
        binding.mostAttempts = options.mostCalls
        return binding
    }

    private func course(seed: Int, _ key: Key, in folder: TemporaryFolder) async throws -> Course {
        let generator = Mutex(SplitMix64(seed: UInt64(seed)))
        let numbers: @Sendable () -> Int = { generator.withLock { Int($0.next() >> 33) } }
        var route = Route(
            name: "support", open: "main", closed: numbers() % 2 == 0 ? "closed" : nil,
            hold: numbers() % 2 == 0 ? .all : .tokens(1), escalateBelow: 0.95)
        route.fallback = Array(["spare", "last"].prefix(numbers() % 3))
        route.continuation = [nil, .sameModels, .model("last")][numbers() % 3]
        var prices = PriceBook()
        for name in Self.names {
            prices.addOwn(
                Price(
                    inputPerMillion: NanoUSD(30_000_000_000), outputPerMillion: NanoUSD(60_000_000_000),
                    source: "test", effective: "2024-01-01"), for: name)
        }
        let attempts = (0..<4).map { _ in 1 + numbers() % 3 }
        var configuration = RouterConfiguration(
            models: zip(Self.names, attempts).map { Self.binding($0, attempts: $1, random: numbers) },
            routes: [route], machineRate: .zero)
        configuration.confidence = MeanConfidence()
        configuration.random = { 0 }
        var ledgerOptions = LedgerOptions()
        ledgerOptions.durability = .deferred
        let ledger = try Ledger(path: folder.path + "/\(seed).sqlite", options: ledgerOptions)
        let time = RouterTime(clock: ManualClock()) { 1_717_200_000_000 }
        let ring = try KeyRing(
            KeyStore(folder: folder.path), clock: ManualClock(), milliseconds: time.milliseconds)
        let accounts = Accounts(ring, spending: [], needsKey: true, time: time)
        let router = try Router(
            configuration: configuration, ledger: ledger, prices: prices, accounts: accounts, time: time)
        var request = GenerationRequest(
            model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
        (request.maxTokens, request.stream) = (Self.maxTokens, true)
        var context = RequestContext(requestID: "r")
        Caller(key: key).sign(&context)
        _ = await Outcome(try await router.generate(request, context: context))
        await router.drain()
        var entries: [LedgerEntry] = []
        try ledger.reader.forEachEntry { entries.append($0.entry) }
        return Course(
            entry: try #require(entries.first), standing: try #require(accounts.budgets(of: key).first))
    }

    @Test("What is held covers every call that failures, fallbacks, continuations and an escalation lead to")
    func coversEveryCall() async throws {
        var (most, fallbacks, continued, escalated) = (0, 0, 0, 0)
        let folder = try TemporaryFolder()
        var draft = KeyDraft(name: "k")
        draft.tenant = "acme"
        draft.limits.dailyBudget = NanoUSD(1_000_000_000_000)
        let key = try KeyStore(folder: folder.path).create(draft, at: 0).key
        for seed in 0..<120 {
            let course = try await course(seed: seed, key, in: folder)
            let reserved = try #require(course.entry.reserved)
            #expect(course.cost <= reserved, "seed \(seed): \(course.entry.calls.map(\.model))")
            #expect(course.standing.overrun == .zero && course.standing.reserved == .zero, "seed \(seed)")
            #expect(course.standing.spent == course.cost, "seed \(seed)")
            most = max(most, course.entry.calls.count)
            let models = Set(course.entry.calls.map(\.model))
            if models.contains("spare") { fallbacks += 1 }
            if course.entry.calls.contains(where: { $0.role == .continued }) { continued += 1 }
            if models.contains("closed") { escalated += 1 }
        }
        // Else nothing was shown.
        #expect(
            most >= 6 && fallbacks > 8 && continued > 8 && escalated > 8,
            "\(most) \(fallbacks) \(continued) \(escalated)")
    }
}
