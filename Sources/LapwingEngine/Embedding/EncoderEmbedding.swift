import LapwingAPI
import LapwingModel

/// An encoder of BERT's family: vectors of texts, or scores of pairs where it has a classifier.
package struct EncoderEmbedding: EmbeddingModel {
    private let model: EncoderModel
    private let pooling: EncoderPooling

    /// `pooling` takes the place of what the file says.
    package init(_ model: EncoderModel, pooling: EncoderPooling? = nil) {
        self.model = model
        self.pooling = pooling ?? model.configuration.pooling
    }

    package var head: EmbeddingHead { pooling == .score ? .relevance : .vectors(model.dimensionCount) }
    package var maximumLength: Int { model.maximumLength }

    package func rows(of sequences: [EncoderSequence]) throws -> [[Float]] {
        guard pooling == .score else { return try model.embed(sequences.map(\.tokens), pooling: pooling) }
        let pairs = sequences.map { EncoderPair(tokens: $0.tokens, secondStart: $0.secondStart ?? $0.tokens.count) }
        return try model.score(pairs).map { [$0] }
    }
}
