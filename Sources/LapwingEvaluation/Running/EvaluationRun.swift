import LapwingAPI

/// Puts a task's questions to a model, some at a time, and keeps each outcome as it comes.
package struct EvaluationRun: Sendable {
    private let task: EvaluationTask
    private let items: [Item]
    private let examinee: any Examinee
    private var concurrency: Int

    package init(_ task: EvaluationTask, items: [Item], examinee: any Examinee, concurrency: Int) {
        (self.task, self.items, self.examinee, self.concurrency) = (task, items, examinee, max(1, concurrency))
        // Each choice is a sequence of its own, and an engine's queue holds a few hundred.
        let choices = items.lazy.map(\.choices.count).max() ?? 0
        if choices > 0 { self.concurrency = max(1, min(self.concurrency, Self.mostSequences / choices)) }
    }

    private static let mostSequences = 160

    /// Asks what is not among `done`, in the questions' order, so that neighbours share what was read. Returns all samples in
    /// that order. When it throws or is cancelled, what was answered has gone to `keep`.
    package func run(
        done: [Sample] = [], keep: (Sample) throws -> Void, progress: (_ done: Int, _ total: Int) -> Void
    ) async throws -> [Sample] {
        var samples = Dictionary(done.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        let wanted = Set(items.map(\.id))
        samples = samples.filter { wanted.contains($0.key) }
        progress(samples.count, items.count)
        try await withThrowingTaskGroup(of: Sample.self) { group in
            var waiting = items.lazy.filter { [known = samples] in known[$0.id] == nil }.makeIterator()
            for _ in 0..<concurrency {
                guard let item = waiting.next() else { break }
                group.addTask { try await ask(item) }
            }
            while let sample = try await group.next() {
                try keep(sample)
                try Task.checkCancellation()
                if let item = waiting.next() { group.addTask { try await ask(item) } }
                samples[sample.id] = sample
                progress(samples.count, items.count)
            }
        }
        return items.compactMap { samples[$0.id] }
    }

    private func ask(_ item: Item) async throws -> Sample {
        do {
            if task.comparesChoices {
                if examinee.answersWithChoice {
                    guard task.metrics.contains(.acc) else {
                        throw EvaluationError.badTask(
                            task: task.task,
                            reason: "'\(examinee.name)' answers with one of the choices, which 'acc' alone can score")
                    }
                    let chosen = try await examinee.choose(among: item.choices, for: .messages(item.messages))
                    return Sample(item, choosing: chosen)
                }
                guard item.system == nil else {
                    throw EvaluationError.badTask(
                        task: task.task,
                        reason: "it has `system`, and choices are compared as running text; expected a `description`")
                }
                let continuations = item.choices.map { (task.delimiter ?? " ") + $0 }
                let likelihoods = try await examinee.logLikelihoods(of: continuations, after: item.context)
                return Sample(item, likelihoods, metrics: task.metrics)
            }
            let terms = task.answer ?? EvaluationTask.AnswerTerms(maxTokens: 256)
            let prompt: Prompt = terms.chat == true ? .messages(item.messages) : .text(item.context)
            return try Sample(item, try await examinee.answer(prompt, terms: terms), metrics: task.metrics)
        } catch EvaluationError.noLikelihoods(let model, _) {
            throw EvaluationError.noLikelihoods(model: model, task: task.task)
        } catch let error as RequestError where error != .cancelled {
            throw EvaluationError.failed(task: task.task, question: item.id, reason: "\(error)")
        }
    }
}
