import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Testing

private func model(_ name: String, unavailable: String? = nil) -> ModelBinding {
    ModelBinding(name: name, provider: ScriptedProvider(), location: .remote, unavailable: unavailable)
}

private func table(
    _ routes: [Route], models: [ModelBinding] = [model("small"), model("big")], counterfactual: String? = nil
) throws -> RouteTable {
    try RouteTable(routes: routes, models: models, counterfactual: counterfactual)
}

private func chat(_ model: String) -> GenerationRequest {
    GenerationRequest(model: model, prompts: [.messages([ChatMessage(role: "user", content: "hello")])])
}

private let support = Route(
    name: "support", open: "small", closed: "big", hold: .tokens(7), escalateBelow: 0.92, tiers: ["enterprise"])

@Suite("RouteTable")
struct RouteTableTests {
    @Test("A route starts with its open model and may escalate for its tiers only")
    func tiers() throws {
        let table = try table([support])
        let enterprise = try table.plan(for: chat("support"), tier: "enterprise")
        #expect(enterprise.first.name == "small")
        #expect(enterprise.escalation?.name == "big")
        #expect(enterprise.policy.mayEscalate)
        #expect(enterprise.policy.hold == .tokens(7))
        #expect(enterprise.policy.threshold == 0.92)

        let basic = try table.plan(for: chat("support"), tier: "default")
        #expect(basic.escalation == nil)
        #expect(!basic.policy.mayEscalate)
        #expect(basic.policy.threshold == 0.92)
        #expect(basic.wantsEvidence)
        #expect(basic.withheld == nil)
    }

    @Test("A route's fallback goes before its model's; what cannot be called or take the request is left out")
    func fallback() throws {
        var small = model("small")
        small.fallback = ["big", "small"]
        var other = model("other")
        other.dialect = .openAI
        let models = [small, model("big"), other, model("off", unavailable: "OFF_KEY is not set")]
        func names(_ route: Route, _ request: GenerationRequest) throws -> [String] {
            try table([route], models: models).plan(for: request, tier: "default").fallbacks.map(\.binding.name)
        }
        var route = Route(name: "support", open: "small")
        #expect(try names(route, chat("support")) == ["big"])
        #expect(try names(route, chat("small")) == ["big"])
        route.fallback = ["off", "other", "big"]
        #expect(try names(route, chat("support")) == ["other", "big"])
        var request = chat("support")
        request.sampling.topK = 3
        #expect(try names(route, request) == ["big"])
        route.fallback = []
        #expect(try names(route, chat("support")) == [])
    }

    @Test("A model that cannot be called is answered for by the first of its fallback that can")
    func firstUnavailable() throws {
        var route = Route(name: "support", open: "off")
        let models = [model("off", unavailable: "OFF_KEY is not set"), model("small"), model("big")]
        route.fallback = ["small", "big"]
        let plan = try table([route], models: models).plan(for: chat("support"), tier: "default")
        #expect(plan.first.name == "small" && plan.fallbacks.map(\.binding.name) == ["big"])
    }

