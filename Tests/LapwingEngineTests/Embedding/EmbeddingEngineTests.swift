import Foundation
import LapwingAPI
import LapwingEngine
import LapwingTestSupport
import LapwingText
import Synchronization
import Testing

/// A model whose rows say what it read, and that keeps what it was asked.
private final class ScriptedModel: EmbeddingModel {
    let head: EmbeddingHead
    let maximumLength = 12
    private let seen = Mutex<[[EncoderSequence]]>([])
    private let pass: @Sendable () throws -> Void

    init(_ head: EmbeddingHead = .vectors(4), pass: @escaping @Sendable () throws -> Void = {}) {
        self.head = head
        self.pass = pass
    }

    var passes: [[EncoderSequence]] { seen.withLock { $0 } }

    func rows(of sequences: [EncoderSequence]) throws -> [[Float]] {
        seen.withLock { $0.append(sequences) }
        try pass()
        return sequences.map { sequence in
            let sum = Float(sequence.tokens.reduce(0, +))
            return head == .relevance
                ? [Float(sequence.tokens.last ?? 0) - 100] : [3, 4, Float(sequence.tokens.count), sum]
        }
    }
}

/// Bytes are tokens 3 to 258; `<|im_start|>`, 1, begins a text and `<|im_end|>`, 2, ends it.
private func tokenizer() throws -> Tokenizer {
    let tiny = TinyVocabulary(size: 259)
    return try Tokenizer(
        Vocabulary(
            model: "gpt2", preTokenizer: "smollm", tokens: tiny.tokens, tokenTypes: tiny.types, merges: tiny.merges,
            bos: 1, eos: 2, addBOS: true, addEOS: true))
}

private func engine(
    _ model: ScriptedModel, changing change: (inout EmbeddingEngine.Options) -> Void = { _ in }
) throws -> EmbeddingEngine {
    var options = EmbeddingEngine.Options()
    change(&options)
    return EmbeddingEngine(name: "m", model: model, tokenizer: try tokenizer(), options: options)
}

private func embed(_ inputs: EmbeddingInput..., dimensions: Int? = nil) -> EmbeddingRequest {
    EmbeddingRequest(model: "m", inputs: inputs, dimensions: dimensions)
}

private let context = RequestContext(requestID: "r")

@Suite("EmbeddingEngine", .timeLimit(.minutes(1)))
struct EmbeddingEngineTests {
    @Test("Texts get the model's special tokens, ids none; rows come in the inputs' order, with tokens and time")
    func embeds() async throws {
        let model = ScriptedModel()
        let ticks = Atomic<UInt64>(0)
        let engine = try engine(model) { $0.now = { ticks.add(500, ordering: .relaxed).newValue } }
        let spent = Atomic<Int64>(0)
        var metered = context
        metered.onCompute = { spent.add($0, ordering: .relaxed) }
        let result = try await engine.embed(embed(.text("ab"), .tokens([7, 8, 9])), context: metered)
        #expect(result.vectors.map { $0[2] } == [4, 3])
        #expect(result.vectors[1][3] == 24)
        #expect(model.passes.map { $0.map(\.tokens.count) } == [[4, 3]])
        let first = try #require(model.passes.first?.first)
        #expect(first.tokens.first == 1 && first.tokens.last == 2 && first.secondStart == nil)
        #expect(result.usage == Usage(promptTokens: 7, completionTokens: 0, computeNanoseconds: 500))
        #expect(spent.load(ordering: .relaxed) == 500)
    }

    @Test("Fewer dimensions are the first ones, made as long as 1 again; more than there are is refused")
    func dimensions() async throws {
        let engine = try engine(ScriptedModel())
        let result = try await engine.embed(embed(.text("a"), dimensions: 2), context: context)
        #expect(result.vectors == [[0.6, 0.8]])
        let error = RequestError.invalid(field: "dimensions", found: "5", expected: "1 to 4, the model's own")
        await #expect(throws: error) { try await engine.embed(embed(.text("a"), dimensions: 5), context: context) }
    }

