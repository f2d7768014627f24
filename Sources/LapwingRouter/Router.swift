import LapwingAPI
import LapwingStore
import Logging

/// Chooses the model for a request, judges its answer, escalates where the route says so, and meters every call.
///
/// Its streams begin with `committed` and end with `completed`, which comes only once the entry is on the disk. Dropping a
/// stream cancels its calls and enters what they came to.
package final class Router: Sendable {
    let table: RouteTable
    let services: RequestRecord.Services
    package let running: RunningRequests
    /// By the names of the routes and models that keep answers.
    package let caches: [String: RouteCache]
    let shadows: ShadowQueue
    /// nil where nothing is remembered.
    let canaries: CanaryWatch?
    private let confidence: any ConfidenceModel
    private let gate: (any PromptGate)?
    let random: @Sendable () -> Double
    let logger: Logger
    /// Told of outcomes.
    package let drift: DriftWatch

    /// `earlier` is the router in whose place this one comes: its requests are this one's to end, and what it has learnt of
    /// the machine and the answers that it keeps go on.
    package init(
        configuration: RouterConfiguration, ledger: Ledger, prices: PriceBook, accounts: Accounts? = nil,
        time: RouterTime = .system, after earlier: Router? = nil
    ) throws(RouterError) {
        running = earlier?.running ?? RunningRequests()
        table = try RouteTable(
            routes: configuration.routes, models: configuration.models, counterfactual: configuration.counterfactual)
        services = RequestRecord.Services(
            ledger: ledger, pricing: Pricing(machineRate: configuration.machineRate, prices: prices),
            // Only estimates hang on it; without it the next call teaches.
            machineTime: earlier?.services.machineTime
                ?? MachineTime((try? ledger.reader.recentMachineTime()) ?? [:]), time: time,
            counterfactual: configuration.counterfactual, table: table, accounts: accounts,
            metrics: configuration.metrics, spending: earlier?.services.spending ?? Self.spendingToday(ledger, time),
            evidence: configuration.evidence,
            keepsTexts: configuration.evidence != nil && configuration.keepsTexts)
        caches = Dictionary(
            uniqueKeysWithValues: table.cacheOptions.map { name, options in
                let kept = earlier?.caches[name].flatMap { $0.options == options ? $0 : nil }
                return (name, kept ?? RouteCache(options, clock: time.clock))
            })
        shadows = earlier?.shadows ?? ShadowQueue(running)
        canaries = configuration.evidence.map {
            CanaryWatch(
                configuration.routes, store: $0, logger: configuration.logger, metrics: configuration.metrics,
                milliseconds: time.milliseconds)
        }
        confidence = configuration.confidence
        gate = configuration.gate
        random = configuration.random
        logger = configuration.logger
        drift = DriftWatch(table.routes, after: earlier?.drift, logger: logger)
    }

    /// A ledger that cannot be read now will not be written to either, so that nothing is spent.
    private static func spendingToday(_ ledger: Ledger, _ time: RouterTime) -> RouteSpending {
        let now = time.milliseconds()
        let spent = try? ledger.reader.closedSpending(since: BudgetWindow(.day, at: now).start)
        return RouteSpending(spent ?? [:], at: now)
    }

    /// What the route's spending and the watch over its calibration say of the request.
    private func weigh(_ plan: inout RequestPlan) {
        if drift.hasFired(plan.route.name) { plan.escalateAll() }
        guard plan.route.dailySpendLimit != nil else { return }
        plan.escalationFallbacks.removeAll { !canBeLimited($0.binding) }
        if hasSpentItsLimit(plan.route) || plan.escalation.map({ !canBeLimited($0) }) == true { plan.stopEscalating() }
    }

    /// What a model elsewhere costs whose price nobody knows no limit can hold.
    func canBeLimited(_ model: ModelBinding) -> Bool {
        model.location == .local || services.pricing.price(of: model, day: services.time.day) != nil
    }

    func hasSpentItsLimit(_ route: Route) -> Bool {
        guard let limit = route.dailySpendLimit else { return false }
        return services.spending.spent(by: route.name, at: services.time.milliseconds()) >= limit
    }

    /// The plan, with the candidate in the open model's place where one is on trial and the draw says so. What the candidate
    /// cannot answer is no part of the trial, whichever arm it was drawn for.
    private func plan(
        _ request: GenerationRequest, _ context: RequestContext
    ) throws -> (plan: RequestPlan, canary: CanaryDraw?) {
        let plan = { [table] candidate in
            try table.plan(for: request, tier: context.tier, candidate: candidate)
        }
        guard let canary = canaries?.draw(context, route: request.model),
            let trial = try? plan(canary.candidate), trial.first.name == canary.candidate
        else { return (try plan(nil), nil) }
        return (canary.draw.arm == .candidate ? trial : try plan(nil), canary.draw)
    }

    /// Takes no more requests and returns once all that were taken are in the ledger.
    package func drain() async { await running.drain() }

    /// Cuts off all that is in progress, as if every client had gone; `drain` then returns soon.
    package func cancelAll() { running.cancelAll() }
}

