/// How an encoder is loaded.
package struct EncoderOptions: Sendable {
    /// A kernel table by name; nil takes `LAPWING_KERNELS`, else the fastest.
    package var kernels: String?
    /// The threads to compute with; nil makes a pool of one thread a core.
    package var workers: Workers?
    package var precision: EncoderPrecision

    package init(kernels: String? = nil, workers: Workers? = nil, precision: EncoderPrecision = .float32) {
        (self.kernels, self.workers, self.precision) = (kernels, workers, precision)
    }
}

/// What an encoder multiplies with.
package enum EncoderPrecision: String, Sendable, CaseIterable {
    /// The file's weights as floats.
    case float32
    /// Weights as bytes with a scale for each output, and inputs as bytes with a scale for each token: a quarter of the
    /// memory and about three times as fast where the processor multiplies bytes.
    case int8
}

/// What is done with a sequence that is longer than the model's positions.
package enum ExcessTokens: Sendable {
    /// It is an error.
    case refuse
    /// The tokens that fit are kept, the last one being the sequence's own last: its `[SEP]`.
    case truncate
}

/// Two texts in one sequence, as a cross-encoder reads them: `[CLS] first [SEP] second [SEP]`.
package struct EncoderPair: Sendable {
    package let tokens: [Int32]
    /// Where the second text's tokens begin, which have the type 1.
    package let secondStart: Int

    package init(tokens: [Int32], secondStart: Int) { (self.tokens, self.secondStart) = (tokens, secondStart) }
}

/// Why sequences cannot be encoded. Indices are those of the sequences given.
package enum EncoderError: Error, Equatable {
    case emptySequence(index: Int)
    case tooLong(index: Int, count: Int, limit: Int)
    case tokenOutOfRange(index: Int, token: Int32, vocabularySize: Int)
    case secondStartOutOfRange(index: Int, start: Int, count: Int)
    /// A vector was asked of a model that scores, or the other way round.
    case wrongKind(found: EncoderPooling, expected: String)
}

extension EncoderError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .emptySequence(let index): "sequence \(index) has no tokens; one needs at least 1"
        case .tooLong(let index, let count, let limit):
            "sequence \(index) has \(count) tokens, and the model takes at most \(limit)"
        case .tokenOutOfRange(let index, let token, let size):
            "sequence \(index) has the token \(token), and the vocabulary has 0 to \(size - 1)"
        case .secondStartOutOfRange(let index, let start, let count):
            "the second text of pair \(index) begins at token \(start) of \(count)"
        case .wrongKind(let found, let expected): "the model's pooling is \(found), expected \(expected)"
        }
    }
}
