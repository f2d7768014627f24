import LapwingModel
import Synchronization

/// Which of a decoder's states become a text's vector.
package enum DecoderPooling: String, Sendable, CaseIterable {
    /// The last token's, which has seen all others.
    case last
    /// The mean of all tokens'.
    case mean
}

/// A decoder as a model of vectors: the states that its output head would read, pooled and made as long as 1.
package final class DecoderEmbedding: EmbeddingModel {
    package let maximumLength: Int
    private let model: LanguageModel
    private let pooling: DecoderPooling
    /// Used by one pass at a time.
    private let cache: Mutex<KVCache>
    private let pageCount: Int

    /// Beside the weights, which it shares with the model's engine, it takes a cache of one longest text.
    package init(_ model: LanguageModel, pooling: DecoderPooling, maximumLength: Int) throws {
        self.model = model
        self.pooling = pooling
        self.maximumLength = maximumLength
        pageCount = Self.pages(maximumLength)
        cache = Mutex(try model.makeCache(pageCount: pageCount, format: Self.cacheFormat))
    }

    /// Longer texts are refused whatever the model's context: each takes a cache of its length beside the chats'.
    package static let longestText = 2048
    /// Halves, as a text's vector is all that is left of it.
    private static let cacheFormat = KVCacheFormat.f16

    /// Bytes beside the weights.
    package static func byteCount(_ footprint: ModelFootprint, maximumLength: Int) -> Int {
        let count = pages(maximumLength)
        return count * footprint.pageByteCount(cacheFormat) + footprint.scratchByteCount(pageCount: count)
    }

    private static func pages(_ tokens: Int) -> Int { (tokens + KVCache.pageSize - 1) / KVCache.pageSize }

    package var head: EmbeddingHead { .vectors(model.configuration.embeddingLength) }

    package func rows(of sequences: [EncoderSequence]) throws -> [[Float]] {
        var rows: [[Float]] = []
        var start = 0
        while start < sequences.count {
            // As many as the cache has pages for; the first always fits.
            var (end, pages) = (start, 0)
            while end < sequences.count, pages + Self.pages(sequences[end].tokens.count) <= pageCount {
                pages += Self.pages(sequences[end].tokens.count)
                end += 1
            }
            precondition(end > start, "a sequence is no longer than the longest")
            rows += vectors(of: sequences[start..<end])
            start = end
        }
        return rows
    }

    private func vectors(of sequences: ArraySlice<EncoderSequence>) -> [[Float]] {
        var step = ModelStep(tokens: [], sequences: [])
        /// The sequence that each row belongs to.
        var owners: [Int] = []
        var firstPage: Int32 = 0
        for (index, sequence) in sequences.enumerated() {
            let count = sequence.tokens.count
            let pages = Int32(Self.pages(count))
            step.tokens += sequence.tokens
            step.sequences.append(
                SequenceRows(
                    rowCount: count, startPosition: 0, pages: Array(firstPage..<firstPage + pages),
                    logits: pooling == .mean ? .all : .last))
            owners += repeatElement(index, count: count)
            firstPage += pages
        }
        var sums = Array(
            repeating: Array(repeating: 0.0, count: model.configuration.embeddingLength), count: sequences.count)
        cache.withLock { cache in
            model.forwardStates(step, cache: cache) { row, state in
                for (index, value) in state.enumerated() { sums[owners[row]][index] += Double(value) }
            }
        }
        // The mean's divisor goes with the length.
        return sums.map { sum in
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return length > 0 ? sum.map { Float($0 / length) } : sum.map(Float.init)
        }
    }
}

extension Engine {
    /// An engine for vectors by the same weights.
    package nonisolated func embedding(pooling: DecoderPooling, maximumLength: Int) throws -> EmbeddingEngine {
        EmbeddingEngine(
            name: name, model: try DecoderEmbedding(model, pooling: pooling, maximumLength: maximumLength),
            tokenizer: tokenizer)
    }
}
