import Foundation
import LapwingAPI
import LapwingEvaluation
import Synchronization
import Testing

@Suite struct RunTests {
    @Test("Choices are scored with their delimiter after the whole context, and samples keep what was said")
    func choices() async throws {
        let examinee = ScriptedExaminee()
        let items = try ItemMaker(Fixtures.mmlu, folder: DataFolder(path: Fixtures.path)).items()
        let samples = try await EvaluationRun(Fixtures.mmlu, items: items, examinee: examinee, concurrency: 2)
            .run(keep: { _ in }, progress: { _, _ in })
        #expect(samples.map(\.id) == [0, 1, 2])
        #expect(samples[0].logLikelihoods == [-3, -1, -2, -4])
        #expect(samples.map(\.chosen) == [1, 1, 1])
        #expect(samples.map { $0.scores["acc"] } == [1, 0, 0])
        #expect(examinee.asked.withLock { $0 }.allSatisfy { $0.1 == [" A", " B", " C", " D"] })
        #expect(examinee.asked.withLock { $0 }.contains { $0.0 == items[0].context })
    }

    @Test("A run that was cut off goes on with the questions that are not stored, a half line among them")
    func resumes() async throws {
        let path = NSTemporaryDirectory() + "lapwing-runs-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let runs = RunFolder(path: path)
        let items = try ItemMaker(Fixtures.mmlu, folder: DataFolder(path: Fixtures.path)).items()
        var record = RunRecord(
            id: "r", task: Fixtures.mmlu, model: "m", modelHash: nil, dataHash: "d", taskHash: "t", limit: nil,
            software: "s", startedAt: "2026-11-01T00:00:00Z", questions: 3)
        try runs.write(record)
        let broken = ScriptedExaminee(failsAfter: 1)
        let log = try runs.log(of: "r")
        await #expect(throws: EvaluationError.self) {
            try await EvaluationRun(Fixtures.mmlu, items: items, examinee: broken, concurrency: 1)
                .run(keep: { try log.append($0) }, progress: { _, _ in })
        }
        try log.close()
        let file = path + "/r/samples.jsonl"
        let whole = try #require(FileManager.default.contents(atPath: file))
        try (whole + Data("{\"id\":1,\"ques".utf8)).write(to: URL(filePath: file))
        let done = try runs.readSamples(of: "r")
        #expect(done.map(\.id) == [0])

        let examinee = ScriptedExaminee()
        let again = try runs.log(of: "r")
        let samples = try await EvaluationRun(Fixtures.mmlu, items: items, examinee: examinee, concurrency: 4)
            .run(done: done, keep: { try again.append($0) }, progress: { _, _ in })
        try again.close()
        #expect(examinee.asked.withLock { $0.count } == 2)
        #expect(try runs.readSamples(of: "r") == samples)
        record.finish(samples, metrics: [.acc], at: "2026-11-01T00:01:00Z")
        try runs.write(record)
        // One that is damaged is left out and told of.
        try FileManager.default.createDirectory(atPath: path + "/other", withIntermediateDirectories: true)
        try Data("{".utf8).write(to: URL(filePath: path + "/other/run.json"))
        var damaged: [EvaluationError] = []
        #expect(runs.runs { damaged.append($0) } == [record])
        #expect(damaged == [.badRun(path: path + "/other/run.json", reason: "it does not read as one")])
        #expect(record.metric("acc")?.value == 1.0 / 3)
        #expect(record.cost == NanoUSD(21))
        #expect(record.tokens.prompt == 30)
    }

    @Test("What answers with a choice is asked by chat, scored by `acc` alone, and its decisions are counted")
    func choosing() async throws {
        var task = Fixtures.mmlu
        task.system = "About {{subject}}."
        task.metrics = [.accNorm, .acc]
        let items = try ItemMaker(task, folder: DataFolder(path: Fixtures.path)).items()
        let examinee = ChoosingExaminee()
        let samples = try await EvaluationRun(task, items: items, examinee: examinee, concurrency: 1)
            .run(keep: { _ in }, progress: { _, _ in })
        #expect(samples.map { $0.scores } == [["acc": 1], ["acc": 0], ["acc": 0]])
        #expect(samples.map(\.chosen) == [1, 1, nil])
        #expect(samples.map(\.answer) == [" b.\n", " b.\n", "E"])
        guard case .messages(let asked) = try #require(examinee.asked.withLock { $0.first }) else {
            Issue.record("it was asked by running text")
            return
        }
        #expect(asked.map(\.role) == ["system", "user"])
        #expect(asked[0].content == "About \(items[0].group ?? "").")
        #expect(asked[1].content == items[0].context)
        var record = RunRecord(
            id: "r", task: task, model: "m", modelHash: nil, dataHash: "d", taskHash: "t", limit: nil, software: "s",
            startedAt: "2026-11-01T00:00:00Z", questions: 3)
        record.finish(samples, metrics: task.metrics, at: "2026-11-01T00:01:00Z")
        #expect(record.metrics.map(\.metric) == ["acc"])
        #expect(record.decisions == ["open": 2, "escalated": 1])
        // Nothing else could be scored, and a system message is no running text.
        task.metrics = [.mc2]
        let unasked = ChoosingExaminee()
        await #expect(throws: EvaluationError.self) {
            try await EvaluationRun(task, items: items, examinee: unasked, concurrency: 1)
                .run(keep: { _ in }, progress: { _, _ in })
        }
        #expect(unasked.asked.withLock { $0.isEmpty })
        task.metrics = [.acc]
        await #expect(throws: EvaluationError.self) {
            try await EvaluationRun(task, items: items, examinee: ScriptedExaminee(), concurrency: 1)
                .run(keep: { _ in }, progress: { _, _ in })
        }
    }

    @Test("A decision is a route's; what else has a receipt decides nothing")
    func decisions() async throws {
        for route in [nil, ProviderExaminee.RouteKind.writing] {
            let examinee = ProviderExaminee(name: "far", chat: ReceiptChat(), scoring: nil, route: route) { _ in nil }
            let said = try await examinee.answer(.text("a"), terms: .init(maxTokens: 4))
            #expect(said.decision == (route == nil ? nil : .escalated) && said.cost == NanoUSD(5))
        }
    }

    @Test(
        "What tells no log-probabilities is told the choices, a route's own labels are not, and foreign ones are refused"
    )
    func toldChoices() async throws {
        let chat = ReceiptChat()
        func chosen(_ route: ProviderExaminee.RouteKind?) async throws -> GenerationRequest {
            let examinee = ProviderExaminee(name: "far", chat: chat, scoring: nil, route: route) { _ in nil }
            #expect(examinee.answersWithChoice)
            let prompt = Prompt.messages([ChatMessage(role: "user", content: "Q")])
            #expect(try await examinee.choose(among: ["A", "B"], for: prompt).text == "A")
            return try #require(chat.asked.withLock { $0.last })
        }
        for route in [nil, ProviderExaminee.RouteKind.writing] {
            guard case .messages(let told) = try await chosen(route).prompts[0] else { continue }
            #expect(told.map(\.role) == ["system", "user"] && told[0].content.hasSuffix("nothing else: A, B"))
        }
        let asked = try await chosen(.requestLabels)
        #expect(asked.labels == ["A", "B"])
        let own = try await chosen(.labels(["B", "C"]))
        guard case .messages(let plain) = own.prompts[0] else { return }
        #expect(own.labels == nil && plain.count == 1)
        await #expect(throws: EvaluationError.foreignChoices(model: "far", choices: ["A", "B"], labels: ["C"])) {
            _ = try await chosen(.labels(["C"]))
        }
    }

    @Test("Spaces at the end of a context go with the continuation, and its tokens are those past the context's own")
    func tokenPairs() async throws {
        let pairs = try await TokenPairs.make([" x", "yz"], after: "ab \n") { text in
            text.unicodeScalars.map { Int32($0.value) }
        }
        #expect(pairs.context == [97, 98])
        #expect(pairs.continuations == [[32, 10, 32, 120], [32, 10, 121, 122]])
    }

    @Test("A provider that scores nothing is refused by name")
    func noLikelihoods() async {
        let examinee = ProviderExaminee(name: "far", chat: NoChat(), scoring: nil) { _ in nil }
        await #expect(throws: EvaluationError.noLikelihoods(model: "far", task: "choices")) {
            try await examinee.logLikelihoods(of: [" a"], after: "b")
        }
    }
}

