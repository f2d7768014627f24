/// The hyperparameters of a decoder, checked against each other; tensor shapes are checked against them at load.
///
/// What a family does not set is as Llama has it: root-mean-square norms before each half of a layer, adjacent elements
/// rotated, SwiGLU, no biases but those that the file has.
package struct ModelConfiguration: Sendable, Equatable {
    package var architecture: String
    package var vocabularySize: Int
    /// Positions the model was trained for.
    package var contextLength: Int
    package var layerCount: Int
    package var embeddingLength: Int
    package var feedForwardLength: Int
    package var headCount: Int
    /// Key and value heads; each serves headCount / kvHeadCount query heads.
    package var kvHeadCount: Int
    package var headLength: Int
    /// Elements at the start of each head that are rotated, an even number.
    package var ropeDimensionCount: Int
    package var ropeStyle = RopeStyle.adjacent
    /// The ways that layers rotate; `layers` say which is whose.
    package var rotations: [Rotation]
    package var layers: [LayerForm]
    package var norm = NormKind.rootMeanSquare
    package var normEpsilon: Float = 0
    package var activation = Activation.silu
    /// Whether the activation's product with a second projection is what a feed-forward network goes on with.
    package var isGated = true
    /// Whether both halves of a layer read the residual as it was before the layer.
    package var hasParallelHalves = false
    /// Tensors that are not optional in this family.
    package var required: Set<FamilyTensor> = []
    package var embeddingScale: Float = 1
    /// Of a query's product with a key.
    package var attentionScale: Float
    /// Scores go through cap * tanh(score / cap); 0 for none.
    package var attentionCap: Float = 0
    package var logitCap: Float = 0
    /// The steepest head's slope of ALiBi is 2^(-this / heads); 0 for none.
    package var alibiBias: Float = 0
    /// nil where every layer has one feed-forward network.
    package var experts: ExpertCounts?

    package var queryLength: Int { headCount * headLength }
    package var keyLength: Int { kvHeadCount * headLength }
    package var groupSize: Int { headCount / kvHeadCount }
    /// Whether some result is not added to the residual as it is.
    var usesBranch: Bool { required.contains(.postNorms) || experts?.sharedLength != nil }
}

/// How many feed-forward networks a layer has, and how many of them a row goes through.
package struct ExpertCounts: Sendable, Equatable {
    package var count: Int
    package var usedCount: Int
    package var feedForwardLength: Int
    /// Whether the weights of the chosen add up to 1, or are their shares among all experts.
    package var normalizesWeights = true
    /// Hidden values of an expert that all rows go through besides; nil for none.
    package var sharedLength: Int?
}

/// What may differ from one layer to the next.
package struct LayerForm: Sendable, Equatable {
    /// Positions that a row sees, its own included; nil for all.
    package var window: Int?
    /// Index among the configuration's rotations; nil leaves queries and keys as they are.
    package var rotation: Int? = 0
}

package enum NormKind: Sendable {
    case rootMeanSquare
    /// Less the mean, and with a bias.
    case layer
}

package enum RopeStyle: String, Sendable {
    /// Element 2i turns with element 2i + 1.
    case adjacent = "interleaved"
    /// Element i turns with element i + n / 2.
    case halves = "half"
}

package enum Activation: String, Sendable {
    case silu
    /// The tanh form.
    case gelu = "gelu_tanh"
    case geluErf = "gelu"
}

/// Tensors that some families have and others lack.
package enum FamilyTensor: Sendable {
    case projectionBias, allBiases
    /// Norms of each query and key head.
    case headNorms
    /// Norms after each half of a layer too.
    case postNorms
    case embeddingNorm
}

extension ModelConfiguration {
    /// Bounds that no real model of these architectures exceeds; they keep every product of sizes far from overflow.
    private static let lengthLimit = 1 << 20
    private static let vocabularyLimit = 1 << 24

    /// Reads and checks the metadata, and takes the vocabulary's size from the embedding.
    init(file: GGUFFile) throws(WeightsError) {
        let embedding = try file.tensor(DecoderLoader.embeddingName)
        // A shape that is no matrix of the embedding's length fails the loader's check, with both shapes named.
        try self.init(file: file, vocabularySize: embedding.shape.last ?? 0)
    }

    /// Reads and checks the metadata. `vocabularySize` is the row count of the embedding, the only sure source.
    init(file: GGUFFile, vocabularySize: Int) throws(WeightsError) {
        let family = try Architecture(of: file)
        architecture = family.name
        let keys = HyperparameterReader(file: file, prefix: architecture)
        guard (1...Self.vocabularyLimit).contains(vocabularySize) else {
            throw .unfitHyperparameter(
                key: "the number of the embedding's rows", offset: nil, found: "\(vocabularySize)",
                expected: "1 to \(Self.vocabularyLimit)")
        }
        self.vocabularySize = vocabularySize
        contextLength = try keys.length("context_length", limit: 1 << 24)
        layerCount = try keys.length("block_count", limit: 1 << 10)
        embeddingLength = try keys.length("embedding_length", limit: Self.lengthLimit)
        feedForwardLength = try keys.length("feed_forward_length", limit: Self.lengthLimit)
        headCount = try keys.length("attention.head_count", limit: 1 << 12)
        kvHeadCount = try keys.length("attention.head_count_kv", limit: 1 << 12, default: headCount)
        guard headCount % kvHeadCount == 0 else {
            throw keys.unfit("attention.head_count_kv", kvHeadCount, "a divisor of \(headCount) heads")
        }
        headLength = try keys.headLength(embeddingLength: embeddingLength, headCount: headCount)
        attentionScale = try keys.positive("attention.scale", default: 1 / Float(headLength).squareRoot())
        ropeDimensionCount = try keys.length("rope.dimension_count", limit: headLength, default: headLength)
        guard ropeDimensionCount % 2 == 0 else {
            throw keys.unfit("rope.dimension_count", ropeDimensionCount, "an even number")
        }
        rotations = [try keys.rotation(contextLength: contextLength)]
        layers = Array(repeating: LayerForm(), count: layerCount)
        // Also bounded by the tensors that a file may have, each expert's three counted for themselves.
        experts = try keys.experts(
            limit: min(1 << 8, GGUFLimits.tensorCount / (3 * layerCount)), feedForwardLength: feedForwardLength,
            lengthLimit: Self.lengthLimit)
        try family.describe(keys, &self)
        normEpsilon = try keys.positive(
            norm == .layer ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", default: nil)
        ropeStyle = try keys.choice("lapwing.rope.style", default: ropeStyle)
        activation = try keys.choice("lapwing.activation", default: activation)
    }
}
