import LapwingAPI

/// Whoever answers a task's questions: a model here or elsewhere, or a route.
package protocol Examinee: Sendable {
    var name: String { get }
    /// The log-probability of each of `continuations` after `context`. Throws `EvaluationError.noLikelihoods` where the
    /// provider cannot tell.
    func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods
    func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer
}

package struct Likelihoods: Sendable {
    /// Sums over tokens, natural logarithms.
    package var sums: [Double]
    package var usage: Usage
    package var cost: NanoUSD?

    package init(sums: [Double], usage: Usage, cost: NanoUSD?) {
        (self.sums, self.usage, self.cost) = (sums, usage, cost)
    }
}

package struct WrittenAnswer: Sendable {
    package var text: String
    package var usage: Usage
    package var cost: NanoUSD?

    package init(text: String, usage: Usage, cost: NanoUSD?) {
        (self.text, self.usage, self.cost) = (text, usage, cost)
    }
}
