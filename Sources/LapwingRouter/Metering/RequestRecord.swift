import LapwingAPI
import LapwingStore

/// The ledger's side of one request: admitted once, entered once, and priced at the end.
struct RequestRecord: Sendable {
    /// What the router's requests have in common.
    struct Services: Sendable {
        let ledger: Ledger
        let pricing: Pricing
        let machineTime: MachineTime
        let time: RouterTime
        /// The model that savings are counted against where a route has no closed one; it need not be configured.
        let counterfactual: String?
        let table: RouteTable
        /// nil where there are no keys to account to.
        var accounts: Accounts?
        let metrics: RouterMetrics?
        let spending: RouteSpending
        /// nil where judged answers are not remembered.
        var evidence: EvidenceStore?
        let keepsTexts: Bool
    }

    /// How a request ended.
    struct Outcome: Sendable {
        var status: LedgerEntry.Status
        var decision: Decision?
        var confidence: Confidence?
        var escalation: String?
        var calls: [(meter: CallMeter, role: CallReceipt.Role)]
        var error: RequestError?
        /// What the open answer was judged by, and the model that gave it.
        var evidence: Evidence?
        var judgedModel: String?
        /// The kept answer's, where texts are kept.
        var text: String?
    }

    /// What is entered should the process die: the request, and the calls that were about to be made.
    private var intent: LedgerIntent
    private let route: Route
    let prompts: [Prompt]
    /// As a closed model would have been asked, which on a route with labels is told what to choose from.
    var closedPrompts: [Prompt]
    private let threshold: Double?
    /// Whether a closed model could have done the same, as it cannot score.
    private let countsSavings: Bool
    private let demand: Demand
    /// What is held of the key from the first call on until the entry is written.
    private var hold: Accounts.Hold?
    let services: Services
    private let onEnd: (@Sendable (RequestSummary) -> Void)?
    private let stopwatch: Stopwatch
    let estimatedPromptTokens: Int
    /// Most tokens of the answer, as far as the request says.
    private let tokenLimit: Int
    /// When the first of the answer went out.
    private var firstContent: Duration?
    /// Which model a trial gave it to; nil where there is none.
    var canary: CanaryDraw?
    /// What the route's cache did; nil where it has none.
    var cache: CacheResult?

    init(
        endpoint: String, route: Route, first: ModelBinding, prompts: [Prompt], estimatedPromptTokens: Int? = nil,
        tokenLimit: Int = 0, threshold: Double?, stream: Bool, countsSavings: Bool = true, demand: Demand,
        context: RequestContext,
        services: Services, work: LaterWork? = nil
    ) {
        intent = LedgerIntent(
            LedgerRequest(
                context, startedAt: services.time.milliseconds(), endpoint: endpoint, route: route.name,
                model: first.name, stream: stream), work: work)
        self.route = route
        self.prompts = prompts
        closedPrompts = prompts
        self.tokenLimit = tokenLimit
        self.threshold = threshold.map { min($0, 1) }
        self.countsSavings = countsSavings
        self.demand = demand
        self.services = services
        onEnd = context.onEnd
        stopwatch = Stopwatch(services.time.clock)
        self.estimatedPromptTokens = estimatedPromptTokens ?? PromptSize.estimatedTokens(of: prompts)
    }

    /// Records that `model` is about to be called: a request that is lost is entered with this call and those before it.
    /// Throws `RequestError` where the ledger cannot be written, and before the first where the key has not enough.
    mutating func expect(_ model: ModelBinding) async throws {
        let isFirst = intent.calls.isEmpty
        if isFirst {
            hold = try services.accounts?.hold(demand, of: intent.keyID, at: intent.startedAt, services)
            intent.reserved = hold?.amount
        }
        intent.calls.append(expectedCall(to: model))
        do {
            if isFirst {
                try await services.ledger.admit(intent)
            } else {
                try await services.ledger.amend(intent)
            }
        } catch {
            if isFirst, let hold { services.accounts?.settle(hold, tokens: 0, cost: .zero) }
            throw RequestError(ledger: error)
        }
    }

