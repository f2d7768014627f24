import LapwingAPI
import LapwingStatistics

/// What turns a model's view of a text into the probabilities of labels, as `lapwing calibrate head` fits it.
package struct LabelHead: Hashable, Sendable, Codable {
    package enum Form: Hashable, Sendable, Codable {
        /// A multinomial logistic regression on the vectors of an embedding model.
        case vectors(LogisticRegression)
        /// Weights for a language model's own scores, the same for every label.
        case scores(LabelScale)
        /// A multinomial logistic regression on a language model's scores of all labels, each less their mean.
        case scoreVector(LogisticRegression)
    }

    /// Raised where the file's meaning changes.
    package static let currentSchema = 1

    package var schema = LabelHead.currentSchema
    package var name: String
    package var version: Int
    /// The model whose vectors or scores it was fitted to, by its name in the configuration.
    package var model: String
    /// The embedding model whose similarities were among the scores; nil where none was asked.
    package var embedder: String?
    package var labels: [String]
    package var form: Form
    /// What it was fitted to.
    package var data: DataFingerprint
    /// The inverse of the penalty on the weights, chosen by the log loss of held-out rows.
    package var c: Double
    /// Of held-out rows.
    package var accuracy: Double
    package var logLoss: Double

    package init(
        name: String, version: Int, model: String, labels: [String], form: Form, data: DataFingerprint, c: Double,
        accuracy: Double, logLoss: Double
    ) {
        self.name = name
        self.version = version
        self.model = model
        self.labels = labels
        self.form = form
        self.data = data
        self.c = c
        self.accuracy = accuracy
        self.logLoss = logLoss
    }

    /// What does not fit together in it; nil where all does.
    package var defect: String? {
        guard schema == Self.currentSchema else { return "the schema \(schema), expected \(Self.currentSchema)" }
        switch form {
        case .scores: return nil
        case .vectors(let regression), .scoreVector(let regression):
            guard regression.classCount == labels.count else {
                return "\(labels.count) labels and a regression of \(regression.classCount) classes"
            }
            if case .scoreVector = form, regression.columnCount != labels.count {
                return "\(labels.count) labels and a regression on \(regression.columnCount) scores"
            }
            return nil
        }
    }

    package var fullName: String { "\(name)-v\(version)" }
}

/// Answers with the labels of a head, on the vectors of an embedding model.
package struct HeadLabels: LabelSource {
    private let labels: [String]
    private let head: LogisticRegression
    private let embedding: any EmbeddingProvider
    private let model: String

    package init(_ labels: [String], _ head: LogisticRegression, embedding: any EmbeddingProvider, model: String) {
        self.labels = labels
        self.head = head
        self.embedding = embedding
        self.model = model
    }

    package func labels(
        for prompt: Prompt, among choices: [String]? = nil, context: RequestContext
    ) async throws -> LabelAnswer {
        let result = try await result(prompt, context: context)
        guard let vector = result.vectors.first, vector.count == head.columnCount else {
            throw RequestError.upstreamFailed(
                model: model, status: nil,
                reason: "its vectors have \(result.vectors.first?.count ?? 0) numbers, and the head was fitted to "
                    + "\(head.columnCount)")
        }
        var usage = result.usage
        usage.completionTokens = 1
        return LabelAnswer(labels: labels, logProbabilities: head.logProbabilities(vector), usage: usage)
    }

    /// Of a conversation what was said last is labelled.
    private func result(_ prompt: Prompt, context: RequestContext) async throws -> EmbeddingResult {
        let text: String
        switch prompt {
        case .messages(let messages): text = messages.last?.content ?? ""
        case .text(let whole): text = whole
        case .tokens(let tokens):
            let request = EmbeddingRequest(model: model, inputs: [.tokens(tokens)])
            return try await embedding.embed(request, context: context)
        }
        return try await embedding.embedBeginnings(of: [text], model: model, context: context)
    }
}

extension LabelHead.Form {
    /// Natural logarithms of the labels' probabilities, where they come from scores; nil where they come from vectors.
    package func logProbabilities(of scores: [LabelScore], labels: [String]) -> [Double]? {
        switch self {
        case .scores(let scale): scale.logProbabilities(of: scores, labels: labels)
        case .scoreVector(let regression): regression.logProbabilities(Self.vector(scores))
        case .vectors: nil
        }
    }

    /// What is common to all labels says how surprising the prompt is, and nothing of the label.
    package static func vector(_ scores: [LabelScore]) -> [Float] {
        let mean = scores.reduce(0) { $0 + $1.sum } / Double(max(scores.count, 1))
        return scores.map { Float($0.sum - mean) }
    }
}

extension LogisticRegression {
    /// Natural logarithms of the classes' probabilities.
    package func logProbabilities(_ vector: [Float]) -> [Double] {
        let scores = scores(FeatureRow(dense: vector.map(Double.init)))
        return LabelScale.normalised(classCount == 2 ? [0] + scores : scores)
    }
}
