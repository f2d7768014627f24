import CLapwingKernels

/// Finds a decoder's tensors in a file, checks every shape, and packs them in parallel.
struct DecoderLoader {
    private let file: GGUFFile
    private let configuration: ModelConfiguration
    private let tensors: PlacedTensors

    static let embeddingName = "token_embd.weight"

    /// Checks all tensors; reserves no memory and reads no weights yet.
    init(file: GGUFFile, configuration: ModelConfiguration) throws {
        self.file = file
        self.configuration = configuration
        tensors = try PlacedTensors(ExpectedTensors(configuration, in: file).all, in: file)
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

// MARK: Weights

extension DecoderLoader {
    private func weights(in region: Region) throws -> DecoderWeights {
        let loaded = LoadedTensors(tensors: tensors, region: region)
        let embedding = try tensors.matrix(Self.embeddingName, in: region)
        return DecoderWeights(
            embedding: embedding,
            embeddingNorm: try loaded.normIfPresent("token_embd_norm"),
            layers: try configuration.layers.enumerated().map { try layer($0.offset, form: $0.element, of: loaded) },
            outputNorm: try loaded.norm("output_norm"),
            output: try loaded.projectionIfPresent("output")
                ?? Projection(matrix: embedding, bias: try loaded.vectorIfPresent("output.bias")),
            ropeDivisors: RopeDivisors(
                plain: try loaded.vectorIfPresent("rope_freqs.weight")?.array ?? [],
                short: try loaded.vectorIfPresent("rope_factors_short.weight")?.array ?? [],
                long: try loaded.vectorIfPresent("rope_factors_long.weight")?.array ?? []),
            packedByteCount: region.byteCount)
    }

    private func layer(_ index: Int, form: LayerForm, of loaded: LoadedTensors) throws -> DecoderLayer {
        let block = "blk.\(index)."
        func network(_ infix: String) throws -> FeedForward {
            let up = try loaded.projection("\(block)ffn_up\(infix)")
            return FeedForward(
                gate: configuration.isGated ? try loaded.projection("\(block)ffn_gate\(infix)") : up,
                up: configuration.isGated ? up : nil, down: try loaded.projection("\(block)ffn_down\(infix)"))
        }
        let attentionNorm = try loaded.norm("\(block)attn_norm")
        return DecoderLayer(
            form: form,
            attentionNorm: attentionNorm,
            query: try loaded.projection("\(block)attn_q"),
            key: try loaded.projection("\(block)attn_k"),
            value: try loaded.projection("\(block)attn_v"),
            queryNorm: try loaded.vectorIfPresent("\(block)attn_q_norm.weight"),
            keyNorm: try loaded.vectorIfPresent("\(block)attn_k_norm.weight"),
            attentionOutput: try loaded.projection("\(block)attn_output"),
            postAttentionNorm: try loaded.normIfPresent("\(block)post_attention_norm"),
            feedForwardNorm: try loaded.normIfPresent("\(block)ffn_norm") ?? attentionNorm,
            feedForward: try configuration.experts.map { experts in
                .mixture(
                    ExpertMixture(
                        router: try tensors.matrix("\(block)ffn_gate_inp.weight", in: loaded.region),
                        experts: try (0..<experts.count).map { try network(".\($0)") }, counts: experts,
                        shared: try experts.sharedLength.map { _ in
                            SharedExpert(
                                network: try network("_shexp"),
                                gate: try tensors.vector("\(block)ffn_gate_inp_shexp.weight", in: loaded.region))
                        }))
            } ?? .dense(network("")),
            postFeedForwardNorm: try loaded.normIfPresent("\(block)post_ffw_norm"))
    }
}

/// A file's packed tensors by their names less `.weight` and `.bias`.
private struct LoadedTensors {
    let tensors: PlacedTensors
    let region: Region

    func vectorIfPresent(_ name: String) throws -> FloatVector? {
        tensors.contains(name) ? try tensors.vector(name, in: region) : nil
    }

    func norm(_ name: String) throws -> Norm {
        Norm(weight: try tensors.vector(name + ".weight", in: region), bias: try vectorIfPresent(name + ".bias"))
    }

    func normIfPresent(_ name: String) throws -> Norm? {
        tensors.contains(name + ".weight") ? try norm(name) : nil
    }

    func projection(_ name: String) throws -> Projection {
        Projection(matrix: try tensors.matrix(name + ".weight", in: region), bias: try vectorIfPresent(name + ".bias"))
    }

    func projectionIfPresent(_ name: String) throws -> Projection? {
        tensors.contains(name + ".weight") ? try projection(name) : nil
    }
}