    /// What a call comes to of which nothing more is heard: all that it may write is taken as written.
    private func expectedCall(to model: ModelBinding) -> CallReceipt {
        let machineTime =
            model.location == .local
            ? services.machineTime.estimate(tokens: estimatedPromptTokens + tokenLimit, of: model.name) : nil
        let usage = Usage(
            promptTokens: estimatedPromptTokens, completionTokens: tokenLimit, computeNanoseconds: machineTime,
            isEstimated: true)
        let cost = services.pricing.cost(of: usage, on: model, day: services.time.day)
        return CallReceipt(
            model: model.name, side: services.table.side(of: model), role: .failed, usage: usage, cost: cost.amount,
            priceSource: cost.source, latencyMilliseconds: 0, failure: "lost")
    }

    mutating func noteContent() { if firstContent == nil { firstContent = stopwatch.elapsed() } }

    func meter(_ model: ModelBinding, side: CallReceipt.Side, at endpoint: PoolEndpoint?) -> CallMeter {
        CallMeter(
            model: model, side: side, estimatedPromptTokens: estimatedPromptTokens, endpoint: endpoint?.name,
            beganAt: stopwatch.elapsed(),
            clock: services.time.clock)
    }

    /// Prices the calls and enters the request; once this returns it is on the disk. Throws `RequestError`.
    func enter(_ outcome: Outcome) async throws -> Receipt {
        let day = services.time.day
        let calls = outcome.calls.map { call in
            if let usage = call.meter.reportedUsage {
                services.machineTime.record(usage, of: call.meter.model.name)
            }
            return call.meter.receipt(as: call.role, pricing: services.pricing, day: day)
        }
        // Half an answer is no answer that another model would have given for the same money.
        let counterfactual = outcome.status == .completed ? await counterfactual(outcome.calls, day: day) : nil
        var entry = LedgerEntry(
            intent.request, status: outcome.status, endedAt: services.time.milliseconds(), decision: outcome.decision,
            confidence: outcome.confidence, threshold: threshold, calls: calls, counterfactual: counterfactual,
            latencyMilliseconds: stopwatch.elapsed().milliseconds)
        entry.note(intent.work)
        entry.escalation = outcome.escalation
        entry.errorCode = outcome.error?.ledgerCode
        entry.firstTokenMilliseconds = firstContent?.milliseconds
        entry.reserved = intent.reserved
        // What is not in the ledger stays reserved; recovery counts it as lost.
        try await complete(entry)
        settle(calls)
        let closed = calls.filter { $0.side == .closed }.reduce(NanoUSD.zero) { $0 + ($1.cost ?? .zero) }
        if closed > .zero { services.spending.add(closed, to: route.name, at: intent.startedAt) }
        tell(of: entry, outcome.calls.map(\.meter.time))
        remember(entry, outcome)
        return receipt(of: entry)
    }

    private func complete(_ entry: LedgerEntry) async throws {
        let start = stopwatch.elapsed()
        do { try await services.ledger.complete(entry) } catch { throw RequestError(ledger: error) }
        services.metrics?.recordCommit(stopwatch.elapsed() - start)
    }

    /// Those who watch and keep nothing.
    private func tell(of entry: LedgerEntry, _ times: [CallTime]) {
        if entry.parent != nil {
            services.metrics?.recordCalls(entry, times: times)
            return
        }
        let result = entry.cached.map(CacheResult.hit) ?? cache
        services.metrics?.record(
            entry, cache: result, duration: stopwatch.elapsed(), firstToken: firstContent, times: times)
        guard let onEnd else { return }
        var summary = RequestSummary(status: entry.status.rawValue, route: entry.route, model: entry.answeringModel)
        summary.decision = entry.decision
        summary.cache = result
        summary.callCount = entry.calls.count
        for call in entry.calls {
            summary.promptTokens += call.usage.promptTokens
            summary.completionTokens += call.usage.completionTokens
            if let cost = call.cost { summary.cost += cost } else { summary.unpricedCalls += 1 }
        }
        summary.firstToken = firstContent
        summary.upstream = CallTime.busy(times)
        onEnd(summary)
    }

