import LapwingAPI

extension Engine: ScoringProvider {
    package nonisolated func score(_ request: ScoringRequest, context: RequestContext) async throws -> ScoringResult {
        try check(request)
        let id = board.nextRequest()
        return try await withTaskCancellationHandler {
            try await start(request, id: id, onCompute: context.onCompute)
        } onCancel: { [board] in
            board.withdraw(id)
        }
    }

    package nonisolated func encode(_ prompt: Prompt, model: String) async throws -> [TokenID] {
        try encoder.encode(prompt, field: "messages")
    }

    private nonisolated func check(_ request: ScoringRequest) throws(RequestError) {
        if request.prompt.isEmpty {
            throw .invalid(field: "prompt", found: "no tokens", expected: "at least one token")
        }
        try checkCount(request.continuations.count, of: "continuations", field: "continuations")
        try encoder.check(request.prompt, field: "prompt")
        for (index, continuation) in request.continuations.enumerated() {
            try encoder.check(continuation, field: "continuations[\(index)]")
            guard request.prompt.count + continuation.count <= contextLength else {
                throw .contextOverflow(
                    promptTokens: request.prompt.count + continuation.count, maxTokens: nil,
                    contextLength: contextLength)
            }
        }
    }

    private func start(
        _ request: ScoringRequest, id: RequestID, onCompute: (@Sendable (Int64) -> Void)?
    ) async throws -> ScoringResult {
        try checkOpen()
        // A cancellation that came before this line found no job to end.
        if Task.isCancelled { throw RequestError.cancelled }
        var queued: [QueuedSequence] = []
        for (index, continuation) in request.continuations.enumerated() where !continuation.isEmpty {
            let tokens = request.prompt + continuation
            let goal = SequenceGoal(id: nextSequence(), request: id, generates: false, tokenLimit: tokens.count)
            scores[goal.id] = ContinuationScore(
                index: index, promptCount: request.prompt.count, continuationCount: continuation.count,
                countsPrompt: queued.isEmpty)
            queued.append(QueuedSequence(goal: goal, tokens: tokens, scoredFrom: request.prompt.count - 1))
        }
        let sequences = queued.map(\.goal.id)
        do { try admit(queued) } catch {
            for sequence in sequences { scores[sequence] = nil }
            throw error
        }
        let promptTokens = request.prompt.count + request.continuations.reduce(0) { $0 + $1.count }
        return try await withCheckedThrowingContinuation { continuation in
            let none = ScoringResult.Continuation(logProbabilities: [], isGreedy: true)
            let job = Job(
                sequences: sequences, promptTokens: promptTokens,
                reply: .scores(continuation, Array(repeating: none, count: request.continuations.count)),
                onCompute: onCompute)
            guard !sequences.isEmpty else { return job.complete(model: name) }
            jobs[id] = job
            wake()
        }
    }
}
