import LapwingModel
import LapwingStatistics
import LapwingTestSupport

/// A model with a cache, fed by simple calls.
struct TinyRun {
    let model: LanguageModel
    let cache: KVCache

    init(_ model: LanguageModel, pageCount: Int = 16, format: KVCacheFormat = .int8) throws {
        self.model = model
        cache = try model.makeCache(pageCount: pageCount, format: format)
    }

    init(
        _ tiny: TinyModel, kernels: String? = nil, workers: Int = 2, pageCount: Int = 16, format: KVCacheFormat = .int8
    ) throws {
        let file = try GGUFFile(bytes: tiny.bytes())
        let options = LoadOptions(kernels: kernels, workers: Workers(count: workers))
        try self.init(LanguageModel(file: file, options: options), pageCount: pageCount, format: format)
    }

    /// Logits by row for one step.
    func step(_ sequences: [(tokens: [Int32], rows: SequenceRows)]) -> [Int: [Float]] {
        var logits: [Int: [Float]] = [:]
        let step = ModelStep(tokens: sequences.flatMap(\.tokens), sequences: sequences.map(\.rows))
        model.forward(step, cache: cache) { row, buffer in
            logits[row] = Array(buffer)
            // The buffer is the caller's to change; later rows must not see it.
            buffer.update(repeating: .nan)
        }
        return logits
    }

    /// Logits of every token of one sequence, fed in chunks of `chunk` tokens into `pages`.
    func logits(_ tokens: [Int32], chunk: Int, pages: [Int32]) -> [[Float]] {
        var all: [[Float]] = []
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let part = Array(tokens[start..<min(start + chunk, tokens.count)])
            let rows = SequenceRows(rowCount: part.count, startPosition: start, pages: pages, logits: .all)
            let found = step([(part, rows)])
            all += part.indices.map { found[$0] ?? [] }
        }
        return all
    }
}

/// Seeded tokens of a vocabulary.
func randomTokens(_ count: Int, vocabulary: Int, seed: UInt64 = 21) -> [Int32] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Int32(random.below(vocabulary)) }
}