    @Test("A fallback or a continuation that does not exist is refused")
    func unknownFallback() {
        var small = model("small")
        small.fallback = ["tiny"]
        #expect(throws: RouterError.unknownFallback(model: "small", fallback: "tiny", known: ["small"])) {
            try table([], models: [small])
        }
        var route = Route(name: "r", open: "small")
        route.continuation = .model("tiny")
        #expect(throws: RouterError.unknownModel(route: "r", model: "tiny", known: ["small", "big"])) {
            try table([route])
        }
    }

    @Test("A route without tiers escalates for all, and one without a threshold for none")
    func defaults() throws {
        var route = support
        route.tiers = nil
        #expect(try table([route]).plan(for: chat("support"), tier: "any").policy.mayEscalate)
        route.escalateBelow = nil
        #expect(try !table([route]).plan(for: chat("support"), tier: "any").policy.mayEscalate)
    }

    @Test("A closed model that cannot be called is as none, and the plan says that it was wanted")
    func closedUnavailable() throws {
        var route = support
        route.tiers = nil
        let models = [model("small"), model("big", unavailable: "BIG_KEY is not set")]
        let plan = try table([route], models: models).plan(for: chat("support"), tier: "default")
        #expect(plan.escalation == nil)
        #expect(!plan.policy.mayEscalate)
        #expect(plan.withheld == .unavailable)
    }

    @Test("A bare model is a route of its own that does not escalate")
    func bareModel() throws {
        let plan = try table([support]).plan(for: chat("small"), tier: "enterprise")
        #expect(plan.route.name == "small")
        #expect(plan.policy.first == .open)
        #expect(plan.policy.threshold == nil)
        #expect(!plan.policy.mayEscalate)
        #expect(plan.wantsEvidence)
    }

    @Test("A model that a route names as closed, or that savings count against, is closed")
    func closedSides() throws {
        let models = ["small", "big", "reference", "plain"].map { model($0) }
        let table = try table([support], models: models, counterfactual: "reference")
        let sides = try ["small", "big", "reference", "plain"].map {
            try table.plan(for: chat($0), tier: "default").policy.first
        }
        #expect(sides == [.open, .closed, .closed, .open])
        #expect(try !table.plan(for: chat("big"), tier: "default").wantsEvidence)
    }

    @Test("Completions and several choices are held whole")
    func holds() throws {
        let table = try table([support])
        var several = chat("support")
        several.choiceCount = 2
        let text = GenerationRequest(model: "support", prompts: [.text("Once")])
        for request in [several, text] {
            #expect(try table.plan(for: request, tier: "enterprise").policy.hold == .all)
        }
    }

    @Test("What only the open model's vocabulary can say does not escalate")
    func notPortable() throws {
        let table = try table([support])
        var biased = chat("support")
        biased.sampling.logitBias = [5: -100]
        let tokens = GenerationRequest(model: "support", prompts: [.tokens([1, 2])])
        for request in [biased, tokens] {
            let plan = try table.plan(for: request, tier: "enterprise")
            #expect(!plan.policy.mayEscalate)
            #expect(plan.wantsEvidence)
        }
    }

    @Test("What the closed model's API has no field for does not escalate to it, and a mere hint does")
    func dialects() throws {
        var openAI = model("big")
        openAI.dialect = .openAI
        let closed = [UpstreamDialect.openAI: openAI, .extended: model("big")]
        let changes: [(inout GenerationRequest) -> Void] = [
            { $0.sampling.topK = 5 }, { $0.sampling.minP = 0.1 }, { $0.sampling.repetitionPenalty = 1.1 },
            { $0.ignoreEOS = true }, { $0.cachePrompt = false },
        ]
        for (dialect, expected) in [
            (UpstreamDialect.openAI, [false, false, false, false, true]),
            (.extended, [true, true, true, true, true]),
        ] {
            let table = try table([support], models: [model("small"), try #require(closed[dialect])])
            let found = try changes.map { change in
                var request = chat("support")
                change(&request)
                return try table.plan(for: request, tier: "enterprise").policy.mayEscalate
            }
            #expect(found == expected)
        }
    }

    @Test("A model that gives no log-probabilities is not asked for any")
    func withoutLogProbabilities() throws {
        var silent = model("small")
        silent.reportsLogProbabilities = false
        let plan = try table([support], models: [silent, model("big")]).plan(for: chat("support"), tier: "enterprise")
        #expect(!plan.wantsEvidence)
        #expect(plan.policy.mayEscalate)
    }

    @Test(
        "Scoring requests are not judged: nothing is generated, or evidence would cost the prompt's log-probabilities")
    func notJudged() throws {
        var nothing = GenerationRequest(model: "support", prompts: [.text("Once")])
        nothing.maxTokens = 0
        var echo = GenerationRequest(model: "support", prompts: [.text("Once")])
        echo.echo = true
        // No upstream tells the prompt's tokens; a model here does.
        var here = model("small")
        here.dialect = .local
        let table = try table([support], models: [here, model("big")])
        for request in [nothing, echo] {
            let plan = try table.plan(for: request, tier: "enterprise")
            #expect(!plan.wantsEvidence)
            #expect(!plan.policy.mayEscalate)
        }
        echo.topLogProbabilities = 1
        #expect(try table.plan(for: echo, tier: "enterprise").wantsEvidence)
    }

    @Test("Unknown and unavailable models are refused with what is known")
    func refusals() throws {
        let table = try table([support], models: [model("small", unavailable: "KEY is not set"), model("big")])
        #expect(throws: RequestError.unknownModel(name: "tiny", known: ["support", "small", "big"])) {
            try table.plan(for: chat("tiny"), tier: "default")
        }
        #expect(
            throws: RequestError.unavailable(what: "small", reason: "KEY is not set", retryAfterSeconds: 60)
        ) {
            try table.plan(for: chat("support"), tier: "default")
        }
    }

    @Test("Routes that cannot be are refused by name")
    func invalidRoutes() {
        func error(_ routes: [Route]) -> RouterError? {
            do {
                _ = try table(routes)
                return nil
            } catch { return error as? RouterError }
        }
        #expect(error([Route(name: "small", open: "small")]) == .duplicateName("small"))
        #expect(
            error([Route(name: "r", open: "tiny")])
                == .unknownModel(route: "r", model: "tiny", known: ["small", "big"]))
        #expect(
            error([Route(name: "r", open: "small", closed: "tiny")])
                == .unknownModel(route: "r", model: "tiny", known: ["small", "big"]))
        #expect(
            error([Route(name: "r", open: "small", escalateBelow: 1.5)]) == .invalidThreshold(route: "r", found: 1.5))
        #expect(error([Route(name: "r", open: "small", hold: .tokens(0))]) == .invalidHold(route: "r", found: 0))
        #expect(error([Route(name: "r", open: "small", closed: "big", escalateBelow: 0.5)]) == nil)
    }
}