    private func receipt(of entry: LedgerEntry) -> Receipt {
        var receipt = Receipt(
            requestID: entry.requestID, route: route.name, model: entry.answeringModel,
            decision: entry.decision ?? .open, confidence: entry.confidence, escalation: entry.escalation,
            calls: entry.calls, counterfactual: entry.counterfactual)
        receipt.cache = entry.cached.map(CacheResult.hit) ?? cache
        return receipt
    }

    /// Enters a request that a kept answer answers: no intent was written, as nothing is lost where it dies before this.
    func enter(_ answer: KeptAnswer) async throws -> Receipt {
        var request = intent.request
        request.model = answer.model
        var entry = LedgerEntry(
            request, status: .completed, endedAt: services.time.milliseconds(), decision: answer.decision,
            confidence: answer.confidence, threshold: threshold, calls: [], counterfactual: answer.counterfactual,
            latencyMilliseconds: stopwatch.elapsed().milliseconds)
        entry.firstTokenMilliseconds = firstContent?.milliseconds
        entry.cached = answer.origin
        try await complete(entry)
        tell(of: entry, [])
        remember(entry, nil)
        return receipt(of: entry)
    }

    func commitment(of answer: KeptAnswer) -> Commitment {
        var commitment = Commitment(
            route: route.name, model: answer.model, decision: answer.decision, confidence: answer.confidence)
        commitment.cache = .hit(answer.origin)
        return commitment
    }

    /// The event, with what the cache did on a commitment.
    func marked(_ event: GenerationEvent) -> GenerationEvent {
        guard let cache, case .committed(var commitment) = event else { return event }
        commitment.cache = cache
        return .committed(commitment)
    }

    /// The budget pays for every call; the limit of tokens counts the longest, as the client knows of one.
    private func settle(_ calls: [CallReceipt]) {
        guard let hold else { return }
        let tokens = calls.map { $0.usage.promptTokens.addingReportingOverflow($0.usage.completionTokens).partialValue }
        let cost = calls.reduce(NanoUSD.zero) { $0 + ($1.cost ?? .zero) }
        // A cost that no number holds is no gift.
        let isKnown = calls.allSatisfy { $0.cost != nil }
        services.accounts?.settle(
            hold, tokens: max(0, tokens.max() ?? 0), cost: isKnown ? cost : max(cost, hold.amount ?? .zero))
    }

    /// nil where no answer was kept, or the closed model has no price.
    private func counterfactual(
        _ calls: [(meter: CallMeter, role: CallReceipt.Role)], day: String
    ) async -> Counterfactual? {
        guard countsSavings, let kept = calls.first(where: { $0.role == .kept && $0.meter.failure == nil })?.meter,
            // Nothing was spared where a closed model answered.
            let name = kept.side == .closed ? kept.model.name : route.closed ?? services.counterfactual
        else { return nil }
        let bound = services.table.model(name)
        guard
            let price = bound.map({ services.pricing.price(of: $0, day: day) })
                ?? services.pricing.prices.price(of: name, on: day)
        else { return nil }
        let estimate = CounterfactualEstimate(model: name, price: price)
        var usage = kept.usage
        // Of an answer in parts the first part's prompt is the request's.
        let parts = calls.filter { $0.role == .continued }.map(\.meter.usage)
        if let first = parts.first { usage.promptTokens = first.promptTokens }
        usage.completionTokens += parts.reduce(0) { $0 + $1.completionTokens }
        if kept.model.name == name { return estimate.known(from: usage) }
        usage.promptTokens = await CounterfactualEstimate.promptTokens(
            of: closedPrompts, usage: usage, model: kept.model)
        return estimate.scaled(from: usage)
    }
}
