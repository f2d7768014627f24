import CLapwingKernels

/// Finds a decoder's tensors in a file, checks every shape, and packs them in parallel.
struct DecoderLoader {
    private let file: GGUFFile
    private let configuration: ModelConfiguration
    private let tensors: PlacedTensors

    static let embeddingName = "token_embd.weight"
    private static let outputName = "output.weight"
    private static let outputNormName = "output_norm.weight"
    private static let ropeFactorsName = "rope_freqs.weight"

    /// Checks all tensors; reserves no memory and reads no weights yet.
    init(file: GGUFFile, configuration: ModelConfiguration) throws {
        self.file = file
        self.configuration = configuration
        tensors = try PlacedTensors(Self.shapes(configuration, in: file), in: file)
    }

    /// Bytes of all packed weights.
    var packedByteCount: Int { tensors.layout.byteCount }

    /// Packs all weights, giving the file's pages back as it goes; with a cache of the packed form only where there is no
    /// sound one.
    func load(workers: Workers, usesCache: Bool) throws -> (weights: DecoderWeights, cache: PackedCacheResult?) {
        guard usesCache, let cache = PackedCache(of: file, tensors: tensors) else {
            return (try weights(in: packed(workers)), nil)
        }
        var unfit: String?
        do {
            if let region = try cache.open(workers: workers) { return (try weights(in: region), .used) }
        } catch let error as PackedCache.Unfit {
            unfit = error.reason
        }
        let region = try packed(workers)
        let result: PackedCacheResult
        do {
            try cache.write(region, workers: workers)
            result = unfit.map(PackedCacheResult.rewritten) ?? .written
        } catch {
            result = .notWritten(reason: "\(error)")
        }
        return (try weights(in: region), result)
    }

    private func packed(_ workers: Workers) throws -> Region {
        let region = try Region(tensors.layout)
        try tensors.pack(file, into: region, workers: workers)
        return region
    }
}

// MARK: Names and shapes

extension DecoderLoader {
    /// Shapes in the file's order, inputs first, of every tensor this configuration needs or may have.
    private static func shapes(_ c: ModelConfiguration, in file: GGUFFile) -> [String: [Int]] {
        var shapes = [
            embeddingName: [c.embeddingLength, c.vocabularySize],
            outputNormName: [c.embeddingLength],
        ]
        if file.tensors[outputName] != nil { shapes[outputName] = [c.embeddingLength, c.vocabularySize] }
        if file.tensors[ropeFactorsName] != nil { shapes[ropeFactorsName] = [c.ropeDimensionCount / 2] }
        for index in 0..<c.layerCount {
            let block = "blk.\(index)."
            shapes[block + "attn_norm.weight"] = [c.embeddingLength]
            shapes[block + "attn_q.weight"] = [c.embeddingLength, c.queryLength]
            shapes[block + "attn_k.weight"] = [c.embeddingLength, c.keyLength]
            shapes[block + "attn_v.weight"] = [c.embeddingLength, c.keyLength]
            shapes[block + "attn_output.weight"] = [c.queryLength, c.embeddingLength]
            shapes[block + "ffn_norm.weight"] = [c.embeddingLength]
            if let experts = c.experts {
                shapes[block + "ffn_gate_inp.weight"] = [c.embeddingLength, experts.count]
            }
            let inner = [c.embeddingLength, c.feedForwardLength], outer = [c.feedForwardLength, c.embeddingLength]
            for (part, shape) in [("gate", inner), ("up", inner), ("down", outer)] {
                guard let experts = c.experts else {
                    shapes["\(block)ffn_\(part).weight"] = shape
                    continue
                }
                // Files of early 2024 have a tensor for each expert, later ones all experts of a part in one.
                if file.tensors["\(block)ffn_\(part).0.weight"] != nil {
                    for expert in 0..<experts.count { shapes["\(block)ffn_\(part).\(expert).weight"] = shape }
                } else {
                    shapes["\(block)ffn_\(part)_exps.weight"] = shape + [experts.count]
                }
            }
        }
        return shapes
    }

    private func weights(in region: Region) throws -> DecoderWeights {
        let embedding = try tensors.matrix(Self.embeddingName, in: region)
        return DecoderWeights(
            embedding: embedding,
            layers: try (0..<configuration.layerCount).map { try layer($0, in: region) },
            outputNorm: try tensors.vector(Self.outputNormName, in: region),
            output: file.tensors[Self.outputName] == nil
                ? embedding : try tensors.matrix(Self.outputName, in: region),
            ropeFactors: file.tensors[Self.ropeFactorsName] == nil
                ? [] : try tensors.vector(Self.ropeFactorsName, in: region).array,
            packedByteCount: region.byteCount)
    }

    private func layer(_ index: Int, in region: Region) throws -> DecoderLayer {
        let block = "blk.\(index)."
        func matrix(_ name: String) throws -> PackedMatrix { try tensors.matrix(block + name, in: region) }
        func network(_ infix: String) throws -> FeedForward {
            FeedForward(
                gate: try matrix("ffn_gate\(infix).weight"), up: try matrix("ffn_up\(infix).weight"),
                down: try matrix("ffn_down\(infix).weight"))
        }
        return DecoderLayer(
            attentionNorm: try tensors.vector(block + "attn_norm.weight", in: region),
            query: try matrix("attn_q.weight"),
            key: try matrix("attn_k.weight"),
            value: try matrix("attn_v.weight"),
            attentionOutput: try matrix("attn_output.weight"),
            feedForwardNorm: try tensors.vector(block + "ffn_norm.weight", in: region),
            feedForward: try configuration.experts.map { experts in
                .mixture(
                    ExpertMixture(
                        router: try matrix("ffn_gate_inp.weight"),
                        experts: try (0..<experts.count).map { try network(".\($0)") }, usedCount: experts.usedCount))
            } ?? .dense(network("")))
    }
}
