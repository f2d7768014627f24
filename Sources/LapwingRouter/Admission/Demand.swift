import LapwingAPI

/// The most that a request may take: what its key must have before anything is called.
struct Demand: Sendable {
    /// One call that may be made.
    struct Call: Sendable {
        var model: ModelBinding
        var promptTokens: Int
        var completionTokens: Int
        /// How often it may be made.
        var times: Int
    }

    /// Tokens that count against the limit a minute: those that the prompt is likely to have, and all that the model that
    /// may write most may write.
    var tokens: Int
    var calls: [Call]
}

extension Demand {
    /// Of a chat or completion: every model that may answer, escalate or go on with an answer that broke off.
    init(_ request: GenerationRequest, plan: RequestPlan) {
        let answers = Self.product(request.prompts.count, request.choiceCount)
        let prompt = PromptSize.mostTokens(of: request)
        calls = plan.callable.map { model in
            let written = Self.product(plan.mostTokens(request, on: model), answers)
            // Who goes on with an answer reads what was written of it, as one more message.
            let shown = Self.sum(written, PromptSize.mostTokens(of: ChatMessage(role: "assistant", content: "")))
            return Call(
                model: model, promptTokens: plan.continuation == nil ? prompt : Self.sum(prompt, shown),
                completionTokens: written,
                // It may be asked to go on, or to repeat what was shown, after each part that broke off.
                times: plan.continuation == nil ? max(1, model.mostAttempts) : AnswerCourse.mostCalls)
        }
        let read = PromptSize.estimatedTokens(of: request)
        tokens =
            plan.callable.map { model in
                // Nothing but its context ends the answer of a model here, and the prompt is in the context too.
                if plan.maxTokens(request, on: model) == nil, let context = model.contextLength {
                    return Self.product(context, answers)
                }
                return Self.sum(read, Self.product(plan.mostTokens(request, on: model), answers))
            }.max() ?? read
    }

    /// Of a call that writes nothing.
    init(reading prompts: [Prompt], mostTokens: Int? = nil, model: ModelBinding) {
        tokens = PromptSize.estimatedTokens(of: prompts)
        calls = [
            Call(
                model: model, promptTokens: mostTokens ?? PromptSize.mostTokens(of: prompts), completionTokens: 0,
                times: max(1, model.mostAttempts))
        ]
    }

    /// The most that all its calls may cost, each as often as it may be made. Throws `permissionDenied` where a model
    /// has no price.
    func cost(_ services: RequestRecord.Services) throws(RequestError) -> NanoUSD {
        let day = services.time.day
        var total = NanoUSD.zero
        for call in calls {
            guard let amount = services.bound(of: call, day: day) else {
                throw .permissionDenied(
                    reason: "the key has a budget, and the model '\(call.model.name)' has no price to count it by")
            }
            total += NanoUSD(Int64(Self.product(Int(amount.rawValue), call.times)))
        }
        return total
    }

    private static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? .max : product
    }

    private static func sum(_ a: Int, _ b: Int) -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}

extension RequestRecord.Services {
    /// The most that one call may cost; nil where its model has no price.
    fileprivate func bound(of call: Demand.Call, day: String) -> NanoUSD? {
        switch call.model.location {
        case .local:
            let (tokens, overflow) = call.promptTokens.addingReportingOverflow(call.completionTokens)
            let time = machineTime.bound(tokens: overflow ? .max : tokens, of: call.model.name)
            return pricing.machineCost(time) ?? NanoUSD(.max)
        case .remote:
            guard var price = pricing.price(of: call.model, day: day) else { return nil }
            // Where a cache is dearer than reading afresh, all may come from it.
            price.inputPerMillion = max(price.inputPerMillion, price.cachedInputPerMillion ?? .zero)
            let usage = Usage(promptTokens: call.promptTokens, completionTokens: call.completionTokens)
            return price.cost(of: usage) ?? NanoUSD(.max)
        }
    }
}
