/// A linear model fitted by least squares with an L2 penalty: weights · row + intercept.
package struct RidgeRegression: Hashable, Sendable, Codable {
    /// [column]
    package let weights: [Double]
    package let intercept: Double

    package init(weights: [Double], intercept: Double) {
        self.weights = weights
        self.intercept = intercept
    }

    package func callAsFunction(_ row: FeatureRow) -> Double {
        zip(row.columns, row.values).reduce(intercept) { $0 + $1.1 * weights[Int($1.0)] }
    }

    /// Minimises Σ (target - prediction)² + `alpha` Σ weight², as scikit-learn's Ridge; the intercept is not held back.
    ///
    /// By conjugate gradients on the normal equations (Hestenes and Stiefel, 1952), which never write the matrix out;
    /// columns are centred in passing, so that a sparse row stays sparse.
    package static func fit(
        _ rows: FeatureRows, targets: [Double], alpha: Double, tolerance: Double = 1e-6, iterationLimit: Int = 1000
    ) -> RidgeRegression {
        precondition(rows.count == targets.count && rows.count > 0, "a target for each row")
        let count = Double(rows.count)
        let mean = targets.reduce(0, +) / count
        let centres = rows.sums(weightedBy: [Double](repeating: 1, count: rows.count)).map { $0 / count }
        var weights = [Double](repeating: 0, count: rows.columnCount)
        var residual = rows.centredSums(weightedBy: targets.map { $0 - mean }, centres)
        var direction = residual
        var square = dot(residual, residual)
        let enough = square * tolerance * tolerance
        for _ in 0..<iterationLimit where square > enough {
            var products = rows.products(with: direction)
            let shift = dot(centres, direction)
            for row in products.indices { products[row] -= shift }
            var applied = rows.centredSums(weightedBy: products, centres)
            add(direction, times: alpha, to: &applied)
            let length = square / dot(direction, applied)
            add(direction, times: length, to: &weights)
            add(applied, times: -length, to: &residual)
            let next = dot(residual, residual)
            let before = direction
            direction = residual
            add(before, times: next / square, to: &direction)
            square = next
        }
        return RidgeRegression(weights: weights, intercept: mean - dot(centres, weights))
    }
}

extension FeatureRows {
    /// Each row's product with `weights`, a number a column.
    func products(with weights: [Double]) -> [Double] {
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                weights.withUnsafeBufferPointer { weights in
                    (0..<count).map { row in
                        var sum = 0.0
                        for entry in starts[row]..<starts[row + 1] {
                            sum += values[entry] * weights[Int(columns[entry])]
                        }
                        return sum
                    }
                }
            }
        }
    }

    /// The sum of each column, its rows weighted.
    func sums(weightedBy weights: [Double]) -> [Double] {
        var sums = [Double](repeating: 0, count: columnCount)
        columns.withUnsafeBufferPointer { columns in
            values.withUnsafeBufferPointer { values in
                sums.withUnsafeMutableBufferPointer { sums in
                    for row in 0..<count {
                        let weight = weights[row]
                        for entry in starts[row]..<starts[row + 1] {
                            sums[Int(columns[entry])] += weight * values[entry]
                        }
                    }
                }
            }
        }
        return sums
    }

    fileprivate func centredSums(weightedBy weights: [Double], _ centres: [Double]) -> [Double] {
        var sums = sums(weightedBy: weights)
        add(centres, times: -weights.reduce(0, +), to: &sums)
        return sums
    }
}
