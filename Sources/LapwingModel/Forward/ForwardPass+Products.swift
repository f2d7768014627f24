import CLapwingKernels

/// A product of the current input rows with one matrix.
struct Product {
    let matrix: PackedMatrix
    let bias: FloatVector?
    let output: UnsafeMutablePointer<Float>
    let stride: Int
    let add: Bool

    init(_ projection: Projection, to output: UnsafeMutablePointer<Float>, stride: Int, add: Bool = false) {
        matrix = projection.matrix
        bias = projection.bias
        self.output = output
        self.stride = stride
        self.add = add
    }
}

extension ForwardPass {
    /// Queries, keys and values side by side in one row of `scratch.projections`.
    func project(_ layer: DecoderLayer) {
        let c = configuration
        let stride = c.queryLength + 2 * c.keyLength
        let keys = scratch.projections + c.queryLength
        multiply(
            scratch.input,
            by: [
                Product(layer.query, to: scratch.projections, stride: stride),
                Product(layer.key, to: keys, stride: stride),
                Product(layer.value, to: keys + c.keyLength, stride: stride),
            ])
    }

    /// Multiplies all rows, or some of them, with one matrix.
    func multiply(_ input: Activations, by product: Product, rows range: Range<Int>? = nil) {
        multiply(input, by: CollectionOfOne(product), rows: range)
    }

    /// Multiplies all rows, or some of them, with matrices that have the same input, in one parallel loop.
    private func multiply(_ input: Activations, by products: some Collection<Product>, rows range: Range<Int>? = nil) {
        let range = range ?? 0..<rows.count
        squares?.add(input, rows: range, readBy: products.map(\.matrix))
        let total = products.reduce(0) { $0 + $1.matrix.stripCount }
        workers.forEachRange(total, grain: workers.grain(total)) { strips in
            var first = 0
            for product in products {
                let next = first + product.matrix.stripCount
                let part = strips.clamped(to: first..<next)
                if !part.isEmpty {
                    var rows = input.rows(from: range.lowerBound, width: product.matrix.columns)
                    var output = lw_output(values: product.output, stride: product.stride, add: product.add)
                    var matrix = product.matrix.strips
                    let own = part.lowerBound - first..<part.upperBound - first
                    kernels.pointee.matmul(&matrix, &rows, range.count, &output, own.lowerBound, own.upperBound)
                    addBias(of: product, strips: own, rowCount: range.count)
                }
                first = next
            }
        }
    }

    private func addBias(of product: Product, strips: Range<Int>, rowCount: Int) {
        guard let bias = product.bias else { return }
        let strip = Int(LW_STRIP_ROWS)
        let columns = strips.lowerBound * strip..<min(strips.upperBound * strip, product.matrix.rows)
        for row in 0..<rowCount {
            let values = product.output + row * product.stride
            for column in columns { values[column] += bias.values[column] }
        }
    }

    /// Adds a half's result to the residual, through its norm where it has one.
    func add(_ projection: Projection, of input: Activations, norm: Norm?) {
        let width = configuration.embeddingLength
        guard let norm else {
            return multiply(input, by: Product(projection, to: scratch.residual, stride: width, add: true))
        }
        multiply(input, by: Product(projection, to: scratch.branch, stride: width))
        addBranch(norm)
    }

    /// Adds the norm of `scratch.branch` to the residual.
    func addBranch(_ norm: Norm) {
        let width = configuration.embeddingLength
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for r in range {
                // The half has read its input: a row of it is free.
                let out = scratch.input.values + r * width, sums = scratch.residual + r * width
                normalize(scratch.branch + r * width, by: norm, into: out)
                for column in 0..<width { sums[column] += out[column] }
            }
        }
    }
}
