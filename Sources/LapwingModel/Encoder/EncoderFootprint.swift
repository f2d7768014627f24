/// The memory that an encoder takes, about, told from its file's header before any weight is read.
package struct EncoderFootprint: Sendable {
    package let maximumLength: Int
    package let weightByteCount: Int
    package let scratchByteCount: Int

    /// Throws what loading would throw for a file that cannot be run.
    package init(_ file: GGUFFile) throws {
        let configuration = try EncoderConfiguration(file: file)
        maximumLength = configuration.maximumLength
        let elements = file.tensors.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
        weightByteCount = elements * MemoryLayout<Float>.stride
        // Some values a row: states, queries, keys, values and the feed-forward's.
        let row = 6 * configuration.dimensionCount + 2 * configuration.feedForwardLength
        scratchByteCount = 2 * maximumLength * row * MemoryLayout<Float>.stride
    }
}