    @Test(
        "What the model cannot read is refused with its place and both numbers",
        arguments: [
            (
                [EmbeddingInput.text("a"), .text("abcdefghijk")],
                RequestError.tooLong(field: "input[1]", tokens: 13, limit: 12)
            ),
            ([.tokens(Array(repeating: 3, count: 13))], .tooLong(field: "input", tokens: 13, limit: 12)),
            (
                [.tokens([3]), .tokens([3, 259])],
                .invalid(field: "input[1][1]", found: "259", expected: "a token id from 0 to 258")
            ),
            ([.tokens([])], .invalid(field: "input", found: "no tokens", expected: "at least one token")),
            (
                Array(repeating: .tokens([3, 3, 3, 3, 3]), count: 5),
                .invalid(field: "input", found: "25 tokens", expected: "at most 24 in one request")
            ),
        ])
    func refusals(inputs: [EmbeddingInput], error: RequestError) async throws {
        let model = ScriptedModel()
        let engine = try engine(model) { $0.requestTokens = 24 }
        await #expect(throws: error) {
            try await engine.embed(EmbeddingRequest(model: "m", inputs: inputs), context: context)
        }
        #expect(model.passes.isEmpty)
    }

    @Test("Requests that come while a pass runs share the next one, and one that went away is not in it")
    func company() async throws {
        let (entered, proceed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let model = ScriptedModel {
            entered.signal()
            proceed.wait()
        }
        let engine = try engine(model)
        let first = Task { try await engine.embed(embed(.text("first")), context: context) }
        await wait(for: entered)
        let others = (0..<3).map { index in
            Task { try await engine.embed(embed(.tokens([TokenID(10 + index)])), context: context) }
        }
        while engine.queuedSequences < 3 { await Task.yield() }
        others[1].cancel()
        await #expect(throws: RequestError.cancelled) { try await others[1].value }
        for _ in 0..<2 { proceed.signal() }
        _ = try await first.value
        #expect(try await others[0].value.vectors.first?[3] == 10)
        #expect(try await others[2].value.vectors.first?[3] == 12)
        #expect(model.passes.map(\.count) == [1, 2])
    }

    @Test("A full queue refuses with a time to come back; what waits is ended by a shutdown")
    func overload() async throws {
        let (entered, proceed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let model = ScriptedModel {
            entered.signal()
            proceed.wait()
        }
        let engine = try engine(model) { $0.queue.sequences = 1 }
        let first = Task { try await engine.embed(embed(.text("a")), context: context) }
        await wait(for: entered)
        let waiting = Task { try await engine.embed(embed(.text("b")), context: context) }
        while engine.queuedSequences < 1 { await Task.yield() }
        await #expect(throws: RequestError.overloaded(what: "The queue of 'm'", retryAfterSeconds: 1)) {
            try await engine.embed(embed(.text("c")), context: context)
        }
        engine.shutDown()
        let closing = RequestError.unavailable(what: "m", reason: "it is shutting down", retryAfterSeconds: 5)
        await #expect(throws: closing) { try await first.value }
        await #expect(throws: closing) { try await waiting.value }
        proceed.signal()
        await #expect(throws: closing) {
            try await engine.embed(embed(.text("d")), context: context)
        }
    }

    @Test("A pass that fails fails the requests in it, and no others")
    func failure() async throws {
        struct Broken: Error {}
        let isFirst = Atomic<Bool>(true)
        let model = ScriptedModel { if isFirst.exchange(false, ordering: .relaxed) { throw Broken() } }
        let engine = try engine(model)
        await #expect(throws: Broken.self) { try await engine.embed(embed(.text("a")), context: context) }
        #expect(try await engine.embed(embed(.text("a")), context: context).vectors.count == 1)
    }

    @Test("A cross-encoder reads each document after the query and its score is a logit's probability")
    func pairs() async throws {
        let model = ScriptedModel(.relevance)
        let engine = try engine(model)
        let result = try await engine.rerank(
            RerankRequest(model: "m", query: "q", documents: ["ab", "c"]), context: context)
        let pair = try #require(model.passes.first?.first)
        #expect(pair.secondStart == 3 && pair.tokens.count == 6)
        #expect(pair.tokens.first == 1 && pair.tokens[2] == 2 && pair.tokens[3] != 1 && pair.tokens.last == 2)
        #expect(result.method == .crossEncoder)
        #expect(result.usage.promptTokens == 11)
        #expect(result.scores == Array(repeating: 1 / (1 + exp(98.0)), count: 2))
        await #expect(throws: RequestError.incapable(model: "m", of: .embeddings, serves: [.rerank])) {
            try await engine.embed(embed(.text("a")), context: context)
        }
        await #expect(
            throws: RequestError.tooLong(field: "documents[1]", with: " with the query", tokens: 13, limit: 12)
        ) {
            try await engine.rerank(
                RerankRequest(model: "m", query: "qqqq", documents: ["a", "abcdef"]), context: context)
        }
    }

    @Test("A document is cut to as many tokens as were asked for, and keeps what stands around it")
    func cutDocuments() async throws {
        let model = ScriptedModel(.relevance)
        let engine = try engine(model)
        var request = RerankRequest(model: "m", query: "q", documents: ["abcdefghijklmnop", "b"])
        request.tokensPerDocument = 2
        _ = try await engine.rerank(request, context: context)
        let tokens = try #require(model.passes.first).map(\.tokens)
        #expect(tokens.map(\.count) == [6, 5])
        #expect(tokens[0].last == 2 && tokens[0][4] == tokens[1][3])
    }

    @Test("A model of vectors ranks by their cosine with the query's, and says so")
    func cosine() async throws {
        let engine = try engine(ScriptedModel())
        let result = try await engine.rerank(
            RerankRequest(model: "m", query: "ab", documents: ["ab", "abcd"]), context: context)
        #expect(result.method == .cosine)
        #expect(abs(result.scores[0] - 1) < 1e-9 && result.scores[1] < result.scores[0])
        #expect([Float]([1, 0]).cosine([0, 2]) == 0 && [Float]([0, 0]).cosine([1, 0]) == 0)
        #expect(engine.capabilities == [.embeddings, .rerank])
    }

    private func wait(for semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                semaphore.wait()
                continuation.resume()
            }
        }
    }
}
