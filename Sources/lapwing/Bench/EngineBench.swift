import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel

/// What `bench` measures of one model on this machine.
package struct BenchFigures: Sendable, Codable {
    package var engine = "lapwing"
    package var model: String
    package var threads: Int
    package var kernels: String
    /// From the file to a model that can answer, the first time.
    package var loadSeconds: Double
    /// From a request with a short prompt to its first token.
    package var firstTokenSeconds: Double
    package var prefillTokensPerSecond: Double
    package var decodeTokensPerSecond: Double
    /// Tokens of all streams together.
    package var eightStreamsTokensPerSecond: Double
    /// Most memory resident so far, in MiB; nil where it cannot be told.
    package var residentMegabytes: Double?

    private enum CodingKeys: String, CodingKey {
        case engine, model, threads, kernels
        case loadSeconds = "load_seconds"
        case firstTokenSeconds = "first_token_seconds"
        case prefillTokensPerSecond = "prefill_tokens_per_second"
        case decodeTokensPerSecond = "decode_tokens_per_second"
        case eightStreamsTokensPerSecond = "eight_streams_tokens_per_second"
        case residentMegabytes = "resident_mb"
    }
}

/// Measures a model by its forward passes and the engine by its requests. Speeds are the median of three; loading and
/// memory are read once.
package struct EngineBench {
    static let prefillTokens = 512
    static let decodeTokens = 128
    static let streams = 8
    static let streamTokens = 64

    let model: LanguageModel
    let name: String
    let contextLength: Int?
    let loadSeconds: Double

    /// `contextLength` nil takes what the model was trained for.
    package init(name: String, path: String, contextLength: Int?, threads: Int) throws {
        let start = ContinuousClock.now
        model = try LanguageModel.load(path: path, options: LoadOptions(workers: Workers(count: threads)))
        loadSeconds = start.duration(to: .now) / .seconds(1)
        self.name = name
        self.contextLength = contextLength
    }

    package func run(progress: (String) -> Void) async throws -> BenchFigures {
        progress("prefill of \(Self.prefillTokens) tokens, decode of \(Self.decodeTokens)")
        let (prefill, decode) = try passes()
        var options = EngineOptions()
        options.contextLength = contextLength
        let engine = try Engine(name: name, model: model, options: options)
        progress("\(Self.streams) streams of \(Self.streamTokens) tokens")
        let first = try await median { try await firstToken(engine) }
        let streams = try await median { try await eightStreams(engine) }
        await engine.shutDown()
        return BenchFigures(
            model: name, threads: model.workers.count, kernels: model.kernels.name, loadSeconds: loadSeconds,
            firstTokenSeconds: first, prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode,
            eightStreamsTokensPerSecond: streams,
            residentMegabytes: MachineFacts.peakResidentBytes().map { Double($0) / 1_048_576 })
    }

    /// Tokens a second of reading a prompt, in the engine's chunks, and of writing after a short one.
    private func passes() throws -> (prefill: Double, decode: Double) {
        let pageCount = (Self.prefillTokens + KVCache.pageSize - 1) / KVCache.pageSize + 1
        let cache = try model.makeCache(pageCount: pageCount)
        let pages = (0..<Int32(pageCount)).map { $0 }
        let prompt = tokens(Self.prefillTokens)
        let chunk = EngineOptions().prefillChunk
        func step(_ range: Range<Int>) {
            let rows = SequenceRows(
                rowCount: range.count, startPosition: range.lowerBound,
                pages: Array(pages.prefix((range.upperBound + KVCache.pageSize - 1) / KVCache.pageSize)), logits: .last)
            model.forward(ModelStep(tokens: Array(prompt[range]), sequences: [rows]), cache: cache) { _, _ in }
        }
        step(0..<8)
        var prefill: [Double] = []
        var decode: [Double] = []
        for _ in 0..<3 {
            prefill.append(
                rate(of: Self.prefillTokens) {
                    for start in stride(from: 0, to: Self.prefillTokens, by: chunk) {
                        step(start..<min(start + chunk, Self.prefillTokens))
                    }
                })
            step(0..<8)
            decode.append(
                rate(of: Self.decodeTokens) {
                    for position in 8..<8 + Self.decodeTokens { step(position..<position + 1) }
                })
        }
        return (prefill.sorted()[1], decode.sorted()[1])
    }

    private func firstToken(_ engine: Engine) async throws -> Double {
        let start = ContinuousClock.now
        for try await event in try await engine.generate(request(0, maxTokens: 1), context: context(0)) {
            if case .delta = event { break }
        }
        return start.duration(to: .now) / .seconds(1)
    }

    private func eightStreams(_ engine: Engine) async throws -> Double {
        let start = ContinuousClock.now
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for stream in 0..<Self.streams {
                group.addTask {
                    var count = 0
                    let request = request(stream, maxTokens: Self.streamTokens)
                    for try await event in try await engine.generate(request, context: context(stream)) {
                        if case .completed(_, let usage, _) = event { count = usage.completionTokens }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }

    private func request(_ stream: Int, maxTokens: Int) -> GenerationRequest {
        var request = GenerationRequest(model: name, prompts: [.tokens(Array(tokens(32 + stream).suffix(32)))])
        request.sampling.temperature = 0
        request.maxTokens = maxTokens
        request.ignoreEOS = true
        request.cachePrompt = false
        return request
    }

    private func context(_ stream: Int) -> RequestContext { RequestContext(requestID: "bench-\(stream)") }

    /// Ids all over the vocabulary: speed does not hang on what is read.
    private func tokens(_ count: Int) -> [Int32] {
        (0..<count).map { Int32((37 * $0 + 101) % model.configuration.vocabularySize) }
    }

    private func rate(of count: Int, _ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }

    private func median(_ body: () async throws -> Double) async throws -> Double {
        var values: [Double] = []
        for _ in 0..<3 { values.append(try await body()) }
        return values.sorted()[1]
    }
}
