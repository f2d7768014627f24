import LapwingAPI
import Synchronization

/// A provider that says what a test wrote down, and remembers what it was asked.
///
/// Streams are pulled: an event exists only once somebody asks for it, so that tests can see how far a reader went.
package final class ScriptedProvider: ChatProvider, EmbeddingProvider, RerankProvider, ScoringProvider,
    TokenizingProvider, CatalogProvider
{
    package enum Step: Sendable {
        case event(GenerationEvent)
        /// Tells the test that the reader has come this far.
        case reached(Gate)
        /// Waits for the test; ends at once when the reader is cancelled.
        case wait(Gate)
        /// Spends machine time, in nanoseconds.
        case compute(Int64)
        case fail(any Error)
    }

    package struct Call: Sendable {
        package var request: GenerationRequest
        package var context: RequestContext
    }

    package typealias Script = @Sendable (GenerationRequest, RequestContext) async throws -> [Step]

    private struct State {
        var calls: [Call] = []
        var pulled = 0
        var cards: [ModelCard] = [ModelCard(name: "m", kind: .local, contextLength: 2048)]
        var readiness = Readiness.ready
        var embeddingCalls: [EmbeddingRequest] = []
        var rerankCalls: [RerankRequest] = []
        var contexts: [RequestContext] = []
        var beforeEmbedding: @Sendable () async throws -> Void = {}
    }

    private let script: Script
    private let state = Mutex(State())
    private let cancellations: AsyncStream<String>
    private let cancelled: AsyncStream<String>.Continuation

    /// The script is asked once a call; what it throws, `generate` throws.
    package init(_ script: @escaping Script) {
        self.script = script
        (cancellations, cancelled) = AsyncStream.makeStream()
    }

    package convenience init(_ steps: [Step] = []) { self.init { _, _ in steps } }

    package var calls: [Call] { state.withLock { $0.calls } }
    /// Events that readers have taken so far, of all calls.
    package var pulledEventCount: Int { state.withLock { $0.pulled } }

    package var cards: [ModelCard] {
        get { state.withLock { $0.cards } }
        set { state.withLock { $0.cards = newValue } }
    }

    package var readinessToReport: Readiness {
        get { state.withLock { $0.readiness } }
        set { state.withLock { $0.readiness = newValue } }
    }

    /// Waits for a stream to be dropped before its end and gives its request's id. For one waiter at a time.
    package func nextCancellation() async -> String? {
        var iterator = cancellations.makeAsyncIterator()
        return await iterator.next()
    }

    package var embeddingCalls: [EmbeddingRequest] { state.withLock { $0.embeddingCalls } }
    package var rerankCalls: [RerankRequest] { state.withLock { $0.rerankCalls } }
    /// Those of embedding and rerank calls.
    package var contexts: [RequestContext] { state.withLock { $0.contexts } }

    /// Waited for in each embedding and rerank call; what it throws, the call throws.
    package func beforeEmbedding(_ wait: @escaping @Sendable () async throws -> Void) {
        state.withLock { $0.beforeEmbedding = wait }
    }

    /// The vector of a text of n bytes, or of n tokens, is [n, -0.5, 0.1].
    package func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
        let wait = state.withLock { state in
            state.embeddingCalls.append(request)
            state.contexts.append(context)
            return state.beforeEmbedding
        }
        try await wait()
        let lengths = request.inputs.map { input in
            switch input {
            case .text(let text): text.utf8.count
            case .tokens(let tokens): tokens.count
            }
        }
        return EmbeddingResult(
            model: "m", vectors: lengths.map { [Float($0), -0.5, 0.1] }, usage: usage(lengths.reduce(0, +)))
    }

    /// A document's score is a hundredth of its bytes.
    package func rerank(_ request: RerankRequest, context: RequestContext) async throws -> RerankResult {
        let wait = state.withLock { state in
            state.rerankCalls.append(request)
            state.contexts.append(context)
            return state.beforeEmbedding
        }
        try await wait()
        let lengths = request.documents.map(\.utf8.count)
        return RerankResult(
            model: "m", scores: lengths.map { Double($0) / 100 }, method: .crossEncoder,
            usage: usage(lengths.reduce(0, +)))
    }

    private func usage(_ count: Int) -> Usage {
        Usage(promptTokens: count, completionTokens: 0, computeNanoseconds: 3600)
    }

    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        state.withLock { $0.calls.append(Call(request: request, context: context)) }
        let cursor = Cursor(steps: try await script(request, context), context: context, owner: self)
        return GenerationStream { try await cursor.next() }
    }

    package func score(_ request: ScoringRequest, context: RequestContext) async throws -> ScoringResult {
        let continuations = request.continuations.map { tokens in
            ScoringResult.Continuation(logProbabilities: tokens.map { -Double($0) }, isGreedy: false)
        }
        let count = request.prompt.count + request.continuations.reduce(0) { $0 + $1.count }
        return ScoringResult(
            continuations: continuations, usage: Usage(promptTokens: count, completionTokens: 0))
    }

    // A token is a byte, and 256 stands before all where special tokens are asked for.

    package func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        try await checkKnown(model)
        return (addSpecialTokens ? [256] : []) + text.utf8.map(TokenID.init)
    }

    /// Of a conversation, what its messages say, each on a line.
    package func encode(_ prompt: Prompt, model: String) async throws -> [TokenID] {
        switch prompt {
        case .messages(let messages):
            try await tokenize(messages.map { $0.content + "\n" }.joined(), model: model, addSpecialTokens: true)
        case .text(let text): try await tokenize(text, model: model, addSpecialTokens: true)
        case .tokens(let tokens): tokens
        }
    }

    package func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        try await checkKnown(model)
        return String(decoding: tokens.compactMap { UInt8(exactly: $0) }, as: UTF8.self)
    }

    package func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        try await checkKnown(model)
        return TokenizerDescription(
            bosToken: nil, eosToken: "<eos>", padToken: nil, chatTemplate: "{{ messages }}", vocabularySize: 257,
            contextLength: 2048)
    }

    private func checkKnown(_ model: String) async throws {
        let names = cards.map(\.name)
        guard names.contains(model) else { throw RequestError.unknownModel(name: model, known: names) }
    }

    package func models() async -> [ModelCard] { cards }
    package func readiness() async -> Readiness { readinessToReport }

    /// Where one stream stands in its script. Freed with the stream.
    private final class Cursor: Sendable {
        private let steps: [Step]
        private let context: RequestContext
        private let owner: ScriptedProvider
        private let position = Mutex(0)

        init(steps: [Step], context: RequestContext, owner: ScriptedProvider) {
            self.steps = steps
            self.context = context
            self.owner = owner
        }

        deinit {
            if position.withLock({ $0 < steps.count }) { owner.cancelled.yield(context.requestID) }
        }

        func next() async throws -> GenerationEvent? {
            while true {
                let index = position.withLock { $0 }
                guard index < steps.count else { return nil }
                if case .wait(let gate) = steps[index] { try await gate.wait() }
                position.withLock { $0 = index + 1 }
                switch steps[index] {
                case .event(let event):
                    owner.state.withLock { $0.pulled += 1 }
                    return event
                case .reached(let gate): gate.open()
                case .wait: break
                case .compute(let nanoseconds): context.onCompute?(nanoseconds)
                case .fail(let error): throw error
                }
            }
        }
    }
}

