import LapwingAPI

/// A model that reads whole sequences and gives one row for each. A row does not depend on its company.
package protocol EmbeddingModel: Sendable {
    var head: EmbeddingHead { get }
    /// Most tokens of one sequence, special ones included.
    var maximumLength: Int { get }
    /// One row a sequence, in order, in one forward pass.
    func rows(of sequences: [EncoderSequence]) throws -> [[Float]]
}

/// What a model's rows are.
package enum EmbeddingHead: Hashable, Sendable {
    /// Vectors of so many numbers, as long as 1.
    case vectors(Int)
    /// One number a pair: the logit of the second text's answering the first.
    case relevance
}

/// One text, or two that are read together.
package struct EncoderSequence: Hashable, Sendable {
    package var tokens: [TokenID]
    /// Where the second text begins; nil where there is one only.
    package var secondStart: Int?

    package init(_ tokens: [TokenID], secondStart: Int? = nil) {
        self.tokens = tokens
        self.secondStart = secondStart
    }
}
