import CLapwingKernels

/// A matrix in panels and what is added to its product; shapes are [rows, columns] = [outputs, inputs].
///
/// `@unchecked Sendable`: written while the model loads and never after; `region` keeps the memory.
struct PanelProjection: @unchecked Sendable {
    let panels: lw_panels
    let bias: UnsafePointer<Float>
    private let region: Region

    var panelCount: Int { (panels.rows + Int(LW_PANEL_ROWS) - 1) / Int(LW_PANEL_ROWS) }
    var takesBytes: Bool { panels.scales != nil }

    /// Packs the rows of several matrices as those of one.
    init(
        _ matrices: [(weight: [Float], bias: [Float])], columns: Int, precision: EncoderPrecision, workers: Workers
    ) throws {
        let weights = matrices.flatMap(\.weight), biases = matrices.flatMap(\.bias)
        let rows = biases.count, isBytes = precision == .int8
        let panelCount = (rows + Int(LW_PANEL_ROWS) - 1) / Int(LW_PANEL_ROWS)
        var layout = RegionLayout()
        let values = layout.place(lw_panel_bytes(isBytes, rows, columns))
        let scales = layout.place(isBytes ? panelCount * Int(LW_PANEL_ROWS) * MemoryLayout<Float>.stride : 0)
        let bias = layout.place(rows * MemoryLayout<Float>.stride)
        let region = try Region(layout)
        let base = region.base
        workers.forEachRange(panelCount, grain: 1) { range in
            weights.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress else { return }
                if isBytes {
                    _ = lw_pack_byte_panels(
                        source, columns, rows, columns, (base + values).assumingMemoryBound(to: Int8.self),
                        (base + scales).assumingMemoryBound(to: Float.self), range.lowerBound, range.upperBound)
                } else {
                    _ = lw_pack_panels(
                        source, columns, rows, columns, (base + values).assumingMemoryBound(to: Float.self),
                        range.lowerBound, range.upperBound)
                }
            }
        }
        region.floats(at: bias).update(from: biases, count: rows)
        self.region = region
        self.bias = UnsafePointer(region.floats(at: bias))
        panels = lw_panels(
            values: base + values, scales: isBytes ? UnsafePointer(region.floats(at: scales)) : nil, rows: rows,
            columns: columns)
    }
}

/// A layer norm's scale and shift.
struct EncoderNorm: Sendable {
    let weight: [Float]
    let bias: [Float]
}

/// The weights of one encoder layer.
struct EncoderLayer: Sendable {
    let queryKeyValue: PanelProjection  // [3 * dimensions, dimensions]
    let attentionOutput: PanelProjection  // [dimensions, dimensions]
    let attentionNorm: EncoderNorm
    let up: PanelProjection  // [feedForward, dimensions]
    let down: PanelProjection  // [dimensions, feedForward]
    let outputNorm: EncoderNorm
}

/// What makes a score of the first row: the classifier, and a layer with tanh before it where the model has one.
struct EncoderClassifier: Sendable {
    struct Linear: Sendable {
        let weight: [Float]  // [outputs, dimensions]
        let bias: [Float]
    }
    let pooler: Linear?
    let output: Linear  // one output
}

/// All weights of an encoder.
struct EncoderWeights: Sendable {
    let words: [Float]  // [vocabulary, dimensions]
    let positions: [Float]  // [position, dimensions]
    let types: [Float]  // [type, dimensions]
    let embeddingNorm: EncoderNorm
    let layers: [EncoderLayer]
    /// nil for a model of vectors.
    let classifier: EncoderClassifier?
}
