import LapwingAPI

/// What a run was of and what came out: `run.json` beside its samples.
package struct RunRecord: Hashable, Sendable, Codable {
    package var format = 1
    /// The run's folder: task, model, and a mark of all that decides about the scores.
    package var id: String
    package var task: String
    package var model: String
    /// Whose conventions the scores follow.
    package var convention: String
    /// How the model was asked.
    package var wording: String
    package var shots: Int
    /// SHA-256 of the weights; nil for a model elsewhere.
    package var modelHash: String?
    /// The address that was asked; nil for a model of the configuration.
    package var server: String?
    package var dataHash: String
    /// SHA-256 of the task's own text.
    package var taskHash: String
    package var limit: Int?
    package var chance: Double?
    package var software: String
    /// ISO 8601.
    package var startedAt: String
    package var finishedAt: String?
    package var questions: Int
    package var metrics: [MetricSummary] = []
    package var tokens = Tokens()
    /// Of all questions; nil where one is unpriced.
    package var cost: NanoUSD?
    /// How many answers of a route came from which decision; nil of what is no route, and where one is
    /// not known.
    package var decisions: [String: Int]?

    package struct Tokens: Hashable, Sendable, Codable {
        package var prompt = 0
        package var cached = 0
        package var completion = 0
        /// Machine time of a model here.
        package var computeNanoseconds: Int64?

        private enum CodingKeys: String, CodingKey {
            case prompt, cached, completion
            case computeNanoseconds = "compute_ns"
        }

        package init() {}
    }

    private enum CodingKeys: String, CodingKey {
        case format, id, task, model, server, convention, wording, shots, limit, chance, software, questions, metrics
        case tokens, decisions
        case modelHash = "model_sha256"
        case dataHash = "data_sha256"
        case taskHash = "task_sha256"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case cost = "cost_nano_usd"
    }

    package init(
        id: String, task: EvaluationTask, model: String, modelHash: String?, dataHash: String, taskHash: String,
        limit: Int?, software: String, startedAt: String, questions: Int
    ) {
        (self.id, self.task, self.model) = (id, task.task, model)
        (convention, wording, shots, chance) = (task.convention, task.wording, task.shotCount, task.chance)
        (self.modelHash, self.dataHash, self.taskHash) = (modelHash, dataHash, taskHash)
        (self.limit, self.software, self.startedAt, self.questions) = (limit, software, startedAt, questions)
    }

    package var isFinished: Bool { finishedAt != nil }

    package func metric(_ name: String) -> MetricSummary? { metrics.first { $0.metric == name } }

    /// Puts in what the samples came to.
    package mutating func finish(_ samples: [Sample], metrics names: [Metric], at time: String) {
        metrics = MetricSummary.summaries(of: samples, metrics: names)
        tokens = Tokens()
        for sample in samples {
            tokens.prompt += sample.promptTokens
            tokens.cached += sample.cachedTokens
            tokens.completion += sample.completionTokens
            if let time = sample.computeNanoseconds {
                tokens.computeNanoseconds = (tokens.computeNanoseconds ?? 0) + time
            }
        }
        let costs = samples.compactMap(\.cost)
        cost = costs.count == samples.count ? costs.reduce(.zero, +) : nil
        let made = samples.compactMap(\.decision?.rawValue)
        decisions =
            made.isEmpty || made.count < samples.count ? nil : Dictionary(grouping: made) { $0 }.mapValues(\.count)
        finishedAt = time
    }
}
