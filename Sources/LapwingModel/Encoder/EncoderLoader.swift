/// Finds an encoder's tensors in a file, checks every shape, and packs them.
struct EncoderLoader {
    private let file: GGUFFile
    private let c: EncoderConfiguration

    init(file: GGUFFile, configuration: EncoderConfiguration) {
        self.file = file
        c = configuration
    }

    /// Throws for a tensor that is missing, of another shape, not finite, or not one of this architecture's.
    func load(precision: EncoderPrecision, workers: Workers) throws -> EncoderWeights {
        try checkShapes()
        let words = try values("token_embd.weight", [c.dimensionCount, c.vocabularySize])
        let positions = try values("position_embd.weight", [c.dimensionCount, c.maximumLength])
        let types = try values("token_types.weight", [c.dimensionCount, c.typeCount])
        return EncoderWeights(
            words: words, positions: positions, types: types, embeddingNorm: try norm("token_embd_norm"),
            layers: try (0..<c.layerCount).map { index in
                let block = "blk.\(index)."
                func packed(_ names: [String], columns: Int, rows: Int) throws -> PanelProjection {
                    try PanelProjection(
                        names.map { try linear(block + $0, columns: columns, rows: rows) }, columns: columns,
                        precision: precision, workers: workers)
                }
                return EncoderLayer(
                    queryKeyValue: try packed(
                        ["attn_q", "attn_k", "attn_v"], columns: c.dimensionCount, rows: c.dimensionCount),
                    attentionOutput: try packed(["attn_output"], columns: c.dimensionCount, rows: c.dimensionCount),
                    attentionNorm: try norm(block + "attn_output_norm"),
                    up: try packed(["ffn_up"], columns: c.dimensionCount, rows: c.feedForwardLength),
                    down: try packed(["ffn_down"], columns: c.feedForwardLength, rows: c.dimensionCount),
                    outputNorm: try norm(block + "layer_output_norm"))
            },
            classifier: c.pooling == .score ? try classifier() : nil)
    }

    /// Before any weight is read or memory reserved.
    private func checkShapes() throws(WeightsError) {
        var shapes: [String: [Int]] = [
            "token_embd.weight": [c.dimensionCount, c.vocabularySize],
            "position_embd.weight": [c.dimensionCount, c.maximumLength],
            "token_types.weight": [c.dimensionCount, c.typeCount],
        ]
        func add(_ name: String, _ columns: Int?, _ rows: Int) {
            shapes[name + ".weight"] = (columns.map { [$0] } ?? []) + [rows]
            shapes[name + ".bias"] = [rows]
        }
        add("token_embd_norm", nil, c.dimensionCount)
        for index in 0..<c.layerCount {
            let block = "blk.\(index)."
            for name in ["attn_q", "attn_k", "attn_v", "attn_output"] {
                add(block + name, c.dimensionCount, c.dimensionCount)
            }
            add(block + "ffn_up", c.dimensionCount, c.feedForwardLength)
            add(block + "ffn_down", c.feedForwardLength, c.dimensionCount)
            add(block + "attn_output_norm", nil, c.dimensionCount)
            add(block + "layer_output_norm", nil, c.dimensionCount)
        }
        // A model of vectors may have kept the pooler, which they do not go through.
        if file.tensors["cls.weight"] != nil { add("cls", c.dimensionCount, c.dimensionCount) }
        if c.pooling == .score { add("cls.output", c.dimensionCount, 1) }
        let found = file.tensors.values.sorted { $0.name < $1.name }
        if let stray = found.first(where: { shapes[$0.name] == nil }) {
            throw .unexpectedTensor(name: stray.name, offset: stray.offset)
        }
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) { _ = try file.tensor(name, shape: shape) }
    }

    private func classifier() throws(WeightsError) -> EncoderClassifier {
        EncoderClassifier(
            pooler: file.tensors["cls.weight"] == nil
                ? nil : try classifierLayer("cls", rows: c.dimensionCount),
            output: try classifierLayer("cls.output", rows: 1))
    }

    private func classifierLayer(_ name: String, rows: Int) throws(WeightsError) -> EncoderClassifier.Linear {
        let (weight, bias) = try linear(name, columns: c.dimensionCount, rows: rows)
        return EncoderClassifier.Linear(weight: weight, bias: bias)
    }

    private func linear(
        _ name: String, columns: Int, rows: Int
    ) throws(WeightsError) -> (weight: [Float], bias: [Float]) {
        (try values("\(name).weight", [columns, rows]), try values("\(name).bias", [rows]))
    }

    private func norm(_ name: String) throws(WeightsError) -> EncoderNorm {
        EncoderNorm(
            weight: try values("\(name).weight", [c.dimensionCount]),
            bias: try values("\(name).bias", [c.dimensionCount]))
    }

    /// A tensor of any readable type as floats.
    private func values(_ name: String, _ shape: [Int]) throws(WeightsError) -> [Float] {
        let tensor = try file.tensor(name, shape: shape)
        let values = try file.dequantize(tensor)
        file.releasePages(of: tensor)
        guard values.allSatisfy({ $0.isFinite }) else {
            throw .invalid(
                field: "the tensor \"\(name)\"", offset: tensor.offset, found: "a value that is infinite or no number",
                expected: "finite values")
        }
        return values
    }
}
