import CLapwingKernels

/// One pass of some sequences through all layers: their rows lie end to end, without padding, and attention keeps to each
/// sequence. What a row becomes does not depend on the other sequences: every sum has its own order.
struct EncoderPass {
    let c: EncoderConfiguration
    let weights: EncoderWeights
    let kernels: UnsafePointer<lw_kernels>
    /// The threads that share the pass; nil where other passes have them.
    let workers: Workers?
    let scratch: EncoderScratch
    let sequences: [EncoderSequence]
    private let rowCount: Int
    private let starts: [Int]

    init(_ sequences: [EncoderSequence], of model: EncoderModel, in scratch: EncoderScratch, workers: Workers?) {
        (c, weights, kernels) = (model.configuration, model.weights, model.kernels.functions)
        (self.workers, self.scratch, self.sequences) = (workers, scratch, sequences)
        var starts: [Int] = [], row = 0
        for sequence in sequences {
            starts.append(row)
            row += sequence.tokens.count
        }
        precondition(row <= scratch.rowLimit, "the pass fits its memory")
        (self.starts, rowCount) = (starts, row)
    }

    /// Leaves the last layer's rows in `scratch.hidden`.
    func run() {
        embed()
        for layer in weights.layers {
            multiply(scratch.hidden, c.dimensionCount, by: layer.queryKeyValue, to: scratch.queryKeyValue)
            attend()
            multiply(scratch.context, c.dimensionCount, by: layer.attentionOutput, to: scratch.hidden, add: true)
            normalize(scratch.hidden, by: layer.attentionNorm, to: scratch.middle)
            multiply(scratch.middle, c.dimensionCount, by: layer.up, to: scratch.inner)
            activate()
            multiply(scratch.inner, c.feedForwardLength, by: layer.down, to: scratch.middle, add: true)
            normalize(scratch.middle, by: layer.outputNorm, to: scratch.hidden)
        }
    }

    /// The rows of one sequence after `run`.
    func rows(of sequence: Int) -> (start: UnsafeMutablePointer<Float>, count: Int) {
        (scratch.hidden + starts[sequence] * c.dimensionCount, sequences[sequence].tokens.count)
    }

    private func forEachRange(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        if let workers { workers.forEachRange(count, grain: grain, body) } else if count > 0 { body(0..<count) }
    }

    /// Rows that a thread takes at least where it passes over each for a short time.
    private static let rowGrain = 16
}

// MARK: Rows

extension EncoderPass {
    /// The sum of the word's, the position's and the type's vector, normalised.
    private func embed() {
        let width = c.dimensionCount
        weights.words.withUnsafeBufferPointer { words in
            weights.positions.withUnsafeBufferPointer { positions in
                weights.types.withUnsafeBufferPointer { types in
                    for (index, sequence) in sequences.enumerated() {
                        for (position, token) in sequence.tokens.enumerated() {
                            let out = scratch.middle + (starts[index] + position) * width
                            let word = Int(token) * width, place = position * width
                            let type = position < sequence.secondStart ? 0 : width
                            for i in 0..<width { out[i] = words[word + i] + types[type + i] + positions[place + i] }
                        }
                    }
                }
            }
        }
        normalize(scratch.middle, by: weights.embeddingNorm, to: scratch.hidden)
    }

    private func normalize(_ from: UnsafeMutablePointer<Float>, by norm: EncoderNorm, to: UnsafeMutablePointer<Float>) {
        let width = c.dimensionCount
        norm.weight.withUnsafeBufferPointer { weight in
            norm.bias.withUnsafeBufferPointer { bias in
                guard let weight = weight.baseAddress, let bias = bias.baseAddress else { return }
                forEachRange(rowCount, grain: Self.rowGrain) { range in
                    for row in range {
                        kernels.pointee.layer_norm(
                            from + row * width, weight, bias, c.normEpsilon, to + row * width, width)
                    }
                }
            }
        }
    }