extension Router: ChatProvider {
    /// Throws what can be said at once: an unknown or unavailable model. What the ledger and the models have to say, the
    /// stream throws.
    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        var request = request
        var (plan, canary) = try plan(request, context)
        weigh(&plan)
        if plan.escalation != nil, let gate,
            let finding = await gate.finding(for: request, route: plan.route, context: context), finding.side == .closed
        {
            plan = plan.sentToClosed(by: finding)
        }
        try plan.limitLength(&request, needsBound: services.accounts?.needsBound(context) ?? false)
        let found = lookUp(request, plan, context)
        // The longest that any of the models may be sent.
        let longest = request.written(plan.route)
        var record = RequestRecord(
            endpoint: request.endpoint, route: plan.route, first: plan.first, prompts: request.prompts,
            estimatedPromptTokens: PromptSize.billableTokens(of: longest), tokenLimit: request.tokenLimit(plan),
            threshold: plan.policy.threshold, stream: request.stream,
            demand: Demand(longest, plan: plan), context: context, services: services)
        record.closedPrompts = longest.prompts
        record.canary = canary
        if let found {
            if let answer = found.answer { return try replay(answer, record: record) }
            record.cache = context.cache == .allowed ? .miss : .bypass
        }
        let judge = ModelJudge(
            confidence, calibrator: plan.route.calibrator, segment: Segment(context), promises: plan.route.isPromised)
        let (stream, output) = GenerationStream.makeStream()
        let onAnswer = comparing(request, plan)
        let task = try running.start {
            [self, judge, logger, plan, request, record, random, running, clock = services.time.clock, onAnswer] in
            var run = RequestRun(
                request, context: context, plan: plan, record: record, confidence: judge, output: output,
                logger: logger, clock: clock, random: random, reasonOfEnd: { running.reasonOfEnd })
            run.keepAnswer(at: found?.place)
            run.onAnswer = onAnswer
            run.findVector = { [plan, request] in await self.promptVector(of: request, plan, context) }
            await run.run()
        }
        output.onTermination = { if case .cancelled = $0 { task.cancel() } }
        return stream
    }
}

extension GenerationRequest {
    /// Far beyond any answer, so that what a client asks for cannot pass Int.
    private static var mostTokens: Int { 1 << 20 }

    /// Most tokens of all answers together; 0 where the request does not say.
    fileprivate func tokenLimit(_ plan: RequestPlan) -> Int {
        min(max(maxTokens ?? plan.assumedMaxTokens ?? 0, 0), Self.mostTokens)
            * min(prompts.count * choiceCount, Self.mostTokens)
    }

    /// The endpoint's name in the ledger.
    fileprivate var endpoint: String {
        prompts.allSatisfy { if case .messages = $0 { true } else { false } } ? "chat.completions" : "completions"
    }
}
