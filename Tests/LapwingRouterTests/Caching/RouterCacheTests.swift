import LapwingAPI
import LapwingRouter
import LapwingStore
import LapwingTestSupport
import Testing

/// The open model `small` runs here; `big` costs 30 and 60 dollars a million. Answers are kept for an hour.
@Suite("Requests that a kept answer answers", .timeLimit(.minutes(1)))
struct RouterCacheTests {
    private static let usage = Usage(promptTokens: 10, completionTokens: 3)
    /// Of `usage` at `big`'s price.
    private static let cost = NanoUSD(10 * 30_000 + 3 * 60_000)

    private static func route(closed: String? = nil) -> Route {
        var route = Route(name: "support", open: "big", closed: closed, hold: .tokens(1), escalateBelow: 0.5)
        route.cache = AnswerCache.Options(timeToLive: .seconds(3600))
        return route
    }

    private func house(
        _ route: Route = Self.route(), open: [GenerationEvent] = [],
        closed: [GenerationEvent] = answer(["a", "b"], usage: Self.usage), hasAccounts: Bool = false,
        folder: TemporaryFolder? = nil, changing change: (inout RouterConfiguration) -> Void = { _ in }
    ) throws -> RouterHouse {
        try RouterHouse(
            open: steps(open), closed: steps(closed), route: route, folder: folder, hasAccounts: hasAccounts,
            changing: change)
    }

    private func ask(
        _ house: RouterHouse, _ id: String, stream: Bool = false, model: String = "support",
        changing change: (inout GenerationRequest, inout RequestContext) -> Void = { _, _ in }
    ) async throws -> (outcome: Outcome, cache: String?) {
        var request = GenerationRequest(
            model: model, prompts: [.messages([ChatMessage(role: "user", content: "Hello")])])
        request.stream = stream
        var context = RequestContext(requestID: id)
        change(&request, &context)
        var commitment: Commitment?
        let outcome = await Outcome(try await house.router.generate(request, context: context)) {
            if case .committed(let found) = $0 { commitment = found }
        }
        #expect(commitment?.cache == outcome.receipt?.cache || outcome.error != nil)
        return (outcome, outcome.receipt?.cache?.word)
    }

