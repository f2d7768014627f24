import Foundation
import LapwingStatistics

extension LabelScale {
    /// One prompt's labels as a model scored them, and the place of the right one.
    package struct Choice: Sendable {
        package var labels: [String]
        package var scores: [LabelScore]
        package var right: Int

        package init(labels: [String], scores: [LabelScore], right: Int) {
            self.labels = labels
            self.scores = scores
            self.right = right
        }
    }

    /// Fits the weights to choices with known right labels: that of similarity where every label has one, and with `hasBiases`
    /// one for each label, where all choices are of the same labels.
    package static func fit(_ choices: [Choice], hasBiases: Bool, c: Double) -> LabelScale {
        let hasSimilarity = choices.allSatisfy { $0.scores.allSatisfy { $0.similarity != nil } }
        let columnCount = hasSimilarity ? 4 : 3
        // Each column in units of its own spread within a choice, so that one penalty suits all.
        let units = (0..<columnCount).map { column in
            let spread = choices.reduce(0.0) { $0 + variance($1.scores.map { $0.features[column] }) }
            return max((spread / Double(max(choices.count, 1))).squareRoot(), 1e-9)
        }
        let labels = hasBiases ? choices.first?.labels ?? [] : []
        var rows = FeatureRows(columnCount: columnCount + labels.count)
        var starts = [0]
        for choice in choices {
            for (place, score) in choice.scores.enumerated() {
                var row = FeatureRow(dense: zip(score.features, units).map { $0 / $1 })
                if hasBiases {
                    row.columns.append(Int32(columnCount + place))
                    row.values.append(1)
                }
                rows.append(row)
            }
            starts.append(rows.count)
        }
        let fit = ConditionalLogit.fit(rows, starts: starts, chosen: choices.map(\.right), c: c)
        let weights = zip(fit.weights, units).map { $0 / $1 }
        let biases = Dictionary(uniqueKeysWithValues: zip(labels, fit.weights.dropFirst(columnCount)))
        return LabelScale(
            sum: weights[0], mean: weights[1], prior: weights[2], similarity: hasSimilarity ? weights[3] : nil,
            biases: biases)
    }

    private static func variance(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(max(values.count, 1))
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(values.count, 1))
    }
}
