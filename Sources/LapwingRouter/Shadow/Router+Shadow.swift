import LapwingAPI
import LapwingStore

/// The text of a call that nobody reads but us.
struct WholeAnswer: SingleCallResult {
    var text: String?
    var usage: Usage
    var receipt: Receipt?
}

extension Router {
    /// Returns once every answer that was to be compared has been.
    package func settleShadows() async { await shadows.settle() }

    /// What is done with an answer once its client has it; nil where nothing is to be learnt from the request.
    func comparing(_ request: GenerationRequest, _ plan: RequestPlan) -> (@Sendable (FinishedAnswer) -> Void)? {
        guard services.evidence != nil, plan.policy.first == .open, Self.isOneText(request),
            plan.route.shadow != nil || plan.escalation != nil
        else { return nil }
        return { [self] in compare($0) }
    }

    private static func isOneText(_ request: GenerationRequest) -> Bool {
        guard request.prompts.count * request.choiceCount == 1, request.toolUse == nil, !request.echo else {
            return false
        }
        if case .tokens = request.prompts[0] { return false }
        return true
    }

    private func compare(_ answer: FinishedAnswer) {
        let shadow = answer.route.shadow
        let isDrawn = shadow.map { Draw.isWithin($0.share, answer.context.requestID, for: "shadow") } ?? false
        switch Comparison(answer, isDrawn: isDrawn) {
        case .nothing: return
        case .compare(let open, let closed):
            if let agrees = Agreement.between(open, closed) {
                keep(agrees, .shadow, of: answer)
                count(agrees ? .agreed : .differed, answer)
            } else if isDrawn, let shadow, let judge = shadow.judge {
                queue(answer) { await $0.judge(answer, by: judge, open: open, closed: closed, share: shadow.share) }
            }
        case .ask(let open):
            guard let shadow, let model = callable(shadow.model, for: answer) else { return }
            queue(answer) { await $0.ask(model, answer, open: open, shadow) }
        }
    }

    private func queue(_ answer: FinishedAnswer, _ job: @escaping @Sendable (Router) async -> Void) {
        if !shadows.add({ [self] in await job(self) }) { count(.dropped, answer) }
    }

    /// nil too where the route has spent what it may today, and the model's calls are among what counts.
    private func callable(_ name: String, for answer: FinishedAnswer) -> ModelBinding? {
        guard let model = table.model(name), model.unavailable == nil, model.provider != nil,
            model.refusal(of: answer.request.written(answer.route)) == nil, answer.request.sampling.logitBias.isEmpty,
            answer.route.dailySpendLimit == nil || table.side(of: model) == .open
                || !hasSpentItsLimit(answer.route) && canBeLimited(model)
        else { return nil }
        return model
    }

    private func ask(_ model: ModelBinding, _ answer: FinishedAnswer, open: String, _ shadow: ShadowOptions) async {
        guard
            let reply = await work(
                "shadow", of: answer, on: model,
                answer.request.written(answer.route))
        else {
            return count(.failed, answer)
        }
        guard let other = reply.text else { return count(.unknown, answer) }
        if let agrees = Agreement.between(open, other) {
            keep(agrees, .shadow, of: answer, share: shadow.share)
            count(agrees ? .agreed : .differed, answer)
        } else if let name = shadow.judge {
            await judge(answer, by: name, open: open, closed: other, share: shadow.share)
        } else {
            count(.unknown, answer)
        }
    }

    private func judge(
        _ answer: FinishedAnswer, by name: String, open: String, closed: String, share: Double
    ) async {
        guard let question = JudgeQuestion(answer.request.prompts, open: open, closed: closed),
            let model = callable(name, for: answer)
        else { return count(.unknown, answer) }
        var preferences: [JudgeQuestion.Preference?] = []
        for (number, order) in JudgeQuestion.Order.allCases.enumerated() {
            let reply = await work(
                "judge", number: number + 1, of: answer, on: model, question.request(order, model: name))
            preferences.append(reply?.text.flatMap { JudgeQuestion.preference(in: $0, order) })
        }
        guard let isAsGood = JudgeQuestion.verdict(preferences[0], preferences[1]) else {
            return count(.unknown, answer)
        }
        keep(isAsGood, .judge, of: answer, share: share)
        count(isAsGood ? .agreed : .differed, answer)
    }

    /// One call, with an entry of its own under the answer's request. nil where it failed.
    private func work(
        _ kind: String, number: Int? = nil, of answer: FinishedAnswer, on model: ModelBinding,
        _ request: GenerationRequest
    ) async -> WholeAnswer? {
        var request = request
        request.model = model.upstreamName
        request.stream = false
        (request.topLogProbabilities, request.promptTopLogProbabilities) = (nil, nil)
        var context = answer.context
        context.requestID += ".\(kind)" + (number.map { "-\($0)" } ?? "")
        (context.onEnd, context.onCompute) = (nil, nil)
        var call = SingleCall(
            endpoint: "chat.completions", route: answer.route, model: model, prompts: request.prompts, context: context)
        call.work = LaterWork(kind: kind, parent: answer.context.requestID)
        return try? await perform(call) { [request] endpoint, context in
            let provider = try endpoint?.chat ?? model.require(\.provider, for: .chat)
            var (said, usage) = (AnswerText(), nil as Usage?)
            for try await event in try await provider.generate(request, context: context) {
                said.add(event)
                if case .completed(_, let used, _) = event { usage = used }
            }
            guard let usage else { throw RequestError.endedEarly(model: model.name) }
            return WholeAnswer(text: said.whole, usage: usage)
        }
    }

    private func keep(_ right: Bool, _ source: AnswerOutcome.Source, of answer: FinishedAnswer, share: Double = 1) {
        var outcome = AnswerOutcome(
            requestID: answer.context.requestID, source: source, right: right, at: services.time.milliseconds())
        outcome.side = .open
        outcome.weight = 1 / share
        services.evidence?.addOutcome(outcome) { [self] isFirst in
            note(
                OutcomeNews(
                    route: answer.route.name, source: source, side: .open, right: right,
                    probability: answer.confidence?.probability, calibrator: answer.confidence?.calibrator,
                    isFirst: isFirst))
        }
    }

    private func count(_ result: ShadowResult, _ answer: FinishedAnswer) {
        services.metrics?.recordShadow(answer.route.name, result)
    }
}

/// What came of comparing an answer, as it is counted.
package enum ShadowResult: String, Sendable {
    case agreed, differed
    /// Nobody could tell.
    case unknown
    case failed
    /// There was no room in the queue.
    case dropped
}
