import CLapwingKernels

/// Sums of the squares of what each matrix reads, column by column, over all rows of the passes that are given it.
///
/// Only the thread that runs the passes adds to it.
final class InputSquares {
    struct Sum {
        var squares: [Double]
        var rowCount: Int
    }

    /// By the address of the matrix' strips.
    private var sums: [UnsafeRawPointer: Sum] = [:]

    subscript(matrix: PackedMatrix) -> Sum? { sums[matrix.strips.strips] }

    /// Adds rows of one input for all matrices that read it.
    func add(_ input: Activations, rows: Range<Int>, readBy matrices: some Collection<PackedMatrix>) {
        guard let columns = matrices.first?.columns, !rows.isEmpty else { return }
        var squares = [Double](repeating: 0, count: columns)
        for row in rows {
            let values = input.values + row * columns
            for column in 0..<columns { squares[column] += Double(values[column] * values[column]) }
        }
        for matrix in matrices {
            var sum = sums[matrix.strips.strips] ?? Sum(squares: [Double](repeating: 0, count: columns), rowCount: 0)
            for column in 0..<columns { sum.squares[column] += squares[column] }
            sum.rowCount += rows.count
            sums[matrix.strips.strips] = sum
        }
    }
}
