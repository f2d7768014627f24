/// Why a task cannot be run. Each case says what was found and what was expected.
package enum EvaluationError: Error, Hashable, CustomStringConvertible {
    /// The task's own file contradicts itself.
    case badTask(task: String, reason: String)
    case unreadable(path: String, expected: String)
    /// `line` is nil where it is about the whole file.
    case badData(path: String, line: Int?, reason: String)
    /// The model's provider gives no log-probabilities of given text.
    case noLikelihoods(model: String, task: String)
    /// A route's own labels are no answers to a question.
    case foreignChoices(model: String, choices: [String], labels: [String])
    /// What was stored of an earlier run cannot be read.
    case badRun(path: String, reason: String)
    /// One question could not be put; the text is the provider's.
    case failed(task: String, question: Int, reason: String)

    package var description: String {
        switch self {
        case .badTask(let task, let reason): "task '\(task)': \(reason)"
        case .unreadable(let path, let expected): "cannot read '\(path)', expected \(expected)"
        case .badData(let path, let line, let reason): "\(path)\(line.map { ":\($0)" } ?? ""): \(reason)"
        case .noLikelihoods(let model, let task):
            "'\(task)' compares the log-probabilities of given answers, and '\(model)' does not tell them: use a local "
                + "model, a server whose /v1/completions takes `echo` with `logprobs`, or a task with written answers"
        case .foreignChoices(let model, let choices, let labels):
            "'\(model)' answers with one of \(labels.count) labels of its own, such as '\(labels.first ?? "")', and none of them "
                + "is a choice of the question, such as '\(choices.first ?? "")'"
        case .badRun(let path, let reason): "'\(path)' is no run that can be gone on with: \(reason)"
        case .failed(let task, let question, let reason): "task '\(task)', question \(question): \(reason)"
        }
    }
}
