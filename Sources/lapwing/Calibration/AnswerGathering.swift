import Foundation
import LapwingAPI
import LapwingRouter

/// Runs a route's open model over labelled rows and keeps what is known of each answer.
///
/// With a file, what was gathered is added to it line by line, and what it holds already is not asked again; at the end it
/// is written anew, with what the route's head of today makes of earlier scores.
struct AnswerGathering {
    let model: OpenModel
    let labels: RouteLabels?
    /// What a model without labels of its own is told that it is to answer with.
    var namedLabels: [String]?
    /// Goes before each prompt that is a message; nil sends the prompt alone.
    var system: String?
    var match = AnswerMatch.exact
    var file: String?
    /// Rows are asked for so many at a time, which share the engine's steps.
    var atOnce = 2

    func gather(_ rows: [LabelledRow]) async throws -> [GatheredAnswer] {
        var found = try earlier(rows)
        let missing = rows.indices.filter { found[$0] == nil }
        let output = try file.map(Self.appending)
        defer { try? output?.close() }
        var progress = ProgressDisplay(label: "answers", output: .error)
        defer { progress.finish() }
        let (start, answer) = (ContinuousClock.now, try answering())
        var done = 0
        try await withThrowingTaskGroup(of: GatheredAnswer.self) { group in
            var waiting = missing.makeIterator()
            func addNext() {
                guard let index = waiting.next() else { return }
                group.addTask { try await answer(index, rows[index]) }
            }
            for _ in 0..<atOnce { addNext() }
            while var gathered = try await group.next() {
                addNext()
                gathered.fingerprint = fingerprint(of: rows[gathered.row])
                found[gathered.row] = gathered
                try output?.write(contentsOf: Self.line(gathered))
                done += 1
                let rate = Double(done) / (start.duration(to: .now) / .seconds(1))
                progress.update(
                    done: Int64(done), total: Int64(missing.count),
                    detail: "\(done) of \(missing.count), \(Figures.fixed(rate, places: 1))/s")
            }
        }
        let gathered = rows.indices.compactMap { found[$0] }
        if let file {
            let whole = try gathered.reduce(into: Data()) { $0 += try Self.line($1) }
            try whole.write(to: URL(filePath: file), options: .atomic)
        }
        return gathered
    }

    /// Of all that decides about an answer to the row.
    private func fingerprint(of row: LabelledRow) -> String {
        let asked = [
            model.binding.name, model.binding.upstreamName, system ?? "",
            "\(model.route.checks.map { "\($0)" } ?? "")",
            // Of scores a head makes labels anew; those of vectors are made once.
            labels.flatMap { $0.scoring == nil ? $0.head?.fullName : nil } ?? "",
        ]
        let embedder = [model.route.embedder].compactMap(\.self)
        return String(DataFingerprint(rows: [row.fields + asked + embedder]).sha256.prefix(16))
    }

