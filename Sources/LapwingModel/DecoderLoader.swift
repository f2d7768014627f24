import CLapwingKernels

/// Finds a decoder's tensors in a file, checks every shape, and packs them in parallel.
struct DecoderLoader {
    private let file: GGUFFile
    private let configuration: ModelConfiguration
    private let placements: [String: Placement]
    private let region: Region

    /// A tensor of the file and where its packed form goes.
    private struct Placement {
        let tensor: TensorInfo
        let layout: lw_layout
        /// 1 for a vector.
        let rows: Int
        let columns: Int
        let offset: Int
    }

    static let embeddingName = "token_embd.weight"
    private static let outputName = "output.weight"
    private static let outputNormName = "output_norm.weight"
    private static let ropeFactorsName = "rope_freqs.weight"

    /// Checks all tensors and reserves the memory; reads no weights yet.
    init(file: GGUFFile, configuration: ModelConfiguration) throws {
        self.file = file
        self.configuration = configuration
        let expected = Self.shapes(configuration, in: file)
        if let stray = file.tensors.values.sorted(by: { $0.name < $1.name }).first(where: { expected[$0.name] == nil })
        {
            throw WeightsError.unexpectedTensor(name: stray.name, offset: stray.offset)
        }
        var layout = RegionLayout()
        var placements: [String: Placement] = [:]
        for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
            placements[name] = try Self.place(name, shape: shape, file: file, layout: &layout)
        }
        self.placements = placements
        region = try Region(layout)
    }

    /// Bytes of all packed weights.
    var packedByteCount: Int { region.byteCount }

    /// Packs all weights, giving the file's pages back as it goes.
    func load(workers: Workers) throws -> DecoderWeights {
        for placement in placements.values.sorted(by: { $0.tensor.offset < $1.tensor.offset }) {
            pack(placement, workers: workers)
        }
        let embedding = try matrix(Self.embeddingName)
        return DecoderWeights(
            embedding: embedding,
            layers: try (0..<configuration.layerCount).map(layer),
            outputNorm: try vector(Self.outputNormName),
            output: placements[Self.outputName] == nil ? embedding : try matrix(Self.outputName),
            ropeFactors: try placements[Self.ropeFactorsName].map { _ in
                let factors = try vector(Self.ropeFactorsName)
                return Array(UnsafeBufferPointer(start: factors.values, count: factors.count))
            } ?? [],
            packedByteCount: region.byteCount)
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
            shapes[block + "ffn_gate.weight"] = [c.embeddingLength, c.feedForwardLength]
            shapes[block + "ffn_up.weight"] = [c.embeddingLength, c.feedForwardLength]
            shapes[block + "ffn_down.weight"] = [c.feedForwardLength, c.embeddingLength]
        }
        return shapes
    }

    private func layer(_ index: Int) throws -> DecoderLayer {
        let block = "blk.\(index)."
        return DecoderLayer(
            attentionNorm: try vector(block + "attn_norm.weight"),
            query: try matrix(block + "attn_q.weight"),
            key: try matrix(block + "attn_k.weight"),
            value: try matrix(block + "attn_v.weight"),
            attentionOutput: try matrix(block + "attn_output.weight"),
            feedForwardNorm: try vector(block + "ffn_norm.weight"),
            gate: try matrix(block + "ffn_gate.weight"),
            up: try matrix(block + "ffn_up.weight"),
            down: try matrix(block + "ffn_down.weight"))
    }
}

// MARK: Packing

extension DecoderLoader {
    private static func place(
        _ name: String, shape: [Int], file: GGUFFile, layout: inout RegionLayout
    ) throws -> Placement {
        let tensor = try file.tensor(name, shape: shape)
        let found = lw_layout_for_type(tensor.type.rawValue)
        let isVector = shape.count == 1
        // Vectors are few and small: those that are not plain floats in the file have no reason to exist.
        guard found >= 0, !isVector || tensor.type == .f32 else {
            throw WeightsError.unsupportedTensorType(name: name, type: tensor.type, offset: tensor.offset)
        }
        let packing = lw_layout(rawValue: UInt32(found))
        let rows = isVector ? 1 : shape[1]
        let strips = (rows + Int(LW_STRIP_ROWS) - 1) / Int(LW_STRIP_ROWS)
        let size = isVector ? tensor.byteCount : strips * lw_strip_bytes(packing, shape[0])
        return Placement(
            tensor: tensor, layout: packing, rows: rows, columns: shape[0], offset: layout.place(size))
    }

    private func pack(_ placement: Placement, workers: Workers) {
        let source = file.bytes(of: placement.tensor)
        if placement.tensor.shape.count == 1 {
            UnsafeMutableRawBufferPointer(start: region.base + placement.offset, count: source.count)
                .copyMemory(from: source)
        } else {
            let matrix = matrix(placement)
            workers.forEachRange(matrix.stripCount, grain: max(8, workers.grain(matrix.stripCount))) { range in
                matrix.pack(source, type: placement.tensor.type.rawValue, strips: range)
            }
        }
        file.releasePages(of: placement.tensor)
    }

    private func matrix(_ placement: Placement) -> PackedMatrix {
        PackedMatrix(
            layout: placement.layout, rows: placement.rows, columns: placement.columns, region: region,
            offset: placement.offset)
    }

    private func matrix(_ name: String) throws -> PackedMatrix {
        guard let placement = placements[name] else { throw WeightsError.missingTensor(name: name) }
        return matrix(placement)
    }

    private func vector(_ name: String) throws -> FloatVector {
        guard let placement = placements[name] else { throw WeightsError.missingTensor(name: name) }
        return FloatVector(count: placement.columns, region: region, offset: placement.offset)
    }
}
