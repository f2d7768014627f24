import LapwingAPI

/// The calls of a request, as the courses of its answers decide on them.
extension RequestRun {
    /// The call whose text is the answer, or would have been.
    var keptCall: Int? {
        guard let side = commit.keptSide else { return nil }
        if let answering = courses[side]?.answering {
            return calls.lastIndex { $0.side == side && $0.call == answering }
        }
        return parts.last { calls[$0].side == side } ?? calls.lastIndex { $0.side == side }
    }

    /// What follows at the beginning, after a failure and after a pause.
    mutating func proceed(_ side: CallReceipt.Side) async -> End? {
        guard let models = models[side], !models.isEmpty else { return nil }
        var course = courses[side] ?? AnswerCourse(models, lastResort: plan.lastResort)
        let step = course.next(at: stopwatch.elapsed(), pools(models))
        courses[side] = course
        switch step {
        case .call(let call): return await begin(call, side, models[call.candidate])
        case .wait(let pause):
            after(pause, .due(side))
            return nil
        case .fail(let error): return await giveUp(side, error)
        }
    }

    mutating func hedge(_ call: AnswerCourse.Call, _ side: CallReceipt.Side) async -> End? {
        guard let models = models[side] else { return nil }
        let pools = pools(models)
        guard let second = courses[side]?.hedge(call, pools) else { return nil }
        return await begin(second, side, models[second.candidate])
    }

    mutating func advance(_ index: Int, _ event: CallEvent) async -> End? {
        let (side, call) = (calls[index].side, calls[index].call)
        for action in courses[side]?.receive(event, from: call.id) ?? [] {
            let end: End?
            switch action {
            case .pass(let event):
                notePart(index, call.manner)
                end = await perform(commit.receive(.event(event), from: side))
            case .stop(let id):
                for index in calls.indices where calls[index].side == side && calls[index].call.id == id { stop(index) }
                end = nil
            case .failed(let error):
                if commit.canRestart(side) {
                    restart(side)
                    end = await proceed(side)
                } else if courses[side]?.isGoingOn == true, parts.last != index {
                    // It added nothing; the next may.
                    end = await proceed(side)
                } else if goOn(side, after: error) {
                    end = await proceed(side)
                } else {
                    end = await giveUp(side, error)
                }
            }
            if let end { return end }
        }
        return nil
    }

    /// Whether the route lets another call go on with what was shown.
    private mutating func goOn(_ side: CallReceipt.Side, after error: RequestError) -> Bool {
        guard let continuation = plan.continuation, commit.keptSide == side, !shown.isEmpty else { return false }
        let models =
            switch continuation {
            case .sameModels: plan.models[side] ?? []
            case .model(let model): [model]
            }
        let asked = request.written(plan.route).continuing(shown, tokenCount: shownTokenCount)
        // Each is given what was shown, if its API can say so; where none takes that, each is asked to repeat it.
        let able = models.filter { $0.binding.refusal(of: asked) == nil }
        guard !models.isEmpty else { return false }
        self.models[side] = able + models
        courses[side]?.goOn(
            with: able.map { AnswerCourse.Candidate($0, .continuing) }
                + models.map { AnswerCourse.Candidate($0, .repeating) },
            after: error)
        return true
    }

    /// The call does not repeat what was shown.
    mutating func reject(_ index: Int) async -> End? {
        stop(index)
        courses[calls[index].side]?.reject(calls[index].call.id)
        return await proceed(calls[index].side)
    }

    private func pools(_ models: [PlannedModel]) -> AnswerCourse.Pools {
        AnswerCourse.Pools(models.map(\.binding), prompts: request.prompts, random: random)
    }