    private static func line(_ gathered: GatheredAnswer) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(gathered) + Data("\n".utf8)
    }

    /// Answers of an earlier run over the same rows. A line that was cut off is asked for again.
    private func earlier(_ rows: [LabelledRow]) throws -> [Int: GatheredAnswer] {
        guard let file, let data = FileManager.default.contents(atPath: file) else { return [:] }
        var found: [Int: GatheredAnswer] = [:]
        let lines = data.split(separator: UInt8(ascii: "\n"))
        for (number, line) in lines.enumerated() {
            guard var gathered = try? JSONDecoder().decode(GatheredAnswer.self, from: line) else {
                // The last one may have been cut off, after others that were not.
                if number > 0, number == lines.count - 1, data.last != UInt8(ascii: "\n") { continue }
                throw Failure("'\(file)' holds other things than answers; name another file for --answers")
            }
            guard rows.indices.contains(gathered.row), gathered.fingerprint == fingerprint(of: rows[gathered.row])
            else {
                throw Failure(
                    "'\(file)' has an answer to row \(gathered.row) of other data, by another model, head or embedder, or after "
                        + "another --system; name another file, or remove it")
            }
            if let scores = gathered.scores, let labels, let form = labels.scoring {
                let row = rows[gathered.row]
                let fingerprint = gathered.fingerprint
                gathered = GatheredAnswer(
                    row: gathered.row, scores, choices: row.choices ?? labels.names, form: form,
                    expected: row.answer, promptVector: gathered.evidence?.promptVector)
                gathered.fingerprint = fingerprint
            } else {
                gathered.right = match.isRight(gathered.answer, expected: rows[gathered.row].answer)
            }
            found[gathered.row] = gathered
        }
        return found
    }

    private static func appending(_ path: String) throws -> FileHandle {
        if !FileManager.default.fileExists(atPath: path), !FileManager.default.createFile(atPath: path, contents: nil) {
            throw Failure("cannot write '\(path)'")
        }
        guard let handle = FileHandle(forWritingAtPath: path) else { throw Failure("cannot write '\(path)'") }
        try handle.seekToEnd()
        return handle
    }

    /// As a router makes them of requests; none without an embedder.
    private func vectors() -> @Sendable (LabelledRow) async throws -> PromptVector? {
        guard let embedder = model.embedder, let embedding = embedder.embedding else { return { _ in nil } }
        return { row in
            try await GatePrompt.vectors(
                of: [row.prompt], by: embedding, model: embedder.upstreamName,
                context: RequestContext(requestID: UUID().uuidString)
            ).first.map { PromptVector($0, by: embedder.name) }
        }
    }

    private func answering() throws -> @Sendable (Int, LabelledRow) async throws -> GatheredAnswer {
        let (binding, system, match, vector) = (model.binding, system, match, vectors())
        if let scoring = binding.scoring, let tokenizing = binding.tokenizing, let labels, let form = labels.scoring {
            let scorer = LabelScorer(
                scoring: scoring, tokenizing: tokenizing, model: binding.upstreamName, labels: labels.names,
                embedder: try model.embedder?.labelEmbedder(on: model.route.name))
            return { index, row in
                let choices = row.choices ?? labels.names
                let context = RequestContext(requestID: UUID().uuidString)
                let scores = try await scorer.scores(
                    of: choices, after: row.prompt(system), context: context
                ).scores
                return GatheredAnswer(
                    row: index, scores, choices: choices, form: form, expected: row.answer,
                    promptVector: try await vector(row))
            }
        }
        let provider = try model.answering(with: labels).require(\.provider, for: .chat)
        let hold = labels == nil ? model.route.hold.decisive : .all
        let (name, maxTokens, namedLabels) = (binding.upstreamName, model.route.maxTokens, namedLabels)
        return { index, row in
            var request = GenerationRequest(model: name, prompts: [row.prompt(system)])
            if let named = namedLabels.map({ row.choices ?? $0 }) { request = request.naming(named) }
            request.sampling.temperature = 0
            request.topLogProbabilities = binding.reportsLogProbabilities ? 2 : nil
            request.maxTokens = maxTokens ?? 256
            // What the route's answers are judged by; the confidence itself is of no interest yet.
            var policy = CommitPolicy(hold: hold)
            policy.prompt = labels == nil ? row.prompt : nil
            policy.promptVector = try await vector(row)
            var judge = AnswerJudge(policy: policy, model: LogisticConfidence.default1)
            var text = ""
            var evidence: Evidence?
            let context = RequestContext(requestID: UUID().uuidString)
            for try await event in try await provider.generate(request, context: context) {
                if case .delta(_, let piece, _) = event { text += piece }
                if let judgement = judge.observe(event) { evidence = judgement.evidence }
            }
            return GatheredAnswer(
                row: index, answer: text, right: match.isRight(text, expected: row.answer), evidence: evidence)
        }
    }
}

extension Hold {
    /// The same with its last point alone, where an answer that is doubtful so long is decided.
    fileprivate var decisive: Hold {
        if case .between(let bounds) = self { .tokens(bounds.to) } else { self }
    }
}

extension LabelledRow {
    fileprivate func prompt(_ system: String?) -> Prompt {
        if isText { return .text(prompt) }
        let before = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
        return .messages(before + [ChatMessage(role: "user", content: prompt)])
    }
}

extension RouteLabels {
    /// Where they come from scores, how those become probabilities.
    var scoring: LabelHead.Form? {
        switch self {
        case .scored: .scores(LabelScale())
        case .head(let head): if case .vectors = head.form { nil } else { head.form }
        }
    }
}

extension GatheredAnswer {
    /// Of scored labels, under a scale.
    init(
        row: Int, _ scores: [LabelScore], choices: [String], form: LabelHead.Form, expected: String,
        promptVector: PromptVector?
    ) {
        var answer = LabelAnswer(
            labels: choices, logProbabilities: form.logProbabilities(of: scores, labels: choices) ?? [],
            usage: Usage(promptTokens: 0, completionTokens: 1))
        answer.comparison = scores.comparison(at: answer.best)
        var collector = EvidenceCollector(limit: nil, promptVector: promptVector)
        collector.add(text: choices[answer.best], tokens: [answer.token])
        collector.end(.stop)
        self.init(
            row: row, answer: choices[answer.best], right: choices[answer.best] == expected,
            evidence: collector.evidence, scores: scores)
    }
}
