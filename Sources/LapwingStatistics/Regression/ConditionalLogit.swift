import Foundation

/// A choice among alternatives that are described by the same columns: P(alternative) is proportional to exp(weights · row).
///
/// Unlike a logistic regression it has no class of its own for an alternative, so the choices may differ from sample to
/// sample (McFadden, 1974).
package struct ConditionalLogit: Hashable, Sendable, Codable {
    package let weights: [Double]

    package init(weights: [Double]) { self.weights = weights }

    /// Fits by maximum likelihood with an L2 penalty of 1 / `c`. The alternatives of sample `i` are the rows from `starts[i]`
    /// to the next start, and `chosen[i]` is the place of the right one among them.
    package static func fit(
        _ rows: FeatureRows, starts: [Int], chosen: [Int], c: Double, tolerance: Double = 1e-6,
        iterationLimit: Int = 500
    ) -> ConditionalLogit {
        precondition(starts.count == chosen.count + 1 && starts.last == rows.count, "every row is of one sample")
        let penalty = 1 / (c * Double(max(chosen.count, 1)))
        let scale = 1 / Double(max(chosen.count, 1))
        let minimum = LimitedMemoryBFGS(tolerance: tolerance, iterationLimit: iterationLimit).minimize(
            from: [Double](repeating: 0, count: rows.columnCount)
        ) { point, gradient in
            var loss = 0.0
            for column in point.indices {
                loss += penalty * point[column] * point[column] / 2
                gradient[column] = penalty * point[column]
            }
            for sample in chosen.indices {
                let range = starts[sample]..<starts[sample + 1]
                let masses = softmax(range.map { rows.dot($0, point) })
                loss -= scale * log(max(masses[chosen[sample]], .leastNormalMagnitude))
                for (place, row) in range.enumerated() {
                    let slope = masses[place] - (place == chosen[sample] ? 1 : 0)
                    rows.add(row, times: scale * slope, to: &gradient)
                }
            }
            return loss
        }
        return ConditionalLogit(weights: minimum.point)
    }

    private static func softmax(_ scores: [Double]) -> [Double] {
        let highest = scores.max() ?? 0
        let masses = scores.map { exp($0 - highest) }
        let total = masses.reduce(0, +)
        return masses.map { $0 / total }
    }
}

extension FeatureRows {
    fileprivate func dot(_ row: Int, _ point: [Double]) -> Double {
        var sum = 0.0
        for entry in starts[row]..<starts[row + 1] { sum += values[entry] * point[Int(columns[entry])] }
        return sum
    }

    fileprivate func add(_ row: Int, times factor: Double, to sum: inout [Double]) {
        for entry in starts[row]..<starts[row + 1] { sum[Int(columns[entry])] += factor * values[entry] }
    }
}
