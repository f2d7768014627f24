import Foundation

/// Logistic regression of two or more classes, each sample's probabilities a softmax of linear scores.
///
/// Two classes have one score, that of the second class against the first, as in scikit-learn.
package struct LogisticRegression: Hashable, Sendable, Codable {
    package let classCount: Int
    /// [column, score]
    package let weights: [Double]
    /// One for each score.
    package let intercepts: [Double]

    package init(classCount: Int, weights: [Double], intercepts: [Double]) {
        precondition(classCount >= 2, "a choice has at least two classes")
        precondition(intercepts.count == Self.scoreCount(of: classCount), "an intercept for each score")
        precondition(weights.count % intercepts.count == 0, "a weight for each column and score")
        self.classCount = classCount
        self.weights = weights
        self.intercepts = intercepts
    }

    static func scoreCount(of classCount: Int) -> Int { classCount == 2 ? 1 : classCount }

    package var columnCount: Int { weights.count / intercepts.count }

    /// The linear scores: one of two classes, else one for each class.
    package func scores(_ row: FeatureRow) -> [Double] {
        var scores = intercepts
        let width = scores.count
        for (column, value) in zip(row.columns, row.values) {
            let start = Int(column) * width
            for score in 0..<width { scores[score] += value * weights[start + score] }
        }
        return scores
    }

    /// Of each class; they sum to 1.
    package func probabilities(_ row: FeatureRow) -> [Double] {
        let scores = scores(row)
        if classCount == 2 {
            let second = 1 / (1 + exp(-scores[0]))
            return [1 - second, second]
        }
        let highest = scores.max() ?? 0
        let masses = scores.map { exp($0 - highest) }
        let total = masses.reduce(0, +)
        return masses.map { $0 / total }
    }
}
