import LapwingAPI

/// Everything about one request that is settled before its first call.
package struct RequestPlan: Sendable {
    /// The route's name, or the model's where the client named a model.
    package var route: Route
    /// The model that is called first.
    package var first: ModelBinding
    /// The models that answer in the first one's place, in turn, where it gives no answer.
    package var fallbacks: [PlannedModel] = []
    /// The model that is called where the first answer is too unsure; set only where `policy.mayEscalate`.
    package var escalation: ModelBinding?
    /// The same for the closed model.
    package var escalationFallbacks: [PlannedModel] = []
    package var policy: CommitPolicy
    /// What may go on with an answer that broke off; nil where nothing may.
    package var continuation: PlannedContinuation?
    /// The model that a gate passed over, which answers where none of those does that were asked in its place.
    var lastResort: String?
    /// Why the closed model may not be called that would be where the answer is too unsure; nil where nothing is withheld.
    package var withheld: Withheld?
    /// Whether the model is to be asked for log-probabilities that the client did not ask for.
    package var wantsEvidence = false
    /// What upstreams are told where neither request nor route says how long an answer may be, and a budget needs to know.
    package var assumedMaxTokens: Int?

    /// The models that may answer for each side, in their order.
    var models: [CallReceipt.Side: [PlannedModel]] {
        var models = [policy.first: [PlannedModel(binding: first, side: policy.first)] + fallbacks]
        if let escalation {
            models[.closed] = [PlannedModel(binding: escalation, side: .closed)] + escalationFallbacks
        }
        return models
    }

    /// Every model that may be called.
    var callable: [ModelBinding] {
        let answering = models.values.joined().map(\.binding)
        guard case .model(let model) = continuation else { return answering }
        return answering + [model.binding]
    }

    /// The same request with the closed model called at once, as a prompt gate decides; where it fails, the open one answers.
    func sentToClosed(by finding: GateFinding) -> RequestPlan {
        guard let escalation else { return self }
        var plan = self
        plan.first = escalation
        plan.lastResort = first.name
        var asked: Set = [escalation.name]
        plan.fallbacks = (escalationFallbacks + [PlannedModel(binding: first, side: .open)] + fallbacks)
            .filter { asked.insert($0.binding.name).inserted }
        plan.escalation = nil
        plan.policy.commitsLate = true
        (plan.policy.first, plan.policy.decisionOfStandIn) = (.closed, .unavailable)
        plan.policy.gateConfidence = finding.confidence
        plan.policy.threshold = finding.threshold ?? plan.policy.threshold
        plan.policy.mayEscalate = false
        plan.wantsEvidence = false
        return plan
    }
}

package enum PlannedContinuation: Sendable {
    case sameModels
    case model(PlannedModel)
}

/// A model that may be called, and the side of the bill that its calls are on.
package struct PlannedModel: Sendable {
    package var binding: ModelBinding
    package var side: CallReceipt.Side
}

