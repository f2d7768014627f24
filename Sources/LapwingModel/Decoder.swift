/// A vector of floats beside the packed matrices.
///
/// `@unchecked Sendable`: written while the model loads and never after; `region` keeps the memory.
package struct FloatVector: @unchecked Sendable {
    package let values: UnsafePointer<Float>
    package let count: Int
    private let region: Region

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
    let gate: PackedMatrix  // [feedForward, embedding]
    let up: PackedMatrix  // [feedForward, embedding]
    let down: PackedMatrix  // [embedding, feedForward]
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
