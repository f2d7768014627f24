import LapwingAPI

/// One question's outcome, as it is kept: a line of JSON.
package struct Sample: Hashable, Sendable, Codable {
    package var id: Int
    package var group: String?
    package var question: String
    /// Of a question with choices.
    package var logLikelihoods: [Double]?
    /// The likeliest choice, and the one for its length.
    package var chosen: Int?
    package var chosenNormalised: Int?
    package var gold: [Int]?
    /// Of a written answer.
    package var answer: String?
    package var target: String?
    /// Whose answer a route gave.
    package var decision: Decision?
    package var scores: [String: Double]
    /// Where a question counts for more or less than one.
    package var weights: [String: Double]?
    package var promptTokens: Int
    package var cachedTokens: Int
    package var completionTokens: Int
    package var computeNanoseconds: Int64?
    /// nil is unpriced.
    package var cost: NanoUSD?

    private enum CodingKeys: String, CodingKey {
        case id, group, question, chosen, gold, answer, target, decision, scores, weights
        case logLikelihoods = "log_likelihoods"
        case chosenNormalised = "chosen_norm"
        case promptTokens = "prompt_tokens"
        case cachedTokens = "cached_tokens"
        case completionTokens = "completion_tokens"
        case computeNanoseconds = "compute_ns"
        case cost = "cost_nano_usd"
    }

    package init(_ item: Item, usage: Usage, cost: NanoUSD?) {
        (id, group, question) = (item.id, item.group, item.question)
        (promptTokens, cachedTokens) = (usage.promptTokens, usage.cachedPromptTokens)
        (completionTokens, computeNanoseconds) = (usage.completionTokens, usage.computeNanoseconds)
        self.cost = cost
        scores = [:]
    }

    /// For questions with choices.
    package init(_ item: Item, _ likelihoods: Likelihoods, metrics: [Metric]) {
        self.init(item, usage: likelihoods.usage, cost: likelihoods.cost)
        let score = ChoiceScore(logLikelihoods: likelihoods.sums, choices: item.choices, gold: item.gold)
        (chosen, chosenNormalised) = (score.best, score.bestNormalised)
        (logLikelihoods, gold) = (likelihoods.sums, item.gold)
        for metric in metrics { scores[metric.rawValue] = score.value(of: metric) }
    }

    /// For questions with choices, of which one is the answer.
    package init(_ item: Item, choosing written: WrittenAnswer) {
        self.init(item, usage: written.usage, cost: written.cost)
        (answer, decision, gold) = (written.text, written.decision, item.gold)
        chosen =
            item.choices.firstIndex(of: written.text)
            ?? item.choices.firstIndex { $0.plainChoice == written.text.plainChoice }
        let isRight = chosen.map(item.gold.contains) ?? false
        scores[Metric.acc.rawValue] = isRight ? 1 : 0
    }

    /// For written answers.
    package init(_ item: Item, _ written: WrittenAnswer, metrics: [Metric]) throws(EvaluationError) {
        self.init(item, usage: written.usage, cost: written.cost)
        (answer, decision, target) = (written.text, written.decision, item.target)
        for metric in metrics {
            let (value, weight) = try AnswerScore.score(metric, answer: written.text, item: item)
            scores[metric.rawValue] = value
            if metric.isWeighted { weights = (weights ?? [:]).merging([metric.rawValue: weight]) { $1 } }
        }
    }
}
