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

/// The weights of one decoder layer; shapes are [rows, columns] = [outputs, inputs].
struct DecoderLayer: Sendable {
    let attentionNorm: FloatVector  // [embedding]
    let query: PackedMatrix  // [heads * headLength, embedding]
    let key: PackedMatrix  // [kvHeads * headLength, embedding]
    let value: PackedMatrix  // [kvHeads * headLength, embedding]
    let attentionOutput: PackedMatrix  // [embedding, heads * headLength]
    let feedForwardNorm: FloatVector  // [embedding]
    let feedForward: FeedForwardPart
}

/// What follows a layer's attention.
enum FeedForwardPart: Sendable {
    case dense(FeedForward)
    case mixture(ExpertMixture)
}

/// down (silu(gate x) * up x)
struct FeedForward: Sendable {
    let gate: PackedMatrix  // [feedForward, embedding]
    let up: PackedMatrix  // [feedForward, embedding]
    let down: PackedMatrix  // [embedding, feedForward]
}

/// Networks of which each row goes through the few that its router logits choose.
struct ExpertMixture: Sendable {
    let router: PackedMatrix  // [experts, embedding]
    let experts: [FeedForward]
    /// Experts that a row goes through.
    let usedCount: Int
}

extension DecoderLayer {
    /// Bytes of matrices that one token alone reads: of a mixture, those of the experts that it goes through.
    var byteCountPerToken: Int {
        let attention = query.byteCount + key.byteCount + value.byteCount + attentionOutput.byteCount
        return switch feedForward {
        case .dense(let network): attention + network.byteCount
        case .mixture(let mixture):
            attention + mixture.router.byteCount + mixture.usedCount * (mixture.experts.first?.byteCount ?? 0)
        }
    }
}

extension FeedForward {
    var byteCount: Int { gate.byteCount + up.byteCount + down.byteCount }
    var inputTakesBlocks: Bool { gate.takesBlocks || up.takesBlocks }
}

/// All weights of a decoder.
struct DecoderWeights: Sendable {
    let embedding: PackedMatrix  // [vocabulary, embedding]
    let layers: [DecoderLayer]
    let outputNorm: FloatVector  // [embedding]
    let output: PackedMatrix  // [vocabulary, embedding]; the embedding itself where the file ties them
    /// Divisors of the rotation frequencies, one a pair; empty where the file has none.
    let ropeFactors: [Float]
    let packedByteCount: Int
}
