import Foundation

/// The memory that an encoder takes, about, told from its file's header before any weight is read.
package struct EncoderFootprint: Sendable {
    package let maximumLength: Int
    package let weightByteCount: Int
    package let scratchByteCount: Int

    /// Throws what loading would throw for a file that cannot be run.
    package init(
        _ file: GGUFFile, precision: EncoderPrecision = .float32,
        threadCount: Int = ProcessInfo.processInfo.activeProcessorCount
    ) throws {
        let configuration = try EncoderConfiguration(file: file)
        maximumLength = configuration.maximumLength
        weightByteCount = file.tensors.values.reduce(0) { sum, tensor in
            // The layers' matrices alone are multiplied with, so that they alone are kept as bytes.
            let isMatrix = tensor.name.hasPrefix("blk.") && tensor.shape.count == 2
            let stride = isMatrix && precision == .int8 ? 1 : MemoryLayout<Float>.stride
            return sum + tensor.shape.reduce(stride, *)
        }
        // Some values a row: states, queries, keys, values and the feed-forward's; then one head's keys, values and scores.
        let rows = EncoderModel.scratchRows(for: maximumLength)
        let row = 6 * configuration.dimensionCount + 2 * configuration.feedForwardLength
        let attention = maximumLength * (2 * (configuration.headLength + 16) + maximumLength + 16)
        scratchByteCount = threadCount * (rows * row + attention) * MemoryLayout<Float>.stride
    }
}
