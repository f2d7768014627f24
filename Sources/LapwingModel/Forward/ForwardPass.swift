import CLapwingKernels
import Foundation

extension LanguageModel {
    /// Runs a step's rows through the model, writes their keys and values into the cache, and hands out logits.
    ///
    /// `onLogits` is called for the rows that asked, ascending; the buffer is valid and the caller's to change during
    /// the call only. A row's result does not depend on the other rows of the step, bit for bit.
    package func forward(
        _ step: ModelStep, cache: KVCache, onLogits: (_ row: Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        runPasses(step, cache: cache) { $0.predict(onLogits) }
    }

    /// As `forward`, but the rows that ask for logits get what the output head would read: the last layer's states after the
    /// final norm, [embedding].
    package func forwardStates(
        _ step: ModelStep, cache: KVCache, onStates: (_ row: Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        runPasses(step, cache: cache) { $0.finish(onStates) }
    }

    /// Runs a step's rows for the squares of what its matrices read.
    func observe(_ step: ModelStep, cache: KVCache, by squares: InputSquares) {
        runPasses(step, cache: cache, squares: squares) { $0.predict { _, _ in } }
    }

    private func runPasses(
        _ step: ModelStep, cache: KVCache, squares: InputSquares? = nil, finish: (ForwardPass) -> Void
    ) {
        let all = StepRows(step, cache: cache, vocabularySize: configuration.vocabularySize)
        all.tables.withUnsafeBufferPointer { tables in
            var start = 0
            while start < all.rows.count {
                let end = min(start + Scratch.rowLimit, all.rows.count)
                var pass = ForwardPass(
                    model: self, cache: cache, tables: tables, rows: Array(all.rows[start..<end]), squares: squares)
                pass.run(finish: finish)
                start = end
            }
        }
    }
}

/// At most `Scratch.rowLimit` rows on their way through the layers.
///
/// The residual stream is `scratch.residual`; every product reads `scratch.input` or `scratch.hidden`, which the step
/// before it filled. Each step is one parallel loop over rows, strips of weights, or attention items.
struct ForwardPass {
    let model: LanguageModel
    let cache: KVCache
    let tables: UnsafeBufferPointer<Int32>
    var rows: [Row]
    /// What gets the inputs of products; nil in all passes but those of calibration.
    let squares: InputSquares?

    let configuration: ModelConfiguration
    let scratch: Scratch
    let workers: Workers
    let kernels: UnsafePointer<lw_kernels>

    init(
        model: LanguageModel, cache: KVCache, tables: UnsafeBufferPointer<Int32>, rows: [Row],
        squares: InputSquares? = nil
    ) {
        self.model = model
        self.cache = cache
        self.tables = tables
        self.rows = rows
        self.squares = squares
        configuration = model.configuration
        scratch = cache.scratch
        workers = model.workers
        kernels = model.kernels.functions
    }

    mutating func run(finish: (ForwardPass) -> Void) {
        embed()
        rotateAngles()
        var plan = AttentionPlan(rows: rows, kvHeadCount: configuration.kvHeadCount)
        for (index, layer) in model.weights.layers.enumerated() {
            normalize(by: layer.attentionNorm, asBlocks: layer.projectionsTakeBlocks)
            project(layer)
            rotateAndStore(index, layer)
            if index == configuration.layerCount - 1, rows.contains(where: { !$0.wantsLogits }) {
                keepRowsWithLogits()
                guard !rows.isEmpty else { return }
                plan = AttentionPlan(rows: rows, kvHeadCount: configuration.kvHeadCount)
            }
            // Attention reads no more of the residual: halves side by side may add to it in either order.
            if configuration.hasParallelHalves { feedForward(layer) }
            attend(index, window: layer.form.window, plan: plan)
            finishAttention(plan: plan, for: layer.attentionOutput.matrix)
            add(layer.attentionOutput, of: scratch.input, norm: layer.postAttentionNorm)
            if !configuration.hasParallelHalves { feedForward(layer) }
        }
        finish(self)
    }

    /// The last layer's keys and values are stored; only rows whose logits are wanted go further.
    private mutating func keepRowsWithLogits() {
        let embedding = configuration.embeddingLength
        let projected = configuration.queryLength + 2 * configuration.keyLength
        var kept: [Row] = []
        for (from, row) in rows.enumerated() where row.wantsLogits {
            let to = kept.count
            if to != from {
                (scratch.residual + to * embedding).update(from: scratch.residual + from * embedding, count: embedding)
                (scratch.projections + to * projected)
                    .update(from: scratch.projections + from * projected, count: configuration.queryLength)
            }
            kept.append(row)
        }
        rows = kept
    }
}

// MARK: Rows

extension ForwardPass {
    /// Rows that one thread takes at a time where a row is little work.
    static let rowGrain = 4

    func embed() {
        let width = configuration.embeddingLength
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let values = scratch.residual + r * width
                model.weights.embedding.row(Int(rows[r].token), into: values)
                if configuration.embeddingScale != 1 {
                    for column in 0..<width { values[column] *= configuration.embeddingScale }
                }
                if let norm = model.weights.embeddingNorm {
                    let plain = scratch.input.values + r * width
                    plain.update(from: values, count: width)
                    normalize(plain, by: norm, into: values)
                }
            }
        }
    }

