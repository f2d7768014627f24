import LapwingAPI

/// When the tokens of one answer came.
struct TimedAnswer: Sendable {
    /// From the request on.
    private(set) var firstToken = Duration.zero
    private(set) var lastToken = Duration.zero
    private(set) var usage = Usage(promptTokens: 0, completionTokens: 0, isEstimated: true)

    /// Asks, and reads to the end. The first token is the first event of the answer: a token without text sends none
    /// before its end.
    init(to request: GenerationRequest, of provider: any ChatProvider, clock: any Clock<Duration>) async throws {
        let watch = Stopwatch(clock)
        var hasBegun = false
        for try await event in try await provider.generate(request, context: RequestContext(requestID: "bench")) {
            switch event {
            case .delta, .reasoning, .toolCall:
                lastToken = watch.elapsed()
                if !hasBegun { firstToken = lastToken }
                hasBegun = true
            case .finished where !hasBegun: (firstToken, lastToken) = (watch.elapsed(), watch.elapsed())
            case .completed(_, let usage, _): self.usage = usage
            case .committed, .prompt, .checked, .finished: break
            }
        }
        // A stream that is cancelled just ends.
        try Task.checkCancellation()
    }

    var firstTokenSeconds: Double { firstToken / .seconds(1) }

    /// Tokens a second after the first one; nil where only one came.
    var decodeRate: Double? {
        let seconds = (lastToken - firstToken) / .seconds(1)
        return usage.completionTokens > 1 && seconds > 0 ? Double(usage.completionTokens - 1) / seconds : nil
    }
}

extension GenerationRequest {
    /// Exactly `maxTokens` tokens, the most probable ones.
    init(measuring prompt: Prompt, of model: String, maxTokens: Int) {
        self.init(model: model, prompts: [prompt])
        sampling.temperature = 0
        self.maxTokens = maxTokens
        ignoreEOS = true
        stream = true
    }
}
