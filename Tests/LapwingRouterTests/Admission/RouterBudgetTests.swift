import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Synchronization
import Testing

/// The open model `small` runs here at 0.10 dollars an hour; `big` costs 30 and 60 dollars a million.
@Suite("Budgets of requests", .timeLimit(.minutes(1)))
struct RouterBudgetTests {
    private static let usage = Usage(promptTokens: 10, completionTokens: 3)
    /// Of `usage` at `big`'s price.
    private static let cost = NanoUSD(10 * 30_000 + 3 * 60_000)
    /// `Hello there`, its role and two templates' room, at the input price; ten tokens at the output price.
    private static let bound = NanoUSD((11 + 4 + 32) * 30_000 + 10 * 60_000)

    private func keep(
        _ folder: TemporaryFolder, budget: Int64?, tokensPerMinute: Int? = nil
    ) throws -> NewKey {
        var draft = KeyDraft(name: "k")
        draft.tenant = "acme"
        draft.limits.dailyBudget = budget.map(NanoUSD.init)
        draft.limits.tokensPerMinute = tokensPerMinute
        return try KeyStore(folder: folder.path).create(draft, at: 0)
    }

    private func ask(
        _ house: RouterHouse, _ id: String, key: Key, model: String = "big", maxTokens: Int? = 10,
        stream: Bool = false
    ) async throws -> GenerationStream {
        var request = GenerationRequest(
            model: model, prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
        request.stream = stream
        request.maxTokens = maxTokens
        var context = RequestContext(requestID: id)
        Caller(key: key).sign(&context)
        return try await house.router.generate(request, context: context)
    }

    @Test("A request is held at its upper bound while it runs and settled at its cost, and its entry keeps both")
    func holdsAndSettles() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 10_000_000).key
        let (here, go) = (Gate(), Gate())
        let house = try RouterHouse(
            open: [], closed: [.reached(here), .wait(go)] + steps(answer(["a"], usage: Self.usage)), folder: folder,
            hasAccounts: true)
        let stream = try await ask(house, "r", key: key)
        try await here.wait()
        let held = try #require(house.accounts?.budgets(of: key).first)
        #expect(held.reserved == Self.bound && held.spent == .zero)
        go.open()
        #expect(await Outcome(stream).receipt?.cost == Self.cost)
        let after = try #require(house.accounts?.budgets(of: key).first)
        #expect(after.reserved == .zero && after.spent == Self.cost && after.overrun == .zero)
        let entry = try #require(try await house.entries().first)
        #expect(entry.reserved == Self.bound && entry.keyID == key.id && entry.tenant == "acme")
    }

    @Test("What cannot be paid is refused before anything is called or written")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: Self.bound.rawValue - 1).key
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)), folder: folder, hasAccounts: true)
        let outcome = await Outcome(try await ask(house, "r", key: key))
        #expect(
            outcome.error
                == .budgetExceeded(
                    .day, limit: Self.bound - NanoUSD(1), left: Self.bound - NanoUSD(1), needed: Self.bound,
                    retryAfterSeconds: 86_400))
        #expect(house.closed.calls.isEmpty)
        #expect(try await house.entries().isEmpty)
    }

    @Test("A route's reservation covers both calls of an escalation, each as often as its pool may try it")
    func escalation() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 100_000_000_000).key
        let house = try RouterHouse(
            open: steps(
                answer(
                    ["no"], logProbability: -3,
                    usage: Usage(promptTokens: 3, completionTokens: 1, computeNanoseconds: 1000))),
            closed: steps(answer(["a"], usage: Self.usage)), folder: folder, hasAccounts: true
        ) { configuration in
            for index in configuration.models.indices where configuration.models[index].name == "big" {
                configuration.models[index].mostAttempts = 3
            }
        }
        #expect(await Outcome(try await ask(house, "r", key: key, model: "support")).receipt?.decision == .escalated)
        let entry = try #require(try await house.entries().first)
        // 57 tokens at the 250 ms that an unmeasured model is taken to need, and three tries of the other.
        let machine = NanoUSD(57 * 250_000_000 / 36 / 1000)
        let three = NanoUSD(3 * Self.bound.rawValue)
        let reserved = try #require(entry.reserved)
        #expect(reserved >= three + machine && reserved <= three + machine + NanoUSD(1))
        #expect(house.accounts?.budgets(of: key).first?.spent == entry.calls.reduce(.zero) { $0 + ($1.cost ?? .zero) })
    }

    @Test(
        "Where nobody says how long the answer may be, an upstream is told what was reserved for; a route's own word goes first"
    )
    func assumedLength() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 1_000_000_000_000).key
        let free = try keep(folder, budget: nil).key
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)),
            route: Route(name: "support", open: "big", maxTokens: 77), folder: folder, hasAccounts: true)
        for (id, key, model) in [("1", key, "big"), ("2", free, "big"), ("3", key, "support"), ("4", free, "support")] {
            #expect(await Outcome(try await ask(house, id, key: key, model: model, maxTokens: nil)).error == nil)
        }
        #expect(house.closed.calls.map(\.request.maxTokens) == [4096, nil, 77, 77])
        await #expect(throws: RequestError.self) {
            _ = try await ask(house, "5", key: key, model: "support", maxTokens: 78)
        }
        let reserved = try await house.entries().map(\.reserved)
        #expect(
            reserved[0] == NanoUSD(47 * 30_000 + 4096 * 60_000) && reserved[2] == NanoUSD(47 * 30_000 + 77 * 60_000))
        #expect(reserved[1] == nil && reserved[3] == nil)
    }

    @Test("Who may go on with an answer is held for reading what was written of it, as the message that it then is")
    func continuation() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 1_000_000_000_000).key
        var route = Route(name: "support", open: "big")
        route.continuation = .sameModels
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)), route: route, folder: folder, hasAccounts: true)
        #expect(await Outcome(try await ask(house, "r", key: key, model: "support", stream: true)).error == nil)
        // `assistant`, a template's room, and ten tokens beside the prompt; six calls at most.
        let call = Self.bound.rawValue + (9 + 16 + 10) * 30_000
        #expect(try await house.entries().first?.reserved == NanoUSD(6 * call))
    }

    @Test("A model without a price is refused by name under a budget, and answered without one")
    func unpriced() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 1_000_000_000_000).key
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)), isPriced: false, folder: folder,
            hasAccounts: true)
        guard case .permissionDenied(let reason) = await Outcome(try await ask(house, "r", key: key)).error else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("'big' has no price"))
        #expect(await Outcome(try await ask(house, "s", key: try keep(folder, budget: nil).key)).error == nil)
    }

    @Test("What a provider bills beyond the bound is overrun in the budget and in the ledger, also after a restart")
    func overrun() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 100_000_000).key
        let usage = Usage(promptTokens: 100, completionTokens: 100)
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: usage)), folder: folder, hasAccounts: true)
        _ = await Outcome(try await ask(house, "r", key: key))
        let standing = try #require(house.accounts?.budgets(of: key).first)
        #expect(standing.spent == Self.bound && standing.overrun == NanoUSD(9_000_000) - Self.bound)
        let line = try #require(try house.ledger.reader.spending(since: 0).first)
        #expect(line.spent == standing.spent && line.overrun == standing.overrun)
    }

    @Test("A request in progress when the process dies is counted at its estimate, which is no more than it held")
    func crash() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 10_000_000).key
        let (here, go) = (Gate(), Gate())
        let house = try RouterHouse(
            open: [], closed: [.reached(here), .wait(go)], folder: folder, hasAccounts: true)
        let stream = try await ask(house, "r", key: key)
        try await here.wait()
        let copy = try house.copyOfLedger()
        #expect(try copy.recover(at: 1_717_200_000_001) == 1)
        let line = try #require(try copy.reader.spending(since: 0).first)
        #expect(line.key == key.id && line.spent > .zero && line.spent <= Self.bound && line.overrun == .zero)
        go.open()
        _ = await Outcome(stream)
    }

    @Test("Tokens a minute are taken for prompt and answer at most, and given back as they turn out")
    func tokens() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: nil, tokensPerMinute: 40).key
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)), folder: folder, hasAccounts: true)
        // The prompt is taken for 7 tokens.
        #expect(await Outcome(try await ask(house, "1", key: key)).error == nil)
        #expect(house.accounts?.standing(of: Caller(key: key))?.tokens?.remaining == 27)
        #expect(
            await Outcome(try await ask(house, "2", key: key, maxTokens: 33)).error
                == .rateLimited(.tokens, limit: 40, retryAfter: .seconds(19.5)))
        #expect(
            await Outcome(try await ask(house, "3", key: key, maxTokens: 34)).error
                == .rateLimited(.tokens, limit: 40, retryAfter: nil))
        #expect(await Outcome(try await ask(house, "4", key: key, maxTokens: 20)).error == nil)
        #expect(house.accounts?.standing(of: Caller(key: key))?.tokens?.remaining == 14)
    }

    @Test(
        "An answer of a model here that nobody limits is taken for its context, prompt and all, and given back as it turns out"
    )
    func tokensOfAModelHere() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: nil, tokensPerMinute: 5000).key
        let narrow = try keep(folder, budget: nil, tokensPerMinute: 2047).key
        let wide = try keep(folder, budget: nil, tokensPerMinute: 2048).key
        let house = try RouterHouse(
            open: steps(answer(["a"], usage: Self.usage)), folder: folder, hasAccounts: true
        ) { configuration in
            configuration.models[0].contextLength = 2048
        }
        for id in ["1", "2", "3"] {
            #expect(await Outcome(try await ask(house, id, key: key, model: "small", maxTokens: nil)).error == nil)
        }
        #expect(house.open.calls.allSatisfy { $0.request.maxTokens == nil })
        #expect(house.accounts?.standing(of: Caller(key: key))?.tokens?.remaining == 5000 - 3 * 13)
        #expect(
            await Outcome(try await ask(house, "4", key: narrow, model: "small", maxTokens: nil)).error
                == .rateLimited(.tokens, limit: 2047, retryAfter: nil))
        #expect(await Outcome(try await ask(house, "5", key: wide, model: "small", maxTokens: nil)).error == nil)
    }

    @Test("What the limit of tokens or the ledger refuses holds nothing of the budget")
    func nothingIsHeldInVain() async throws {
        let folder = try TemporaryFolder()
        let key = try keep(folder, budget: 10_000_000, tokensPerMinute: 40).key
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)), folder: folder, hasAccounts: true)
        guard case .rateLimited = await Outcome(try await ask(house, "1", key: key, maxTokens: 34)).error else {
            Issue.record("not refused")
            return
        }
        #expect(house.accounts?.budgets(of: key).first?.reserved == .zero)
        #expect(await Outcome(try await ask(house, "2", key: key)).error == nil)
        // The ledger takes no request's id twice.
        #expect(await Outcome(try await ask(house, "2", key: key)).error != nil)
        let standing = try #require(house.accounts?.budgets(of: key).first)
        #expect(standing.reserved == .zero && standing.spent == Self.cost)
        #expect(house.accounts?.standing(of: Caller(key: key))?.tokens?.remaining == 27)
    }

    private final class Seen: Sendable {
        let refused = Mutex(0)
        let isOver = Mutex(false)
    }

    @Test("64 clients racing on one key: spent and reserved never pass the limit, and the end is exact")
    func race() async throws {
        let folder = try TemporaryFolder()
        // Room for seven at once, and for some hundred and thirty in all.
        let limit = NanoUSD(7 * Self.bound.rawValue + 120 * Self.cost.rawValue)
        let key = try keep(folder, budget: limit.rawValue).key
        let house = try RouterHouse(
            open: [], closed: steps(answer(["a"], usage: Self.usage)), folder: folder, hasAccounts: true)
        let accounts = try #require(house.accounts)
        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let watcher = Task {
                var worst = NanoUSD.zero
                while !seen.isOver.withLock({ $0 }) {
                    if let standing = accounts.budgets(of: key).first {
                        worst = max(worst, standing.spent + standing.reserved)
                    }
                    await Task.yield()
                }
                return worst
            }
            for client in 0..<64 {
                group.addTask {
                    for number in 0..<6 {
                        let outcome = await Outcome(try await ask(house, "\(client)-\(number)", key: key))
                        switch outcome.error {
                        case nil: break
                        case .budgetExceeded: seen.refused.withLock { $0 += 1 }
                        case let error: Issue.record("\(String(describing: error))")
                        }
                    }
                }
            }
            try await group.waitForAll()
            seen.isOver.withLock { $0 = true }
            #expect(await watcher.value <= limit)
        }
        let entries = try await house.entries()
        let standing = try #require(accounts.budgets(of: key).first)
        #expect(entries.count + seen.refused.withLock({ $0 }) == 64 * 6)
        #expect(seen.refused.withLock({ $0 }) > 0)
        #expect(standing.reserved == .zero && standing.overrun == .zero)
        #expect(standing.spent == NanoUSD(Int64(entries.count) * Self.cost.rawValue))
        #expect(house.closed.calls.count == entries.count)
        let line = try #require(try house.ledger.reader.spending(since: 0).first)
        #expect(line.spent == standing.spent)
    }
}