/// The names that requests may use, and what each comes to. A model by itself is a route that never escalates.
package struct RouteTable: Sendable {
    package let routes: [Route]
    package let models: [ModelBinding]
    private let routesByName: [String: Route]
    private let modelsByName: [String: ModelBinding]
    private let closedNames: Set<String>
    /// The open models of the routes that answer with labels or have answers checked, and their candidates, as they answer
    /// there, by route and model.
    private let answering: [String: [String: ModelBinding]]

    /// `counterfactual` is the model that savings are counted against where a route has no closed one.
    package init(routes: [Route], models: [ModelBinding], counterfactual: String? = nil) throws(RouterError) {
        var seen: Set<String> = []
        for name in models.map(\.name) + routes.map(\.name) where !seen.insert(name).inserted {
            throw .duplicateName(name)
        }
        let known = Set(models.map(\.name))
        for model in models {
            for other in model.fallback where !known.contains(other) {
                throw .unknownFallback(model: model.name, fallback: other, known: models.map(\.name))
            }
        }
        for route in routes {
            var named = [route.open, route.closed].compactMap(\.self) + (route.fallback ?? [])
            if case .model(let name) = route.continuation { named.append(name) }
            named += [route.shadow?.model, route.shadow?.judge, route.canary?.candidate, route.embedder].compactMap(
                \.self)
            for model in named where !known.contains(model) {
                throw .unknownModel(route: route.name, model: model, known: models.map(\.name))
            }
            if let threshold = route.escalateBelow, !(0...Route.escalatesAll).contains(threshold) {
                throw .invalidThreshold(route: route.name, found: threshold)
            }
            if case .tokens(let count) = route.hold, count < 1 {
                throw .invalidHold(route: route.name, found: count)
            }
            if case .between(let bounds) = route.hold, !bounds.isValid {
                throw .invalidHold(route: route.name, found: bounds.from)
            }
        }
        self.routes = routes
        self.models = models
        routesByName = Dictionary(uniqueKeysWithValues: routes.map { ($0.name, $0) })
        let byName = Dictionary(uniqueKeysWithValues: models.map { ($0.name, $0) })
        modelsByName = byName
        var answering: [String: [String: ModelBinding]] = [:]
        for route in routes {
            if let embedder = route.embedder.flatMap({ byName[$0] }), embedder.unavailable == nil {
                _ = try embedder.labelEmbedder(on: route.name)
            }
            for model in [route.open, route.canary?.candidate].compactMap(\.self).compactMap({ byName[$0] }) {
                answering[route.name, default: [:]][model.name] = try model.answering(
                    on: route, embedder: route.embedder.flatMap { byName[$0] })
            }
        }
        self.answering = answering
        closedNames = Set(routes.compactMap(\.closed) + [counterfactual].compactMap(\.self))
            .subtracting(routes.map(\.open))
    }

    package func model(_ name: String) -> ModelBinding? { modelsByName[name] }

    /// The model that answers a route's requests first.
    package func answering(_ route: Route) -> ModelBinding? {
        answering[route.name]?[route.open] ?? modelsByName[route.open]
    }

    /// Of the routes and models that keep answers, by name.
    var cacheOptions: [String: AnswerCache.Options] {
        let all = routes.map { ($0.name, $0.cache) } + models.map { ($0.name, $0.cache) }
        return Dictionary(uniqueKeysWithValues: all.compactMap { name, cache in cache.map { (name, $0) } })
    }

    /// The model that a name's requests go to first, for work that is not routed, such as scoring.
    package func openModel(of name: String) throws(RequestError) -> (route: Route, model: ModelBinding) {
        let route = try route(named: name)
        return (route, try available(route.open))
    }

    /// Throws `unknownModel`, `unavailable` where the model to be called first cannot be called, or `unsupported` where no
    /// model of the route takes the request without losing a part of it.
    ///
    /// `candidate` is asked in the route's open model's place, where one is on trial.
    package func plan(
        for request: GenerationRequest, tier: String, candidate: String? = nil
    ) throws(RequestError) -> RequestPlan {
        var route = try route(named: request.model)
        if let candidate { route.open = candidate }
        // What any model but the open one is sent, which is told the labels in words.
        let request =
            try route.labels.map { labels throws(RequestError) in
                request.naming(try labels.names(for: request))
            } ?? request
        let (first, fallbacks) = try answering(request, on: route, tier: tier)
        _ = try first.require(\.provider, for: .chat)
        var policy = CommitPolicy(
            first: side(of: first), hold: Self.hold(of: request, on: route), threshold: route.escalateBelow,
            unknown: route.unknown, readsStream: request.stream,
            choiceCount: request.prompts.count * request.choiceCount,
            topLogProbabilities: request.topLogProbabilities, echo: request.echo)
        if policy.first == .closed { policy.threshold = nil }
        policy.commitsLate = !fallbacks.isEmpty
        var plan = RequestPlan(route: route, first: first, fallbacks: fallbacks, policy: policy)
        if Self.canContinue(request) { plan.continuation = continuation(on: route, for: request) }
        // llama-server refuses to tell probabilities beside tools; answers with tools follow what the route says of the unknown.
        plan.wantsEvidence =
            policy.first == .open && first.reportsLogProbabilities && request.toolUse == nil
            && Self.canBeJudged(request)
        if plan.wantsEvidence, route.labels == nil { plan.policy.prompt = GatePrompt.text(of: request) }
        let wantsClosed =
            policy.threshold != nil && Self.mayEscalate(tier, on: route) && Self.canBeJudged(request)
        guard wantsClosed, let name = route.closed, let closed = modelsByName[name],
            closed.unavailable != nil || closed.provider != nil, Self.isPortable(request, to: closed)
        else { return plan }
        if closed.unavailable == nil {
            plan.escalation = closed
            // The model that was too unsure is not asked again: its answer is there.
            plan.escalationFallbacks = self.fallbacks(closed.fallback, of: closed, for: request).filter {
                $0.binding.name != first.name
            }
            plan.policy.mayEscalate = true
        } else {
            plan.withheld = .unavailable
        }
        return plan
    }

    /// The model that is called first, and those that may follow it: the open one, or else the first of those that answer in
    /// its place, or else the closed one, to which what only it can answer goes at once.
    private func answering(
        _ request: GenerationRequest, on route: Route, tier: String
    ) throws(RequestError) -> (first: ModelBinding, fallbacks: [PlannedModel]) {
        let names = route.fallback ?? answering(route)?.fallback ?? []
        do throws(RequestError) {
            let asked = try available(route.open)
            let open = answering[route.name]?[route.open] ?? asked
            if let reason = open.unavailable {
                throw RequestError.unavailable(
                    what: open.name, reason: reason, retryAfterSeconds: Self.retryAfterSeconds)
            }
            if let refusal = open.refusal(of: request) { throw refusal }
            return (open, fallbacks(names, of: open, for: request))
        } catch {
            if let other = fallbacks(names, of: nil, for: request).first?.binding {
                return (other, fallbacks(names, of: other, for: request))
            }
            guard case .unsupported = error, route.escalateBelow != nil, Self.mayEscalate(tier, on: route),
                let closed = route.closed.flatMap({ modelsByName[$0] }), closed.unavailable == nil,
                closed.provider != nil, Self.isPortable(request, to: closed)
            else { throw error }
            return (closed, fallbacks(closed.fallback, of: closed, for: request))
        }
    }

    private static func mayEscalate(_ tier: String, on route: Route) -> Bool {
        route.tiers?.contains(tier) != false
    }

    /// Those that can be called for the request, beside the model itself.
    private func fallbacks(
        _ names: [String], of model: ModelBinding?, for request: GenerationRequest
    ) -> [PlannedModel] {
        names.compactMap { modelsByName[$0] }.filter {
            $0.name != model?.name && $0.unavailable == nil && $0.provider != nil && Self.isPortable(request, to: $0)
        }.map { PlannedModel(binding: $0, side: side(of: $0)) }
    }

    private func continuation(on route: Route, for request: GenerationRequest) -> PlannedContinuation? {
        switch route.continuation {
        case nil: nil
        case .sameModels: .sameModels
        case .model(let name): fallbacks([name], of: nil, for: request).first.map(PlannedContinuation.model)
        }
    }

    /// Which side of the bill a model's calls are on: a model that a route names as closed, or that savings are counted
    /// against, is closed.
    package func side(of model: ModelBinding) -> CallReceipt.Side {
        closedNames.contains(model.name) ? .closed : .open
    }

    private func route(named name: String) throws(RequestError) -> Route {
        if let route = routesByName[name] { return route }
        guard let model = modelsByName[name] else {
            throw .unknownModel(name: name, known: routes.map(\.name) + models.map(\.name))
        }
        var route = Route(name: name, open: name)
        route.cache = model.cache
        return route
    }

    private func available(_ name: String) throws(RequestError) -> ModelBinding {
        guard let model = modelsByName[name] else {
            throw .unknownModel(name: name, known: routes.map(\.name) + models.map(\.name))
        }
        if let reason = model.unavailable {
            throw .unavailable(what: name, reason: reason, retryAfterSeconds: Self.retryAfterSeconds)
        }
        return model
    }

    /// A model without its key stays so until the configuration changes; there is no use in asking often.
    private static let retryAfterSeconds = 60

    /// Completions, several choices, calls of functions and JSON are judged whole.
    private static func hold(of request: GenerationRequest, on route: Route) -> Hold {
        let isChat = request.prompts.allSatisfy { if case .messages = $0 { true } else { false } }
        let isOneText = isChat && request.prompts.count * request.choiceCount == 1
        return isOneText && request.toolUse == nil && request.responseFormat == nil ? route.hold : .all
    }

    /// Whether there will be an answer, and its log-probabilities do not cost those of the whole prompt: with `echo` a
    /// provider reports both or neither.
    private static func canBeJudged(_ request: GenerationRequest) -> Bool {
        request.maxTokens != 0 && (!request.echo || request.topLogProbabilities != nil)
    }

    /// Whether its answer is one text, which its client reads as a stream: who reads one body is answered anew instead, and
    /// half a call of a function is nothing to go on from.
    private static func canContinue(_ request: GenerationRequest) -> Bool {
        guard request.stream, request.prompts.count * request.choiceCount == 1, !request.echo,
            request.topLogProbabilities == nil, request.toolUse == nil
        else { return false }
        if case .tokens = request.prompts[0] { return false }
        return true
    }

    /// Whether another model could take the request: token ids are of one vocabulary only.
    private static func isPortable(_ request: GenerationRequest, to model: ModelBinding) -> Bool {
        request.sampling.logitBias.isEmpty && !request.echo && model.refusal(of: request) == nil
            && request.prompts.allSatisfy { if case .tokens = $0 { false } else { true } }
    }
}
