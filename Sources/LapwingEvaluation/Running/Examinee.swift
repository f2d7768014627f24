import LapwingAPI

/// Whoever answers a task's questions: a model here or elsewhere, or a route.
package protocol Examinee: Sendable {
    var name: String { get }
    /// The log-probability of each of `continuations` after `context`. Throws `EvaluationError.noLikelihoods` where the
    /// provider cannot tell.
    func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods
    func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer
    /// The one of `choices` that it answers with; nil where it is held to the choices' log-probabilities instead.
    func choose(among choices: [String], for prompt: Prompt) async throws -> WrittenAnswer?
}

extension Examinee {
    package func choose(among choices: [String], for prompt: Prompt) async throws -> WrittenAnswer? { nil }
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
    /// Whose answer it is; nil of what is no route.
    package var decision: Decision?

    package init(text: String, usage: Usage, cost: NanoUSD?, decision: Decision? = nil) {
        (self.text, self.usage, self.cost, self.decision) = (text, usage, cost, decision)
    }
}