    /// Cosines and sines of every row's angles in every rotation, each pair's value twice.
    func rotateAngles() {
        let dimensions = configuration.ropeDimensionCount
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                for (rotation, table) in model.rotations.enumerated() {
                    let start = (rotation * Scratch.rowLimit + r) * dimensions
                    let cosines = scratch.cosines + start, sines = scratch.sines + start
                    for (pair, frequency) in table.frequencies.enumerated() {
                        let angle = Double(rows[r].position) * frequency
                        let cosine = Float(cos(angle)) * table.magnitude, sine = Float(sin(angle)) * table.magnitude
                        (cosines[2 * pair], cosines[2 * pair + 1]) = (cosine, cosine)
                        (sines[2 * pair], sines[2 * pair + 1]) = (sine, sine)
                    }
                }
            }
        }
    }

    /// One row's norm, of the kind that the model has.
    func normalize(_ row: UnsafePointer<Float>, by norm: Norm, into out: UnsafeMutablePointer<Float>) {
        let (epsilon, width) = (configuration.normEpsilon, configuration.embeddingLength)
        switch configuration.norm {
        case .rootMeanSquare: kernels.pointee.rms_norm(row, norm.weight.values, epsilon, out, width)
        case .layer: kernels.pointee.layer_norm(row, norm.weight.values, norm.bias?.values, epsilon, out, width)
        }
    }

    /// The residual's norm, also as blocks where one of the next products reads them.
    func normalize(by norm: Norm, asBlocks: Bool) {
        let width = configuration.embeddingLength
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let out = scratch.input.values + r * width
                normalize(scratch.residual + r * width, by: norm, into: out)
                if asBlocks { scratch.input.quantize(row: r, width: width, by: kernels) }
            }
        }
    }

    /// Normalises and rotates queries and keys in place and stores keys and values in the cache.
    func rotateAndStore(_ index: Int, _ layer: DecoderLayer) {
        let c = configuration
        let length = c.headLength, rotated = c.ropeDimensionCount
        let stride = c.queryLength + 2 * c.keyLength
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let queries = scratch.projections + r * stride
                if let norm = layer.queryNorm { normalizeHeads(queries, c.headCount, by: norm) }
                if let norm = layer.keyNorm { normalizeHeads(queries + c.queryLength, c.kvHeadCount, by: norm) }
                if let rotation = layer.form.rotation {
                    let start = (rotation * Scratch.rowLimit + r) * rotated
                    let cosines = scratch.cosines + start, sines = scratch.sines + start
                    for head in 0..<c.headCount + c.kvHeadCount {
                        switch c.ropeStyle {
                        case .adjacent: kernels.pointee.rope(queries + head * length, cosines, sines, rotated)
                        case .halves: kernels.pointee.rope_halves(queries + head * length, cosines, sines, rotated)
                        }
                    }
                }
                guard let table = tables.baseAddress else { return }
                let keys = queries + c.queryLength, values = keys + c.keyLength
                for head in 0..<c.kvHeadCount {
                    var pages = cache.pages(layer: index, kvHead: head, table: table + rows[r].tableStart)
                    cache.store(
                        &pages, position: rows[r].position, key: keys + head * length, value: values + head * length,
                        by: kernels)
                }
            }
        }
    }

    /// Root-mean-square norm of each head, in place.
    private func normalizeHeads(_ heads: UnsafeMutablePointer<Float>, _ count: Int, by norm: FloatVector) {
        let length = configuration.headLength
        withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { plain in
            guard let plain = plain.baseAddress else { return }
            for head in 0..<count {
                plain.update(from: heads + head * length, count: length)
                kernels.pointee.rms_norm(
                    plain, norm.values, configuration.normEpsilon, heads + head * length, length)
            }
        }
    }
}
