import LapwingAPI
import LapwingText

extension Engine: ChatProvider {
    package nonisolated func generate(
        _ request: GenerationRequest, context: RequestContext
    ) async throws -> GenerationStream {
        try checkCount(request.prompts.count, of: "prompts", field: "prompt")
        try checkCount(request.choiceCount, of: "answers", field: "n")
        try checkCount(request.prompts.count * request.choiceCount, of: "answers", field: "n")
        return try await start(CheckedRequest(request, encoder: encoder), onCompute: context.onCompute)
    }

    /// Refuses more sequences in one request than the queue ever takes, before anything is made for them.
    nonisolated func checkCount(_ count: Int, of what: String, field: String) throws(RequestError) {
        let limit = options.queueLimit + options.maxRunning
        guard count <= limit else {
            throw .invalid(field: field, found: "\(count) \(what)", expected: "at most \(limit) in one request")
        }
    }

    /// Queues a request's sequences and gives the stream of its events.
    ///
    /// The stream's buffer has no limit of its own: an answer is bounded by its context, and a reader that stops reading
    /// must not stop the sequences beside it.
    private func start(
        _ checked: CheckedRequest, onCompute: (@Sendable (Int64) -> Void)?
    ) throws(RequestError) -> GenerationStream {
        try checkOpen()
        let id = board.nextRequest()
        let request = checked.request
        let start = request.cachePrompt ? Chain.shared : scheduler.makePrivateChain()
        var answers: [(id: SequenceID, answer: Answer)] = []
        var queued: [QueuedSequence] = []
        for (promptIndex, prompt) in checked.prompts.enumerated() {
            let seed = request.sampling.seed ?? options.freshSeed()
            for choice in 0..<request.choiceCount {
                let sequence = nextSequence()
                let index = promptIndex * request.choiceCount + choice
                let answer = Answer(terms(of: prompt, request, index: index, seed: seed))
                answers.append((sequence, answer))
                if !answer.isDone {
                    queued.append(answer.sequence(sequence, of: id, start: start, keepsPages: request.cachePrompt))
                }
            }
        }
        try admit(queued)
        let (stream, continuation) = GenerationStream.makeStream()
        continuation.onTermination = { [board] reason in
            if case .cancelled = reason { board.withdraw(id) }
        }
        var job = Job(
            sequences: queued.map(\.goal.id), promptTokens: checked.prompts.reduce(0) { $0 + $1.tokens.count },
            reply: .stream(continuation), onCompute: onCompute)
        begin(&job, id, answers)
        return stream
    }

    private func terms(
        of prompt: CheckedRequest.Prompt, _ request: GenerationRequest, index: Int, seed: UInt64
    ) -> Answer.Terms {
        let choice = index % request.choiceCount
        var sampling = request.sampling
        // As llama-server does it: end tokens cannot be drawn, so that the text goes on without one inside.
        if request.ignoreEOS {
            for token in encoder.tokenizer.endOfGenerationTokens { sampling.logitBias[token] = -.infinity }
        }
        return Answer.Terms(
            choice: index, prompt: prompt.tokens,
            sampler: Sampler(sampling, seed: seed, choice: choice), maxTokens: prompt.maxTokens,
            stop: request.stop, endTokens: request.ignoreEOS ? [] : encoder.tokenizer.endOfGenerationTokens,
            report: TokenReport(tokenizer: encoder.tokenizer, topCount: request.topLogProbabilities),
            promptReport: TokenReport(
                tokenizer: encoder.tokenizer,
                topCount: request.promptTopLogProbabilities ?? request.topLogProbabilities),
            echoes: request.echo, countsPrompt: choice == 0)
    }

    /// Sends what can be said before the first step, and completes a request that needs none.
    private func begin(_ job: inout Job, _ id: RequestID, _ answers: [(id: SequenceID, answer: Answer)]) {
        for (sequence, answer) in answers {
            var answer = answer
            if answer.isDone { answer.finishWithoutDrawing() }
            job.send(answer.takeEvents())
            if !answer.isDone { self.answers[sequence] = answer }
        }
        guard job.openCount > 0 else { return job.complete(model: name) }
        jobs[id] = job
        wake()
    }

    func admit(_ sequences: [QueuedSequence]) throws(RequestError) {
        switch scheduler.admit(sequences) {
        case .queued: return
        case .refused(.queueFull):
            throw .overloaded(what: "The queue of '\(name)'", retryAfterSeconds: 1)
        case .refused(.tooLong(let tokens, let limit)):
            throw .contextOverflow(promptTokens: tokens, maxTokens: nil, contextLength: limit)
        }
    }
}
