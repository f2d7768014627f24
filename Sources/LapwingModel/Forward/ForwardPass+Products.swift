import CLapwingKernels

/// A product of the current input rows with one matrix.
struct Product {
    let matrix: PackedMatrix
    let output: UnsafeMutablePointer<Float>
    let stride: Int
    let add: Bool

    init(_ matrix: PackedMatrix, to output: UnsafeMutablePointer<Float>, stride: Int, add: Bool = false) {
        self.matrix = matrix
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
                    kernels.pointee.matmul(
                        &matrix, &rows, range.count, &output, part.lowerBound - first, part.upperBound - first)
                }
                first = next
            }
        }
    }
}
