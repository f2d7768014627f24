/// A text's tokens in sequences that a model reads one by one: what importance is measured over, and divergence.
package struct CalibrationText: Sendable {
    package let sequences: [[Int32]]

    package var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }

    /// Sequences of `length` tokens, each behind `first` where the model expects its texts to begin with it.
    package init(_ tokens: [Int32], length: Int = 512, first: Int32? = nil) {
        let own = max(1, length - (first == nil ? 0 : 1))
        sequences = stride(from: 0, to: tokens.count, by: own).map { start in
            (first.map { [$0] } ?? []) + tokens[start..<min(start + own, tokens.count)]
        }
    }

    /// The first `count` tokens, in the same sequences, of which the last may be cut.
    package func prefix(tokenCount count: Int) -> CalibrationText {
        var left = count
        return CalibrationText(
            sequences: sequences.compactMap { sequence in
                let part = Array(sequence.prefix(left))
                left -= part.count
                return part.isEmpty ? nil : part
            })
    }

    private init(sequences: [[Int32]]) { self.sequences = sequences }
}

extension LanguageModel {
    /// Pages for one sequence of the text at a time, with keys and values as exact as they can be kept.
    func makeCache(for text: CalibrationText) throws -> KVCache {
        let longest = text.sequences.map(\.count).max() ?? 1
        return try makeCache(pageCount: (longest + KVCache.pageSize - 1) / KVCache.pageSize, format: .f16)
    }
}

extension ModelStep {
    /// Rows of a single sequence, which has the whole cache, with the logits of all.
    init(_ tokens: some Collection<Int32>, at position: Int, in cache: KVCache) {
        self.init(
            tokens: Array(tokens),
            sequences: [
                SequenceRows(
                    rowCount: tokens.count, startPosition: position, pages: (0..<cache.pageCount).map(Int32.init),
                    logits: .all)
            ])
    }
}
