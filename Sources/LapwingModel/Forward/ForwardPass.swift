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
        let all = StepRows(step, cache: cache, vocabularySize: configuration.vocabularySize)
        all.tables.withUnsafeBufferPointer { tables in
            var start = 0
            while start < all.rows.count {
                let end = min(start + Scratch.rowLimit, all.rows.count)
                var pass = ForwardPass(model: self, cache: cache, tables: tables, rows: Array(all.rows[start..<end]))
                pass.run(onLogits: onLogits)
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

    let configuration: ModelConfiguration
    let scratch: Scratch
    let workers: Workers
    let kernels: UnsafePointer<lw_kernels>

    init(model: LanguageModel, cache: KVCache, tables: UnsafeBufferPointer<Int32>, rows: [Row]) {
        self.model = model
        self.cache = cache
        self.tables = tables
        self.rows = rows
        configuration = model.configuration
        scratch = cache.scratch
        workers = model.workers
        kernels = model.kernels.functions
    }

    mutating func run(onLogits: (_ row: Int, UnsafeMutableBufferPointer<Float>) -> Void) {
        let width = configuration.embeddingLength
        embed()
        rotateAngles()
        var plan = AttentionPlan(rows: rows, kvHeadCount: configuration.kvHeadCount)
        for (index, layer) in model.weights.layers.enumerated() {
            normalize(
                by: layer.attentionNorm,
                asBlocks: layer.query.takesBlocks || layer.key.takesBlocks || layer.value.takesBlocks)
            project(layer)
            rotateAndStore(layer: index)
            if index == configuration.layerCount - 1, rows.contains(where: { !$0.wantsLogits }) {
                keepRowsWithLogits()
                guard !rows.isEmpty else { return }
                plan = AttentionPlan(rows: rows, kvHeadCount: configuration.kvHeadCount)
            }
            attend(layer: index, plan: plan)
            finishAttention(plan: plan, for: layer.attentionOutput)
            multiply(
                scratch.input, by: Product(layer.attentionOutput, to: scratch.residual, stride: width, add: true))
            feedForward(layer)
        }
        predict(onLogits)
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
                model.weights.embedding.row(Int(rows[r].token), into: scratch.residual + r * width)
            }
        }
    }

    /// Cosines and sines of every row's angles, each pair's value twice.
    func rotateAngles() {
        let dimensions = configuration.ropeDimensionCount
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let cosines = scratch.cosines + r * dimensions, sines = scratch.sines + r * dimensions
                for (pair, frequency) in model.ropeFrequencies.enumerated() {
                    let angle = Double(rows[r].position) * frequency
                    let cosine = Float(cos(angle)), sine = Float(sin(angle))
                    (cosines[2 * pair], cosines[2 * pair + 1]) = (cosine, cosine)
                    (sines[2 * pair], sines[2 * pair + 1]) = (sine, sine)
                }
            }
        }
    }

    /// Root-mean-square norm of the residual, also as blocks where one of the next products reads them.
    func normalize(by weight: FloatVector, asBlocks: Bool) {
        let width = configuration.embeddingLength
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let out = scratch.input.values + r * width
                kernels.pointee.rms_norm(
                    scratch.residual + r * width, weight.values, configuration.normEpsilon, out, width)
                if asBlocks { scratch.input.quantize(row: r, width: width, by: kernels) }
            }
        }
    }

    /// Rotates queries and keys in place and stores keys and values in the cache.
    func rotateAndStore(layer: Int) {
        let c = configuration
        let length = c.headLength, rotated = c.ropeDimensionCount
        let stride = c.queryLength + 2 * c.keyLength
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                let queries = scratch.projections + r * stride
                let cosines = scratch.cosines + r * rotated, sines = scratch.sines + r * rotated
                for head in 0..<c.headCount + c.kvHeadCount {
                    kernels.pointee.rope(queries + head * length, cosines, sines, rotated)
                }
                guard let table = tables.baseAddress else { return }
                let keys = queries + c.queryLength, values = keys + c.keyLength
                for head in 0..<c.kvHeadCount {
                    var pages = cache.pages(layer: layer, kvHead: head, table: table + rows[r].tableStart)
                    cache.store(
                        &pages, position: rows[r].position, key: keys + head * length, value: values + head * length,
                        by: kernels)
                }
            }
        }
    }
}