    private func activate() {
        let width = c.feedForwardLength, values = scratch.inner
        forEachRange(rowCount, grain: Self.rowGrain) { range in
            let first = values + range.lowerBound * width, count = range.count * width
            switch c.activation {
            case .gelu: kernels.pointee.gelu(first, nil, first, count)
            case .geluErf: kernels.pointee.gelu_erf(first, nil, first, count)
            case .silu: preconditionFailure("no encoder has SiLU")
            }
        }
    }

    /// y = w x + bias, or added to y.
    private func multiply(
        _ input: UnsafeMutablePointer<Float>, _ width: Int, by projection: PanelProjection,
        to output: UnsafeMutablePointer<Float>, add: Bool = false
    ) {
        let byteStride = (width + 3) / 4 * 4
        if projection.takesBytes {
            forEachRange(rowCount, grain: Self.rowGrain) { range in
                for row in range {
                    kernels.pointee.encode(
                        input + row * width, width, scratch.bytes + row * byteStride, scratch.scales + row,
                        scratch.sums + row)
                }
            }
        }
        // A multiple of what the kernels take at once.
        forEachRange(projection.panelCount, grain: 6) { range in
            var panels = projection.panels
            var rows = lw_rows(
                values: input, stride: width, bytes: scratch.bytes, byte_stride: byteStride, scales: scratch.scales,
                sums: scratch.sums)
            var target = lw_output(values: output, stride: projection.panels.rows, add: add)
            kernels.pointee.gemm(
                &panels, &rows, rowCount, projection.bias, &target, range.lowerBound, range.upperBound)
        }
    }
}

// MARK: Attention

extension EncoderPass {
    /// Each sequence and head by itself: keys and values become panels of a product, queries and weights its input.
    private func attend() {
        let heads = c.headCount
        forEachRange(sequences.count * heads, grain: max(1, sequences.count * heads / 8)) { range in
            let longest = range.map { sequences[$0 / heads].tokens.count }.max() ?? 0
            let padded = (longest + 15) / 16 * 16, headPadded = (c.headLength + 15) / 16 * 16
            let capacity = padded * c.headLength + longest * headPadded + longest * padded
            withUnsafeTemporaryAllocation(of: Float.self, capacity: capacity) { memory in
                guard let keys = memory.baseAddress else { return }
                let values = keys + padded * c.headLength
                for item in range {
                    attend(item / heads, head: item % heads, keys, values, values + longest * headPadded)
                }
            }
        }
    }

    private func attend(
        _ sequence: Int, head: Int, _ keys: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>,
        _ scores: UnsafeMutablePointer<Float>
    ) {
        let count = sequences[sequence].tokens.count, length = c.headLength, width = c.dimensionCount
        let panelRows = Int(LW_PANEL_ROWS), panelCount = (count + panelRows - 1) / panelRows
        let padded = panelCount * panelRows
        let query = scratch.queryKeyValue + starts[sequence] * 3 * width + head * length
        lw_pack_panels(query + width, 3 * width, count, length, keys, 0, panelCount)
        lw_pack_transposed(query + 2 * width, 3 * width, length, count, values)

        func multiply(
            _ panels: UnsafeMutablePointer<Float>, rows: Int, columns: Int, _ input: UnsafeMutablePointer<Float>,
            stride: Int, to output: UnsafeMutablePointer<Float>, stride outputStride: Int
        ) {
            var matrix = lw_panels(values: panels, scales: nil, rows: rows, columns: columns)
            var input = lw_rows(
                values: input, stride: stride, bytes: scratch.bytes, byte_stride: 0, scales: scratch.scales,
                sums: scratch.sums)
            var output = lw_output(values: output, stride: outputStride, add: false)
            kernels.pointee.gemm(&matrix, &input, count, nil, &output, 0, (rows + panelRows - 1) / panelRows)
        }
        // The last panel's other keys are zero; their scores have a place, and the softmax passes them over.
        multiply(keys, rows: padded, columns: length, query, stride: 3 * width, to: scores, stride: padded)
        let scale = 1 / Float(length).squareRoot()
        for row in 0..<count { kernels.pointee.softmax(scores + row * padded, count, scale) }
        let out = scratch.context + starts[sequence] * width + head * length
        multiply(values, rows: length, columns: count, scores, stride: padded, to: out, stride: width)
    }
}
