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

    /// Multiplies all rows, or some of them, with matrices that have the same input, in one parallel loop.
    func multiply(_ input: Activations, by products: [Product], rows range: Range<Int>? = nil) {
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

// MARK: Feed-forward

extension ForwardPass {
    /// Floats of one tile of gate or up values, so that both stay in the first-level cache.
    private static let tileFloats = 4_096
    /// Rows that go through a tile of hidden values together.
    private static let tileRows = 64
    /// Hidden values that one thread takes at least: a few strips, so that a call is some work.
    private static let unit = 4 * Int(LW_STRIP_ROWS)

    /// silu(gate x) * (up x) into `scratch.hidden`: both products and the activation in one parallel loop.
    func feedForward(_ layer: DecoderLayer) {
        let width = layer.gate.rows, unit = Self.unit
        let units = (width + unit - 1) / unit
        let tileRows = min(rows.count, Self.tileRows)
        let unitsAtOnce = max(1, Self.tileFloats / (unit * tileRows))
        let capacity = tileRows * unitsAtOnce * unit
        workers.forEachRange(units, grain: workers.grain(units)) { range in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * capacity) { tile in
                guard let gates = tile.baseAddress else { return }
                for start in stride(from: range.lowerBound, to: range.upperBound, by: unitsAtOnce) {
                    let columns = start * unit..<min(min(start + unitsAtOnce, range.upperBound) * unit, width)
                    for row in stride(from: 0, to: rows.count, by: tileRows) {
                        let tileRange = row..<min(row + tileRows, rows.count)
                        hidden(layer, rows: tileRange, columns: columns, gates: gates, ups: gates + capacity)
                    }
                }
            }
        }
        guard layer.down.takesBlocks else { return }
        workers.forEachRange(rows.count, grain: Self.rowGrain) { range in
            for row in range { scratch.hidden.quantize(row: row, width: width, by: kernels) }
        }
    }

    /// One tile of hidden values: `gates` and `ups` hold it as [row][column] on the way.
    private func hidden(
        _ layer: DecoderLayer, rows: Range<Int>, columns: Range<Int>, gates: UnsafeMutablePointer<Float>,
        ups: UnsafeMutablePointer<Float>
    ) {
        let strip = Int(LW_STRIP_ROWS), width = layer.gate.rows
        let strips = columns.lowerBound / strip..<(columns.upperBound + strip - 1) / strip
        for (matrix, target) in [(layer.gate, gates), (layer.up, ups)] {
            var input = scratch.input.rows(from: rows.lowerBound, width: matrix.columns)
            // The kernel counts outputs from the matrix's first row.
            var output = lw_output(values: target - columns.lowerBound, stride: columns.count, add: false)
            var packed = matrix.strips
            kernels.pointee.matmul(&packed, &input, rows.count, &output, strips.lowerBound, strips.upperBound)
        }
        kernels.pointee.swiglu(gates, ups, gates, rows.count * columns.count)
        for row in rows {
            let values = gates + (row - rows.lowerBound) * columns.count
            (scratch.hidden.values + row * width + columns.lowerBound).update(from: values, count: columns.count)
        }
    }
}
