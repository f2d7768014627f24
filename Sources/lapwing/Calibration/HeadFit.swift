import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics

/// A head fitted to labelled rows, with what it does on a fifth of them that was held out while its penalty was chosen.
struct HeadFit {
    let form: LabelHead.Form
    let c: Double
    let accuracy: Double
    let logLoss: Double

    private static let heldOutShare = 5

    /// On the vectors of the route's open model.
    static func vectors(
        of rows: [LabelledRow], labels: [String], model: OpenModel, seed: UInt64
    ) async throws -> HeadFit {
        guard let embedding = model.binding.embedding else {
            throw Failure(
                "'\(model.binding.name)' makes no vectors; a head takes an embedding model as the route's 'open'")
        }
        guard labels.count >= 2, rows.count >= 2 * heldOutShare else {
            throw Failure(
                "found \(rows.count) rows and \(labels.count) labels, expected \(2 * heldOutShare) rows or more of two labels "
                    + "or more; a head on vectors takes no rows with choices of their own")
        }
        let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        let classes = rows.compactMap { places[$0.answer] }
        let vectors = FeatureRows(dense: try await embed(rows.map(\.prompt), embedding, model.binding.upstreamName))
        return chosen(from: [3, 10, 30, 100], count: rows.count, seed: seed) { used, c in
            let fit = LogisticRegression.fit(
                vectors.selecting(used), classes: used.map { classes[$0] }, classCount: labels.count,
                options: LogisticRegression.Options(c: c, tolerance: 1e-4))
            return (.vectors(fit), { fit.probabilities(vectors[$0]) })
        } right: {
            classes[$0]
        }
    }

    /// For the scores of a language model.
    static func scores(
        of answers: [GatheredAnswer], _ rows: [LabelledRow], labels: [String], seed: UInt64
    ) throws -> HeadFit {
        let choices = answers.compactMap { answer -> LabelScale.Choice? in
            let labels = rows[answer.row].choices ?? labels
            guard let scores = answer.scores, let right = labels.firstIndex(of: rows[answer.row].answer) else {
                return nil
            }
            return LabelScale.Choice(labels: labels, scores: scores, right: right)
        }
        guard choices.count >= 2 * heldOutShare else {
            throw Failure("\(choices.count) rows have scores, expected \(2 * heldOutShare) or more")
        }
        let scaled = chosen(from: [0.1, 1, 10, 100], count: choices.count, seed: seed) { used, c in
            let scale = LabelScale.fit(used.map { choices[$0] }, hasBiases: !labels.isEmpty, c: c)
            return (
                .scores(scale),
                { scale.logProbabilities(of: choices[$0].scores, labels: choices[$0].labels).map { exp($0) } }
            )
        } right: {
            choices[$0].right
        }
        // Each label's own weights for all scores take labels that stay the same, and rows enough to fit them.
        guard labels.count >= 2 else { return scaled }
        let vectors = StandardRows(choices.map { LabelHead.Form.vector($0.scores).map(Double.init) })
        let stacked = chosen(from: [0.03, 0.1, 0.3, 1, 3], count: choices.count, seed: seed) { used, c in
            let fit = LogisticRegression.fit(
                vectors.rows.selecting(used), classes: used.map { choices[$0].right }, classCount: labels.count,
                options: LogisticRegression.Options(c: c, tolerance: 1e-4))
            return (.scoreVector(vectors.unscaled(fit)), { fit.probabilities(vectors.rows[$0]) })
        } right: {
            choices[$0].right
        }
        return stacked.logLoss < scaled.logLoss ? stacked : scaled
    }

    /// The penalty with the least log loss on the held-out rows, and then the fit to all rows with it.
    private static func chosen(
        from penalties: [Double], count: Int, seed: UInt64,
        fit: ([Int], Double) -> (form: LabelHead.Form, probabilities: (Int) -> [Double]), right: (Int) -> Int
    ) -> HeadFit {
        var random = SplitMix64(seed: seed)
        let order = (0..<count).shuffled(using: &random)
        let (held, used) = (Array(order[..<(count / heldOutShare)]), Array(order[(count / heldOutShare)...]))
        var best: (c: Double, accuracy: Double, logLoss: Double)?
        for c in penalties {
            let (_, probabilities) = fit(used, c)
            var (hits, loss) = (0, 0.0)
            for row in held {
                let found = probabilities(row)
                let most = found.indices.max { found[$0] < found[$1] }
                if most == right(row) { hits += 1 }
                loss -= log(max(found[right(row)], .ulpOfOne))
            }
            let (accuracy, mean) = (Double(hits) / Double(held.count), loss / Double(held.count))
            if best.map({ mean < $0.logLoss }) ?? true { best = (c, accuracy, mean) }
        }
        guard let best else { preconditionFailure("there are penalties to choose from") }
        return HeadFit(
            form: fit(Array(0..<count), best.c).form, c: best.c, accuracy: best.accuracy, logLoss: best.logLoss)
    }

    private static func embed(
        _ texts: [String], _ embedding: any EmbeddingProvider, _ model: String
    ) async throws -> [[Double]] {
        var progress = ProgressDisplay(label: "vectors", output: .error)
        defer { progress.finish() }
        var rows: [[Double]] = []
        for first in stride(from: 0, to: texts.count, by: 64) {
            let part = texts[first..<min(first + 64, texts.count)]
            let context = RequestContext(requestID: UUID().uuidString)
            rows += try await embedding.embedBeginnings(of: Array(part), model: model, context: context).vectors.map {
                $0.map(Double.init)
            }
            progress.update(
                done: Int64(rows.count), total: Int64(texts.count), detail: "\(rows.count) of \(texts.count)")
        }
        return rows
    }
}

/// Rows whose columns have mean 0 and deviation 1, and the way back.
private struct StandardRows {
    let rows: FeatureRows
    private let means: [Double]
    private let deviations: [Double]

    init(_ values: [[Double]]) {
        let count = Double(max(values.count, 1))
        let columns = values.first?.indices ?? 0..<0
        let means = columns.map { column in values.reduce(0) { $0 + $1[column] } / count }
        let deviations = columns.map { column in
            let variance = values.reduce(0) { $0 + ($1[column] - means[column]) * ($1[column] - means[column]) } / count
            return variance > 1e-12 ? variance.squareRoot() : 1
        }
        rows = FeatureRows(dense: values.map { row in columns.map { (row[$0] - means[$0]) / deviations[$0] } })
        (self.means, self.deviations) = (means, deviations)
    }

    /// The same regression on rows as they were.
    func unscaled(_ fit: LogisticRegression) -> LogisticRegression {
        let width = fit.intercepts.count
        var (weights, intercepts) = (fit.weights, fit.intercepts)
        for (column, (mean, deviation)) in zip(means, deviations).enumerated() {
            for score in 0..<width {
                weights[column * width + score] /= deviation
                intercepts[score] -= weights[column * width + score] * mean
            }
        }
        return LogisticRegression(classCount: fit.classCount, weights: weights, intercepts: intercepts)
    }
}
