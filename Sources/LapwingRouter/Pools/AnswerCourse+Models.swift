import LapwingAPI

extension AnswerCourse {
    init(_ models: [PlannedModel], lastResort: String? = nil) {
        let candidates = models.map { Candidate($0) }
        self.init(
            candidates, timeLimit: models.first?.binding.pool?.options.timeLimit ?? Self.longest,
            lastResort: candidates.firstIndex { $0.model == lastResort })
    }

    /// For a model in this process, whose calls end by themselves.
    private static let longest = Duration.seconds(600)
}

extension AnswerCourse.Candidate {
    init(_ model: PlannedModel, _ manner: AnswerCourse.Manner = .anew) {
        self.init(model: model.binding.name)
        self.manner = manner
        contextLength = model.binding.contextLength
        if let options = model.binding.pool?.options {
            (attempts, backOff) = (options.attempts, options.backOff)
        }
    }
}

extension AnswerCourse.Pools {
    /// The pools of these models, in their order. A model in this process is one endpoint, asked once.
    init(_ models: [ModelBinding], prompts: [Prompt], random: @escaping () -> Double) {
        self.init(
            take: { candidate, spent in
                guard let pool = models[candidate].pool else { return spent.isEmpty ? .endpoint(0) : .none }
                return pool.take(avoiding: spent, prefix: pool.prefix(of: prompts))
            },
            look: { candidate, spent in
                guard let pool = models[candidate].pool else { return spent.isEmpty ? .endpoint(0) : .none }
                return pool.whenUsable(avoiding: spent)
            },
            spendRetry: { models[$0].pool?.spendRetry() ?? true }, random: random)
    }
}
