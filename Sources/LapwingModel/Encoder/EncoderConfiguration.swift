/// How an encoder's rows become what is asked for.
package enum EncoderPooling: Sendable, Equatable {
    /// The mean of all rows.
    case mean
    /// The first row, that of the `[CLS]` token.
    case firstToken
    /// A number for a pair of texts, from the first row by way of the classifier.
    case score
}

/// The hyperparameters of an encoder of BERT's family, checked against each other.
package struct EncoderConfiguration: Sendable, Equatable {
    package let vocabularySize: Int
    /// Tokens of the longest sequence: the positions that the model has.
    package let maximumLength: Int
    package let layerCount: Int
    /// Elements of a vector.
    package let dimensionCount: Int
    package let feedForwardLength: Int
    package let headCount: Int
    /// Kinds of tokens: those of a first and of a second text.
    package let typeCount: Int
    package let normEpsilon: Float
    package let activation: Activation
    /// What the file says; the mean where it says nothing.
    package let pooling: EncoderPooling

    package var headLength: Int { dimensionCount / headCount }

    package static let architecture = "bert"
    private static let lengthLimit = 1 << 16

    init(file: GGUFFile) throws(WeightsError) {
        let name = try file.string("general.architecture")
        guard name == Self.architecture else {
            throw .unsupportedArchitecture(
                found: name, offset: file.offset(of: "general.architecture") ?? 0, supported: [Self.architecture])
        }
        let keys = HyperparameterReader(file: file, prefix: name)
        dimensionCount = try keys.length("embedding_length", limit: Self.lengthLimit)
        feedForwardLength = try keys.length("feed_forward_length", limit: Self.lengthLimit)
        layerCount = try keys.length("block_count", limit: 1 << 10)
        maximumLength = try keys.length("context_length", limit: Self.lengthLimit)
        headCount = try keys.length("attention.head_count", limit: 1 << 10)
        guard dimensionCount % headCount == 0 else {
            throw keys.unfit("attention.head_count", headCount, "a divisor of the embedding length \(dimensionCount)")
        }
        normEpsilon = try keys.positive("attention.layer_norm_epsilon", default: nil)
        activation = try keys.choice("lapwing.activation", default: .geluErf)
        guard activation != .silu else { throw keys.unfit("activation", activation.rawValue, "gelu or gelu_tanh") }
        guard try !keys.flag("attention.causal", default: false) else {
            throw keys.unfit("attention.causal", true, "false, as every token of a text sees all others")
        }
        vocabularySize = try Self.rowCount("token_embd.weight", limit: 1 << 24, in: file)
        typeCount = try Self.rowCount("token_types.weight", limit: 1 << 8, in: file)
        pooling = try Self.pooling(keys)
    }

    private static func rowCount(_ tensor: String, limit: Int, in file: GGUFFile) throws(WeightsError) -> Int {
        let rows = try file.tensor(tensor).shape.last ?? 0
        guard (1...limit).contains(rows) else {
            throw .unfitHyperparameter(
                key: "the number of rows of \(tensor)", offset: nil, found: "\(rows)", expected: "1 to \(limit)")
        }
        return rows
    }

    /// By the numbers of llama.cpp; its converter writes none for a cross-encoder, whose classifier tells what it is.
    private static func pooling(_ keys: HyperparameterReader) throws(WeightsError) -> EncoderPooling {
        let number = try keys.file.ifPresent("\(keys.prefix).pooling_type", keys.file.uint32)
        switch number {
        case nil where keys.file.tensors["cls.output.weight"] != nil: return .score
        case nil, 1: return .mean
        case 2: return .firstToken
        case 4: return .score
        case let other?:
            throw keys.unfit("pooling_type", other, "1 for the mean, 2 for the first token or 4 for scores")
        }
    }
}
