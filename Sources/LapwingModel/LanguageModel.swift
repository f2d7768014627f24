import Foundation

/// How a model is loaded.
package struct LoadOptions: Sendable {
    /// A kernel table by name; nil takes `LAPWING_KERNELS`, else the fastest.
    package var kernels: String?
    /// The threads to compute with; nil makes a pool of one thread a core.
    package var workers: Workers?
    /// Whether the packed weights are kept beside the file and mapped from there at the next start.
    package var packedCache: Bool
    /// The longest context that will be run, which chooses among the rotations of a model that has several; nil takes what
    /// the model was trained for.
    package var contextLength: Int?

    package init(
        kernels: String? = nil, workers: Workers? = nil, packedCache: Bool = false, contextLength: Int? = nil
    ) {
        self.kernels = kernels
        self.workers = workers
        self.packedCache = packedCache
        self.contextLength = contextLength
    }
}

/// A decoder ready to run: weights in the kernels' layout, and the threads to run them on.
package final class LanguageModel: Sendable {
    package let configuration: ModelConfiguration
    /// The file, for the tokenizer's and the template's metadata.
    package let file: GGUFFile
    package let kernels: KernelTable
    package let workers: Workers
    /// nil where no packed cache was asked for, or the file is in memory only.
    package let packedCache: PackedCacheResult?
    let weights: DecoderWeights
    let rotations: [RotaryTable]
    /// How much a score falls with each position of distance, for each head.
    let slopes: [Float]

    /// Reads a weight file and packs it; throws `WeightsError` for a damaged file, `ModelError` for one we cannot run.
    package static func load(path: String, options: LoadOptions = LoadOptions()) throws -> LanguageModel {
        try LanguageModel(file: GGUFFile(path: path), options: options)
    }

    package init(file: GGUFFile, options: LoadOptions = LoadOptions()) throws {
        let kernels = try KernelTable(named: options.kernels)
        let configuration = try ModelConfiguration(file: file)
        let loader = try DecoderLoader(file: file, configuration: configuration)
        let workers = options.workers ?? Workers()
        self.file = file
        self.configuration = configuration
        self.kernels = kernels
        self.workers = workers
        (weights, packedCache) = try loader.load(workers: workers, usesCache: options.packedCache)
        let divisors = weights.ropeDivisors
        rotations = configuration.rotations.enumerated().map { index, rotation in
            // Files have divisors for the first rotation only.
            let own = divisors.divisors(
                contextLength: options.contextLength ?? configuration.contextLength,
                originalLength: rotation.originalLength)
            return RotaryTable(
                rotation, dimensionCount: configuration.ropeDimensionCount, divisors: index == 0 ? own : [])
        }
        slopes = Self.slopes(headCount: configuration.headCount, bias: configuration.alibiBias)
    }

    /// A cache of `pageCount` pages for this model's shapes; pages take memory when first written.
    package func makeCache(pageCount: Int, format: KVCacheFormat = .int8) throws -> KVCache {
        try KVCache(pageCount: pageCount, format: format, configuration: configuration)
    }

    /// Bytes of packed weights.
    package var weightByteCount: Int { weights.packedByteCount }

    /// Bytes of packed weights that one token alone reads; of the embedding it reads no more than a row.
    package var weightByteCountPerToken: Int {
        weights.layers.reduce(weights.output.matrix.byteCount) { $0 + $1.byteCountPerToken }
    }

    /// A geometric sequence from 2^(-bias / heads) on for a power of two of heads; for other counts that of the power below,
    /// and between its members those of the power above: https://arxiv.org/abs/2108.12409, section 3, and its code.
    static func slopes(headCount: Int, bias: Float) -> [Float] {
        guard bias > 0 else { return Array(repeating: 0, count: headCount) }
        let power = 1 << (Int.bitWidth - 1 - headCount.leadingZeroBitCount)
        return (0..<headCount).map { head in
            head < power
                ? exp2(-bias / Float(power) * Float(head + 1))
                : exp2(-bias / Float(2 * power) * Float(2 * (head - power) + 1))
        }
    }
}
