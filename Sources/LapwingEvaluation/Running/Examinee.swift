import LapwingAPI

/// Whoever answers a task's questions: a model here or elsewhere, or a route.
package protocol Examinee: Sendable {
    var name: String { get }
    /// The log-probability of each of `continuations` after `context`. Throws `EvaluationError.noLikelihoods` where the
    /// provider cannot tell.
    func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods
    func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer
    /// Whether it is asked which of several choices it takes, rather than held to their log-probabilities.
    var answersWithChoice: Bool { get }
    /// The one of `choices` that it answers with. Only where it does.
    func choose(among choices: [String], for prompt: Prompt) async throws -> WrittenAnswer
}

extension Examinee {
    package var answersWithChoice: Bool { false }

    package func choose(among choices: [String], for prompt: Prompt) async throws -> WrittenAnswer {
        preconditionFailure("'\(name)' is held to log-probabilities")
    }
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
