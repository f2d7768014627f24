/// A vector of floats beside the packed matrices.
///
/// `@unchecked Sendable`: written while the model loads and never after; `region` keeps the memory.
package struct FloatVector: @unchecked Sendable {
    package let values: UnsafePointer<Float>
    package let count: Int
    private let region: Region

    var array: [Float] { Array(UnsafeBufferPointer(start: values, count: count)) }

    init(count: Int, region: Region, offset: Int) {
        values = UnsafePointer((region.base + offset).assumingMemoryBound(to: Float.self))
        self.count = count
        self.region = region
    }
}

/// The scale of a norm, and its shift where it has one.
struct Norm: Sendable {
    let weight: FloatVector
    let bias: FloatVector?
}

/// A matrix, and what is added to its product.
struct Projection: Sendable {
    let matrix: PackedMatrix
    let bias: FloatVector?
}

/// The weights of one decoder layer; shapes are [rows, columns] = [outputs, inputs].
struct DecoderLayer: Sendable {
    let form: LayerForm
    let attentionNorm: Norm  // [embedding]
    let query: Projection  // [heads * headLength, embedding]
    let key: Projection  // [kvHeads * headLength, embedding]
    let value: Projection  // [kvHeads * headLength, embedding]
    let queryNorm: FloatVector?  // [headLength]
    let keyNorm: FloatVector?  // [headLength]
    let attentionOutput: Projection  // [embedding, heads * headLength]
    let postAttentionNorm: Norm?  // [embedding]
    let feedForwardNorm: Norm  // [embedding]; that of attention where the file has no other
    let feedForward: FeedForwardPart
    let postFeedForwardNorm: Norm?  // [embedding]
}

/// What follows a layer's attention.
enum FeedForwardPart: Sendable {
    case dense(FeedForward)
    case mixture(ExpertMixture)
}

/// down (activation(gate x) * up x), or down (activation(gate x))
struct FeedForward: Sendable {
    let gate: Projection  // [feedForward, embedding]
    let up: Projection?  // [feedForward, embedding]
    let down: Projection  // [embedding, feedForward]

    var byteCount: Int { gate.matrix.byteCount + (up?.matrix.byteCount ?? 0) + down.matrix.byteCount }
    /// The matrices that read the network's input.
    var inputs: [PackedMatrix] { [gate.matrix] + (up.map { [$0.matrix] } ?? []) }
    var inputTakesBlocks: Bool { gate.matrix.takesBlocks || up?.matrix.takesBlocks ?? false }
}

/// Networks of which each row goes through the few that its router logits choose.
struct ExpertMixture: Sendable {
    let router: PackedMatrix  // [experts, embedding]
    let experts: [FeedForward]
    let counts: ExpertCounts
    let shared: SharedExpert?
}

/// A network that all rows go through beside their experts, each row's result by the logistic function of its product with
/// the gate.
struct SharedExpert: Sendable {
    let network: FeedForward
    let gate: FloatVector  // [embedding]
}

extension DecoderLayer {
    var projectionsTakeBlocks: Bool { query.matrix.takesBlocks || key.matrix.takesBlocks || value.matrix.takesBlocks }

    /// Bytes of matrices that one token alone reads: of a mixture, those of the experts that it goes through.
    var byteCountPerToken: Int {
        let attention = [query, key, value, attentionOutput].reduce(0) { $0 + $1.matrix.byteCount }
        return switch feedForward {
        case .dense(let network): attention + network.byteCount
        case .mixture(let mixture):
            attention + mixture.router.byteCount + mixture.counts.usedCount * (mixture.experts.first?.byteCount ?? 0)
                + (mixture.shared?.network.byteCount ?? 0)
        }
    }
}

/// All weights of a decoder.
struct DecoderWeights: Sendable {
    let embedding: PackedMatrix  // [vocabulary, embedding]
    let embeddingNorm: Norm?  // [embedding]
    let layers: [DecoderLayer]
    let outputNorm: Norm  // [embedding]
    let output: Projection  // [vocabulary, embedding]; the embedding itself where the file ties them
    let ropeDivisors: RopeDivisors
    let packedByteCount: Int
}

/// Divisors of the rotation frequencies, one a pair; empty where the file has none.
struct RopeDivisors: Sendable {
    let plain: [Float]
    /// For contexts up to the length that the model was first trained for, and beyond it.
    let short: [Float]
    let long: [Float]

    /// Those of a model that is run with contexts of that length.
    func divisors(contextLength: Int, originalLength: Int) -> [Float] {
        if long.isEmpty { return plain }
        return contextLength > originalLength ? long : short
    }
}
