import LapwingAPI

/// What a route asks its open model of each answer before that is judged.
package struct CheckOptions: Hashable, Sendable {
    /// Further samples, drawn at a temperature of 0.7, whose agreement with the answer counts; 0 draws none.
    package var samples: Int
    /// Whether the model is asked if the answer is right.
    package var selfCheck: Bool

    package init(samples: Int = 0, selfCheck: Bool = false) {
        self.samples = samples
        self.selfCheck = selfCheck
    }
}

/// Answers as the model does, and asks it again before the answer ends.
///
/// An answer that did not come to its own end, one of several, or one with calls of functions is not asked about. A question
/// that fails leaves the answer without its finding.
package struct CheckingProvider: ChatProvider {
    private let model: any ChatProvider
    private let scoring: any ScoringProvider
    private let tokenizing: any TokenizingProvider
    private let options: CheckOptions

    package init(
        _ model: any ChatProvider, scoring: any ScoringProvider, tokenizing: any TokenizingProvider,
        options: CheckOptions
    ) {
        self.model = model
        self.scoring = scoring
        self.tokenizing = tokenizing
        self.options = options
    }

    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        let answer = try await model.generate(request, context: context)
        guard request.prompts.count * request.choiceCount == 1, request.toolUse == nil else { return answer }
        let (stream, output) = GenerationStream.makeStream()
        let task = Task {
            do {
                var (text, computed) = ("", Int64(0))
                for try await event in answer {
                    var event = event
                    switch event {
                    case .delta(_, let piece, _): text += piece
                    case .finished(let choice, .stop):
                        let (checks, nanoseconds) = try await check(text, of: request, context: context)
                        computed = nanoseconds
                        output.yield(.checked(choice: choice, checks))
                    case .completed(let model, var usage, let receipt):
                        usage.computeNanoseconds = usage.computeNanoseconds.map { $0 + computed }
                        event = .completed(model: model, usage: usage, receipt: receipt)
                    default: break
                    }
                    output.yield(event)
                }
                output.finish()
            } catch {
                output.finish(throwing: error)
            }
        }
        output.onTermination = { if case .cancelled = $0 { task.cancel() } }
        return stream
    }

    /// The findings, and the machine time that they took. Throws only where the task was cancelled.
    private func check(
        _ answer: String, of request: GenerationRequest, context: RequestContext
    ) async throws -> (AnswerChecks, nanoseconds: Int64) {
        var (checks, nanoseconds) = (AnswerChecks(), Int64(0))
        if options.samples > 0, let (samples, usage) = try? await samples(answer, of: request, context: context) {
            checks.sampleAgreement = SampleAgreement.mean(of: samples, with: answer)
            nanoseconds += usage.computeNanoseconds ?? 0
        }
        try Task.checkCancellation()
        if options.selfCheck, let (logOdds, usage) = try? await selfCheck(answer, of: request, context: context) {
            checks.selfCheck = logOdds
            nanoseconds += usage.computeNanoseconds ?? 0
        }
        try Task.checkCancellation()
        return (checks, nanoseconds)
    }

    private static let temperature = 0.7

    /// One call, whose samples share the prompt. The same prompt has the same samples, so that a judgement can be repeated.
    private func samples(
        _ answer: String, of request: GenerationRequest, context: RequestContext
    ) async throws -> ([String], Usage) {
        var request = request
        request.choiceCount = options.samples
        request.sampling.temperature = Self.temperature
        request.sampling.seed = 1
        (request.topLogProbabilities, request.echo) = (nil, false)
        var texts = [String](repeating: "", count: options.samples)
        for try await event in try await model.generate(request, context: context) {
            switch event {
            case .delta(let choice, let piece, _) where texts.indices.contains(choice): texts[choice] += piece
            case .completed(_, let usage, _): return (texts, usage)
            default: break
            }
        }
        throw RequestError.endedEarly(model: request.model)
    }

    /// P(True) after Kadavath and others, "Language models (mostly) know what they know", 2022: the two words that the model
    /// might say, exactly.
    private func selfCheck(
        _ answer: String, of request: GenerationRequest, context: RequestContext
    ) async throws -> (Double, Usage) {
        let question = "Is this answer right? Reply with Yes or No."
        let prompt: Prompt =
            switch request.prompts[0] {
            case .messages(let messages):
                .messages(
                    messages + [
                        ChatMessage(role: "assistant", content: answer), ChatMessage(role: "user", content: question),
                    ])
            case .text(let text): .text("\(text)\(answer)\n\n\(question)\n")
            case .tokens: throw RequestError.internal(reason: "token ids are not asked about")
            }
        var words: [[TokenID]] = []
        for word in ["Yes", "No"] {
            words.append(try await tokenizing.tokenize(word, model: request.model, addSpecialTokens: false))
        }
        let tokens = try await scoring.encode(prompt, model: request.model)
        let found = try await scoring.score(
            ScoringRequest(model: request.model, prompt: tokens, continuations: words), context: context)
        let sums = found.continuations.map { $0.logProbabilities.reduce(0, +) }
        guard sums.count == 2 else { throw RequestError.internal(reason: "two words were asked for") }
        return (sums[0] - sums[1], found.usage)
    }
}

extension ModelBinding {
    /// The same model asked again about each of its answers. A model that cannot be called stays as it is; throws where it
    /// does not run here: what it says of itself is paid for in machine time, not by the token.
    package func checking(_ options: CheckOptions, on route: String) throws(RouterError) -> ModelBinding {
        guard unavailable == nil else { return self }
        guard location == .local, let provider, let scoring, let tokenizing else {
            throw .unfitChecks(route: route, model: name)
        }
        var binding = self
        binding.provider = CheckingProvider(provider, scoring: scoring, tokenizing: tokenizing, options: options)
        // The samples, and the question.
        binding.mostAttempts += options.samples + 1
        return binding
    }
}