private struct NoChat: ChatProvider {
    func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        GenerationStream { $0.finish() }
    }
}

/// Escalates, at 5 nano-dollars.
private final class ReceiptChat: ChatProvider {
    let asked = Mutex<[GenerationRequest]>([])

    func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        asked.withLock { $0.append(request) }
        let usage = Usage(promptTokens: 1, completionTokens: 1)
        let call = CallReceipt(
            model: "big", side: .closed, role: .kept, usage: usage, cost: NanoUSD(5), priceSource: nil,
            latencyMilliseconds: 1)
        let receipt = Receipt(
            requestID: "r", route: request.model, model: "big", decision: .escalated, confidence: nil, calls: [call],
            counterfactual: nil)
        return GenerationStream {
            $0.yield(.delta(choice: 0, text: "A", tokens: []))
            $0.yield(.completed(model: "big", usage: usage, receipt: receipt))
            $0.finish()
        }
    }
}

/// Answers with the second choice, and the third time with none; its third answer was escalated.
private final class ChoosingExaminee: Examinee {
    let name = "choosing"
    let asked = Mutex<[Prompt]>([])

    func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods {
        throw EvaluationError.noLikelihoods(model: name, task: "choices")
    }

    func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer {
        throw RequestError.internal(reason: "a choice was to be made")
    }

    let answersWithChoice = true

    func choose(among choices: [String], for prompt: Prompt) async throws -> WrittenAnswer {
        let count = asked.withLock {
            $0.append(prompt)
            return $0.count
        }
        return WrittenAnswer(
            text: count == 3 ? "E" : " \(choices[1].lowercased()).\n",
            usage: Usage(promptTokens: 1, completionTokens: 1), cost: nil,
            decision: count == 3 ? .escalated : .open)
    }
}

/// Takes the second choice always, at 7 nano-dollars a question.
private final class ScriptedExaminee: Examinee {
    let name = "scripted"
    let asked = Mutex<[(String, [String])]>([])
    private let failsAfter: Int

    init(failsAfter: Int = .max) { self.failsAfter = failsAfter }

    func logLikelihoods(of continuations: [String], after context: String) async throws -> Likelihoods {
        let count = asked.withLock {
            $0.append((context, continuations))
            return $0.count
        }
        if count > failsAfter { throw RequestError.overloaded(what: "scripted", retryAfterSeconds: 1) }
        return Likelihoods(
            sums: [-3, -1, -2, -4], usage: Usage(promptTokens: 10, completionTokens: 0), cost: NanoUSD(7))
    }

    func answer(_ prompt: Prompt, terms: EvaluationTask.AnswerTerms) async throws -> WrittenAnswer {
        WrittenAnswer(text: "", usage: Usage(promptTokens: 1, completionTokens: 0), cost: nil)
    }
}
