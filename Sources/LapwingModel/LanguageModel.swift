import Foundation

/// How a model is loaded.
package struct LoadOptions: Sendable {
    /// A kernel table by name; nil takes `LAPWING_KERNELS`, else the fastest.
    package var kernels: String?
    /// The threads to compute with; nil makes a pool of one thread a core.
    package var workers: Workers?
    /// Whether the packed weights are kept beside the file and mapped from there at the next start.
    package var packedCache: Bool

    package init(kernels: String? = nil, workers: Workers? = nil, packedCache: Bool = false) {
        self.kernels = kernels
        self.workers = workers
        self.packedCache = packedCache
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
    /// Radians a position of each rotated pair.
    let ropeFrequencies: [Double]

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
        ropeFrequencies = Self.frequencies(configuration, factors: weights.ropeFactors)
    }

    /// A cache of `pageCount` pages for this model's shapes; pages take memory when first written.
    package func makeCache(pageCount: Int, format: KVCacheFormat = .int8) throws -> KVCache {
        try KVCache(pageCount: pageCount, format: format, configuration: configuration)
    }

    /// Bytes of packed weights.
    package var weightByteCount: Int { weights.packedByteCount }

    /// Bytes of packed weights that one token alone reads; of the embedding it reads no more than a row.
    package var weightByteCountPerToken: Int {
        weights.layers.reduce(weights.output.byteCount) { $0 + $1.byteCountPerToken }
    }

    /// base^(-2i / dimensions) / factor: rotary embedding, with the divisors that newer Llama files carry.
    private static func frequencies(_ configuration: ModelConfiguration, factors: [Float]) -> [Double] {
        (0..<configuration.ropeDimensionCount / 2).map { pair in
            let exponent = -2 * Double(pair) / Double(configuration.ropeDimensionCount)
            let factor = factors.isEmpty ? 1 : Double(factors[pair])
            return pow(Double(configuration.ropeBase), exponent) / factor / Double(configuration.ropeScale)
        }
    }
}
