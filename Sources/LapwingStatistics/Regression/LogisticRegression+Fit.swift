import Foundation

extension LogisticRegression {
    /// How a regression is fitted; the same options and samples give the same weights to the last bit.
    package struct Options: Hashable, Sendable, Codable {
        /// scikit-learn's `C`: what the samples' losses count against half the squared weights. Intercepts are not held back.
        package var c: Double
        package var hasIntercept: Bool
        /// Ends where no part of the mean loss's gradient is larger.
        package var tolerance: Double
        package var iterationLimit: Int

        package init(c: Double = 1, hasIntercept: Bool = true, tolerance: Double = 1e-5, iterationLimit: Int = 500) {
            self.c = c
            self.hasIntercept = hasIntercept
            self.tolerance = tolerance
            self.iterationLimit = iterationLimit
        }
    }

    /// Fits by maximum likelihood with an L2 penalty. `classes` are from 0 to `classCount` - 1, and `weights` what each sample
    /// counts, 1 where it is nil.
    package static func fit(
        _ rows: FeatureRows, classes: [Int], classCount: Int, weights: [Double]? = nil, options: Options = Options()
    ) -> LogisticRegression {
        precondition(rows.count == classes.count, "a class for each row")
        precondition(classes.allSatisfy { (0..<classCount).contains($0) }, "classes from 0 to \(classCount - 1)")
        precondition(weights.map { $0.count == classes.count } ?? true, "a weight for each row")
        let loss = LogisticLoss(
            rows: rows, classes: classes, width: scoreCount(of: classCount), weights: weights, options: options)
        let minimum = LimitedMemoryBFGS(tolerance: options.tolerance, iterationLimit: options.iterationLimit)
            .minimize(from: [Double](repeating: 0, count: (rows.columnCount + 1) * loss.width), loss.evaluate)
        return LogisticRegression(
            classCount: classCount, weights: Array(minimum.point.dropLast(loss.width)),
            intercepts: Array(minimum.point.suffix(loss.width)))
    }
}

/// The mean loss of a regression's samples and its penalty. Parameters are the weights, [column, score], then the intercepts.
private struct LogisticLoss {
    let rows: FeatureRows
    let classes: [Int]
    /// Scores a sample has.
    let width: Int
    let weights: [Double]?
    let options: LogisticRegression.Options

    func evaluate(at point: [Double], gradient: inout [Double]) -> Double {
        let total = weights?.reduce(0, +) ?? Double(rows.count)
        guard total > 0 else { return 0 }
        let penalty = 1 / (options.c * total)
        let weightCount = rows.columnCount * width
        var squares = 0.0
        for index in 0..<weightCount {
            squares += point[index] * point[index]
            gradient[index] = penalty * point[index]
        }
        for index in weightCount..<point.count { gradient[index] = 0 }
        let loss = point.withUnsafeBufferPointer { point in
            gradient.withUnsafeMutableBufferPointer { addSamples(at: point, to: $0, scale: 1 / total) }
        }
        if !options.hasIntercept { for index in weightCount..<point.count { gradient[index] = 0 } }
        return loss / total + penalty * squares / 2
    }

    /// The samples' losses together; their gradient times `scale` is added.
    private func addSamples(
        at point: UnsafeBufferPointer<Double>, to gradient: UnsafeMutableBufferPointer<Double>, scale: Double
    ) -> Double {
        let intercepts = rows.columnCount * width
        var loss = 0.0
        var scores = [Double](repeating: 0, count: width)
        rows.columns.withUnsafeBufferPointer { columns in
            rows.values.withUnsafeBufferPointer { values in
                scores.withUnsafeMutableBufferPointer { scores in
                    for row in 0..<rows.count {
                        let entries = rows.starts[row]..<rows.starts[row + 1]
                        for score in 0..<width { scores[score] = point[intercepts + score] }
                        for entry in entries {
                            let (start, value) = (Int(columns[entry]) * width, values[entry])
                            for score in 0..<width { scores[score] += value * point[start + score] }
                        }
                        let weight = weights?[row] ?? 1
                        loss += weight * Self.lossAndSlopes(&scores, of: classes[row])
                        for score in 0..<width {
                            scores[score] *= weight * scale
                            gradient[intercepts + score] += scores[score]
                        }
                        for entry in entries {
                            let (start, value) = (Int(columns[entry]) * width, values[entry])
                            for score in 0..<width { gradient[start + score] += value * scores[score] }
                        }
                    }
                }
            }
        }
        return loss
    }

    /// Puts the loss's slopes in the place of the scores.
    private static func lossAndSlopes(_ scores: inout UnsafeMutableBufferPointer<Double>, of label: Int) -> Double {
        if scores.count == 1 {
            let score = scores[0]
            // log(1 + exp(z)) without overflow, z the score of the class that is wrong.
            let wrong = label == 1 ? -score : score
            scores[0] = 1 / (1 + exp(-score)) - Double(label)
            return max(wrong, 0) + log1p(exp(-abs(wrong)))
        }
        let highest = scores.max() ?? 0
        let own = scores[label]
        var total = 0.0
        for index in 0..<scores.count {
            scores[index] = exp(scores[index] - highest)
            total += scores[index]
        }
        for index in 0..<scores.count { scores[index] /= total }
        scores[label] -= 1
        return log(total) + highest - own
    }
}