extension ScriptedProvider.Step {
    /// An ordinary answer: the commitment, a delta a piece, the end, and the receipt.
    package static func answer(_ pieces: [String], choice: Int = 0, receipt: Receipt? = .scripted) -> [Self] {
        var events: [GenerationEvent] = []
        if let receipt {
            var commitment = Commitment(
                route: receipt.route, model: receipt.model, decision: receipt.decision, confidence: receipt.confidence)
            commitment.cache = receipt.cache
            events.append(.committed(commitment))
        }
        for piece in pieces {
            let token = ScoredToken(
                id: 7, bytes: Array(piece.utf8), logProbability: -0.25,
                top: [TokenAlternative(id: 7, bytes: Array(piece.utf8), logProbability: -0.25)])
            events.append(.delta(choice: choice, text: piece, tokens: [token]))
        }
        events.append(.finished(choice: choice, reason: .stop))
        events.append(
            .completed(
                model: receipt?.model ?? "m",
                usage: Usage(promptTokens: 5, cachedPromptTokens: 2, completionTokens: pieces.count), receipt: receipt))
        return events.map(Self.event)
    }
}

extension Receipt {
    /// The route `support`, answered open by the model `m` for 40 nano-dollars instead of 1,000.
    package static var scripted: Receipt {
        let call = CallReceipt(
            model: "m", side: .open, role: .kept, usage: Usage(promptTokens: 5, completionTokens: 2),
            cost: NanoUSD(40), priceSource: "machine time", latencyMilliseconds: 12, firstTokenMilliseconds: 3)
        return Receipt(
            requestID: "req_scripted", route: "support", model: "m", decision: .open,
            confidence: Confidence(probability: 0.9312, calibrator: "default-1", isCalibrated: false), calls: [call],
            counterfactual: Counterfactual(
                model: "big", cost: NanoUSD(1000), low: NanoUSD(900), high: NanoUSD(1100), isEstimated: true))
    }
}

/// A door that opens once. For one waiter.
package struct Gate: Sendable {
    private let closed: AsyncStream<Never>
    private let key: AsyncStream<Never>.Continuation

    package init() { (closed, key) = AsyncStream.makeStream() }

    package func open() { key.finish() }

    package func wait() async throws {
        for await _ in closed {}
        try Task.checkCancellation()
    }
}