    private mutating func begin(
        _ call: AnswerCourse.Call, _ side: CallReceipt.Side, _ model: PlannedModel
    ) async -> End? {
        let lease = model.binding.pool?.lease(call.endpoint)
        if !calls.contains(where: { $0.meter.model.name == model.binding.name }) { lease?.pool.earnRetry() }
        do {
            try await expect(model.binding)
        } catch {
            // What cannot be written down is not called.
            lease?.end(.cancelled)
            return await giveUp(side, RequestError(error))
        }
        guard !Task.isCancelled else {
            lease?.end(.cancelled)
            return .cancelled
        }
        // An open model stands in: what is told is why.
        if side == .closed, model.side == .open, closedFailure == nil { closedFailure = courses[side]?.failure }
        commit.expect(model.binding.name, billedAs: model.side, on: side)
        let meter = record.meter(model.binding, side: model.side, at: lease?.provider)
        let isRead = call.manner == .anew && (onAnswer != nil || record.services.keepsTexts)
        let task = start(call, model.binding, side, lease, context: meter.metered(context))
        calls.append(
            RunningCall(
                call: call, side: side, meter: meter, task: task,
                repeated: call.manner == .anew ? nil : RepeatedAnswer(of: shown, mustRepeat: call.manner == .repeating),
                said: isRead ? AnswerText() : nil)
        )
        if let delay = model.binding.pool?.options.hedge { after(delay, .slow(call, side)) }
        return nil
    }

    /// Adds the call to what the ledger expects, unless a call to the model is expected that has cost nothing so far: one
    /// that failed for nothing is made good by the next without another write.
    private mutating func expect(_ model: ModelBinding) async throws {
        let before = calls.filter { $0.meter.model.name == model.name }
        let isCovered =
            expected.contains(model.name) && before.allSatisfy { $0.meter.failure != nil && !$0.meter.mayBeBilled }
        if !isCovered { try await record.expect(model) }
        expected.insert(model.name)
    }

    private func start(
        _ call: AnswerCourse.Call, _ model: ModelBinding, _ side: CallReceipt.Side, _ lease: PoolLease?,
        context: RequestContext
    ) -> Task<Void, Never> {
        let request = request(to: model, side, call.manner)
        let index = calls.count
        return Task { [mailbox] in
            var failure: RequestError? = .endedEarly(model: model.name)
            var (hasBegun, isWhole) = (false, false)
            do {
                let provider = try lease?.provider.chat ?? model.require(\.provider, for: .chat)
                for try await event in try await provider.generate(request, context: context) {
                    if !hasBegun, event.isContent {
                        hasBegun = true
                        lease?.gaveFirstToken()
                    }
                    if case .completed = event { isWhole = true }
                    mailbox.yield(.call(index, .event(event)))
                }
                if Task.isCancelled { failure = .cancelled }
            } catch {
                failure = RequestError(error)
            }
            // What goes wrong after the last event is nobody's matter.
            if isWhole { failure = nil }
            lease?.end(failure)
            mailbox.yield(.call(index, .ended(failure)))
        }
    }

    private func request(
        to model: ModelBinding, _ side: CallReceipt.Side, _ manner: AnswerCourse.Manner
    ) -> GenerationRequest {
        var request = request
        request.maxTokens = plan.maxTokens(request, on: model)
        if manner == .continuing { request = request.continuing(shown, tokenCount: shownTokenCount) }
        request.model = model.upstreamName
        // What stands in for a model of labels writes.
        if model.name != plan.route.open { request = request.written(plan.route) }
        if side == .open, plan.wantsEvidence, model.reportsLogProbabilities {
            // Evidence is of the answer: more of the prompt than was asked for would only be computed again.
            request.promptTopLogProbabilities = request.topLogProbabilities
            request.topLogProbabilities = max(request.topLogProbabilities ?? 0, Self.alternativesForEvidence)
        }
        return request
    }

    /// The best and the second: what the margin and the entropy of the first token need.
    private static let alternativesForEvidence = 2

    /// Ends the work behind a call; its meter stands still from here on.
    mutating func stop(_ index: Int) {
        calls[index].task.cancel()
        calls[index].meter.stop()
    }

    private mutating func after(_ time: Duration, _ input: Input) {
        timers.append(
            Task { [clock, mailbox] in
                do { try await clock.sleep(for: time) } catch { return }
                mailbox.yield(input)
            })
    }
}
