import LapwingAPI
import Synchronization

/// How probable a language model finds each label as its answer: exact, in one pass over all of them.
package struct LabelScorer: LabelSource {
    private let scoring: any ScoringProvider
    private let tokenizing: any TokenizingProvider
    /// The name that the providers know the model by.
    private let model: String
    private let labels: [String]
    private let form: LabelHead.Form
    private let embedder: LabelEmbedder?
    private let priors = PriorCache()
    /// Of `labels`, by what stands before each.
    private let tokens = TokenCache()

    package init(
        scoring: any ScoringProvider, tokenizing: any TokenizingProvider, model: String, labels: [String],
        form: LabelHead.Form = .scores(LabelScale()), embedder: LabelEmbedder? = nil
    ) {
        self.scoring = scoring
        self.tokenizing = tokenizing
        self.model = model
        self.labels = labels
        self.form = form
        self.embedder = embedder
    }

    package func labels(
        for prompt: Prompt, among choices: [String]? = nil, context: RequestContext
    ) async throws -> LabelAnswer {
        let labels = choices ?? labels
        let (scores, usage) = try await scores(of: labels, after: prompt, context: context)
        guard let logProbabilities = form.logProbabilities(of: scores, labels: labels) else {
            throw RequestError.internal(reason: "a head for vectors was given scores")
        }
        var answer = LabelAnswer(labels: labels, logProbabilities: logProbabilities, usage: usage)
        answer.usage.completionTokens = scores[answer.best].tokenCount
        // A request's own choices are a part of what it has read.
        if choices != nil { answer.usage.promptTokens += scores.reduce(0) { $0 + $1.tokenCount } }
        answer.comparison = scores.comparison(at: answer.best)
        return answer
    }

    /// The score of each of the labels, in their order; the usage is of the prompt alone. Throws `RequestError`.
    package func scores(
        of labels: [String], after prompt: Prompt, context: RequestContext
    ) async throws -> (scores: [LabelScore], usage: Usage) {
        let continuations = try await continuations(of: labels, after: Self.separator(after: prompt))
        let tokens = try await scoring.encode(prompt, model: model)
        if case .tokens = prompt, weighsSimilarity {
            throw RequestError.unsupported(
                field: "prompt", reason: "the route's embedder reads text, and these are token ids")
        }
        var (sums, usage) = try await sums(of: continuations, after: tokens, context: context)
        // Every label's tokens were read, and an answer would have had those of one.
        usage.promptTokens = tokens.count
        usage.cachedPromptTokens = min(usage.cachedPromptTokens, tokens.count)
        var scores = zip(sums, continuations).map { LabelScore(sum: $0, tokenCount: $1.count) }
        let empty = try await scoring.encode(Self.saysNothing(prompt), model: model)
        let priors = try await priors.values(PriorCache.Key(prompt: empty, labels: labels)) {
            let (sums, more) = try await self.sums(of: continuations, after: empty, context: context)
            usage.computeNanoseconds = usage.computeNanoseconds.map { $0 + (more.computeNanoseconds ?? 0) }
            return sums
        }
        for index in scores.indices { scores[index].prior = priors[index] }
        if let embedder, let question = Self.question(prompt),
            let found = try await opinion(of: embedder, labels, question, context)
        {
            for (index, similarity) in found.values.enumerated() { scores[index].similarity = similarity }
            if let spent = found.nanoseconds { usage.computeNanoseconds = (usage.computeNanoseconds ?? 0) + spent }
        }
        return (scores, usage)
    }

    /// So many labels are scored at once: an engine's queue has room for a few hundred sequences, others' among them.
    private static let atOnce = 64

    /// The continuations' log-probabilities, each added up, and all that it took.
    private func sums(
        of continuations: [[TokenID]], after prompt: [TokenID], context: RequestContext
    ) async throws -> (sums: [Double], usage: Usage) {
        var (sums, usage) = ([Double](), Usage(promptTokens: 0, completionTokens: 0))
        for first in stride(from: 0, to: continuations.count, by: Self.atOnce) {
            let part = Array(continuations[first..<min(first + Self.atOnce, continuations.count)])
            let result = try await scoring.score(
                ScoringRequest(model: model, prompt: prompt, continuations: part), context: context)
            sums += result.continuations.map { $0.logProbabilities.reduce(0, +) }
            if first == 0 { usage.cachedPromptTokens = result.usage.cachedPromptTokens }
            if let spent = result.usage.computeNanoseconds {
                usage.computeNanoseconds = (usage.computeNanoseconds ?? 0) + spent
            }
        }
        return (sums, usage)
    }

    private var weighsSimilarity: Bool {
        if case .scores(let scale) = form { scale.similarity != nil } else { false }
    }

    /// nil where it cannot be had and only the calibrator would have heard it.
    private func opinion(
        of embedder: LabelEmbedder, _ labels: [String], _ question: String, _ context: RequestContext
    ) async throws -> (values: [LabelSimilarity], nanoseconds: Int64?)? {
        do {
            return try await embedder.similarities(of: labels.map(Self.words), to: question, context: context)
        } catch {
            if weighsSimilarity || Task.isCancelled { throw error }
            return nil
        }
    }

    /// The labels' tokens. Those of the route's own labels are found once.
    private func continuations(of labels: [String], after space: String) async throws -> [[TokenID]] {
        if labels == self.labels, let known = tokens.withLock({ $0[space] }) { return known }
        var found: [[TokenID]] = []
        for label in labels {
            found.append(
                try await tokenizing.tokenize(space + Self.words(label), model: model, addSpecialTokens: false))
        }
        if labels == self.labels { tokens.withLock { $0[space] = found } }
        return found
    }

    /// What the model is asked for: `card_arrival` is no word of any text, `card arrival` is.
    private static func words(_ label: String) -> String { label.replacing("_", with: " ") }

    /// In running text a label is a word of its own; a chat template ends where an answer begins.
    private static func separator(after prompt: Prompt) -> String {
        guard case .text(let text) = prompt, let last = text.last, !last.isWhitespace else { return "" }
        return " "
    }

    /// What `saysNothing` takes out; of text that is one line, the line. nil for token ids.
    private static func question(_ prompt: Prompt) -> String? {
        switch prompt {
        case .messages(let messages): return messages.last?.content ?? ""
        case .text(let text):
            guard let end = text.lastIndex(of: "\n") else { return text }
            return String(text[..<end])
        case .tokens: return nil
        }
    }

    /// The same frame with the question taken out (Zhao and others, "Calibrate before use", 2021): of a conversation the last
    /// message, of running text all but the last line.
    private static func saysNothing(_ prompt: Prompt) -> Prompt {
        switch prompt {
        case .messages(var messages):
            if let last = messages.indices.last {
                messages[last] = ChatMessage(role: messages[last].role, content: "N/A")
            }
            return .messages(messages)
        case .text(let text):
            let line = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
            return .text(line.isEmpty ? "N/A" : String(line))
        case .tokens(let tokens): return .tokens(Array(tokens.prefix(1)))
        }
    }
}

private final class TokenCache: Sendable {
    private let kept = Mutex<[String: [[TokenID]]]>([:])

    func withLock<T: Sendable>(_ body: (inout sending [String: [[TokenID]]]) -> sending T) -> T { kept.withLock(body) }
}

/// Priors that were computed before: a route's frame and labels are mostly the same for every request.
private final class PriorCache: Sendable {
    struct Key: Hashable {
        let prompt: [TokenID]
        let labels: [String]
    }

    private static let limit = 16
    private let kept = Mutex<[(key: Key, values: [Double])]>([])

    func values(_ key: Key, _ compute: () async throws -> [Double]) async throws -> [Double] {
        if let found = kept.withLock({ $0.first { $0.key == key }?.values }) { return found }
        let values = try await compute()
        kept.withLock { kept in
            kept.insert((key, values), at: 0)
            if kept.count > Self.limit { kept.removeLast() }
        }
        return values
    }
}