    @Test(
        "The same request is answered again without a call, whole or as a stream, and its entry says whose answer it is"
    )
    func hit() async throws {
        let house = try house()
        let first = try await ask(house, "r1", stream: true)
        #expect(first.cache == "miss" && first.outcome.words == ["commit - big", "a", "b", "<stop>", "completed"])
        for (id, stream) in [("r2", false), ("r3", true)] {
            let again = try await ask(house, id, stream: stream) { $1.user = "someone else" }
            #expect(
                again.cache == "hit" && again.outcome.words == ["commit open big 0.9", "ab", "<stop>", "completed"])
            #expect(again.outcome.usage == Self.usage)
            let receipt = try #require(again.outcome.receipt)
            #expect(receipt.requestID == id && receipt.model == "big" && receipt.calls.isEmpty)
            #expect(receipt.cost == .zero && receipt.cache == .hit(CachedAnswer(requestID: "r1", spared: Self.cost)))
        }
        #expect(house.closed.calls.count == 1)
        let entries = try await house.entries()
        #expect(entries.map(\.status) == [.completed, .completed, .completed])
        #expect(entries.map(\.cached?.requestID) == [nil, "r1", "r1"])
        #expect(entries[1].calls.isEmpty && entries[1].answeringModel == "big" && entries[1].user == "someone else")
        #expect(try house.ledger.reader.verify().failure == nil)
        let figures = try house.ledger.reader.report(ReportQuery()).total
        #expect(figures.cacheHits == 2 && figures.unpricedHits == 0 && figures.calls == 1)
        #expect(figures.spared.amount == NanoUSD(2 * Self.cost.rawValue) && figures.spent.amount == Self.cost)
    }

    @Test("Against the closed model a hit saves all of what that would have cost")
    func saved() async throws {
        let house = try house(Self.route(closed: "big").asking("small"), open: answer(["a"], usage: Self.usage))
        let first = try #require(try await ask(house, "r1").outcome.receipt)
        let second = try #require(try await ask(house, "r2").outcome.receipt)
        #expect(second.counterfactual == first.counterfactual && second.saved == first.counterfactual?.cost)
        #expect(second.confidence == first.confidence && second.decision == .open)
    }

    @Test("An answer's time is over after its time to live, and then it is asked for anew and kept again")
    func expiry() async throws {
        let house = try house()
        _ = try await ask(house, "r1")
        house.clock.advance(by: .seconds(3599))
        #expect(try await ask(house, "r2").cache == "hit")
        house.clock.advance(by: .seconds(1))
        #expect(try await ask(house, "r3").cache == "miss")
        #expect(try await ask(house, "r4").outcome.receipt?.cache?.cached?.requestID == "r3")
    }

    @Test("No tenant is answered with another's answer")
    func tenants() async throws {
        let house = try house()
        _ = try await ask(house, "r1") { $1.tenant = "acme" }
        #expect(try await ask(house, "r2") { $1.tenant = "umbrella" }.cache == "miss")
        #expect(try await ask(house, "r3") { $1.tenant = "umbrella" }.outcome.receipt?.cache?.cached?.requestID == "r2")
        #expect(try await ask(house, "r4") { $1.tenant = "acme" }.outcome.receipt?.cache?.cached?.requestID == "r1")
        #expect(try await ask(house, "r5").cache == "miss")
    }

    @Test("A client that wants a fresh answer gets one, which is kept, or not where it says so")
    func passedBy() async throws {
        let house = try house()
        _ = try await ask(house, "r1")
        #expect(try await ask(house, "r2") { $1.cache = .forbidden }.cache == "bypass")
        #expect(try await ask(house, "r3").outcome.receipt?.cache?.cached?.requestID == "r1")
        #expect(try await ask(house, "r4") { $1.cache = .refreshed }.cache == "bypass")
        #expect(try await ask(house, "r5").outcome.receipt?.cache?.cached?.requestID == "r4")
        #expect(house.closed.calls.count == 3)
    }

    @Test("A route without a cache keeps nothing and says nothing, and a model may have one of its own")
    func models() async throws {
        let plain = Route(name: "support", open: "big")
        let house = try house(plain) { $0.models[1].cache = .init(timeToLive: .seconds(60)) }
        #expect(try await ask(house, "r1").cache == nil)
        #expect(try await ask(house, "r2").cache == nil)
        #expect(try await ask(house, "r3", model: "big").cache == "miss")
        #expect(try await ask(house, "r4", model: "big").cache == "hit")
        #expect(Set(house.router.caches.keys) == ["big"])
    }

    @Test("What failed, broke off, was cut by a filter or was given up for want of the closed model is not kept")
    func onlyWhole() async throws {
        let failing: [(String, Route, [GenerationEvent], [GenerationEvent])] = [
            ("broke off", Self.route(), [], [delta("a", -0.1)]),
            ("failed", Self.route(), [], []),
            (
                "filtered", Self.route(), [],
                [
                    delta("a", -0.1), .finished(choice: 0, reason: .contentFilter),
                    .completed(model: "m", usage: Self.usage, receipt: nil),
                ]
            ),
            ("unavailable", Self.route(closed: "big").asking("small"), answer(["a"], logProbability: -3), []),
        ]
        for (name, route, open, closed) in failing {
            let house = try house(route, open: open, closed: closed)
            _ = try await ask(house, "r1")
            let again = try await ask(house, "r2")
            #expect(again.cache != "hit", "\(name)")
            #expect(house.router.caches["support"]?.size.count == 0, "\(name)")
        }
    }

    @Test("An answer that another model gave in the first one's place is not kept; an escalated one is")
    func whoseAnswer() async throws {
        var fallback = Self.route().asking("small")
        fallback.fallback = ["big"]
        let house = try house(fallback)
        #expect(try await ask(house, "r1").outcome.receipt?.model == "big")
        #expect(try await ask(house, "r2").cache == "miss")
        let escalating = try self.house(
            Self.route(closed: "big").asking("small"), open: answer(["x"], logProbability: -3))
        #expect(try await ask(escalating, "r1").outcome.receipt?.decision == .escalated)
        let again = try #require(try await ask(escalating, "r2").outcome.receipt)
        #expect(again.decision == .escalated && again.cache?.word == "hit" && again.model == "big")
    }

    @Test("A hit holds and spends nothing of a budget, also of one that has too little left")
    func budget() async throws {
        let folder = try TemporaryFolder()
        var draft = KeyDraft(name: "k")
        draft.limits.dailyBudget = NanoUSD(2_000_000)
        let key = try KeyStore(folder: folder.path).create(draft, at: 0).key
        let house = try house(hasAccounts: true, folder: folder)
        let signed: (inout GenerationRequest, inout RequestContext) -> Void = { request, context in
            request.maxTokens = 10
            Caller(key: key).sign(&context)
        }
        #expect(try await ask(house, "r1", changing: signed).cache == "miss")
        for number in 2..<20 {
            #expect(try await ask(house, "r\(number)", changing: signed).cache == "hit")
        }
        let standing = try #require(house.accounts?.budgets(of: key).first)
        #expect(standing.spent == Self.cost && standing.reserved == .zero)
        #expect(try await house.entries().dropFirst().allSatisfy { $0.reserved == nil && $0.keyID == key.id })
    }

    @Test("A hit whose entry cannot be written is no answer")
    func ledgerRefuses() async throws {
        let house = try house()
        _ = try await ask(house, "r1")
        let again = try await ask(house, "r1")
        #expect(again.outcome.error != nil && again.outcome.receipt == nil)
    }
}

extension Route {
    fileprivate func asking(_ model: String) -> Route {
        var route = self
        route.open = model
        return route
    }
}
