import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Testing

/// The scripted model's log-probability of a letter is minus its code: `a` is e times as probable as `b`.
@Suite("A route answers with labels", .timeLimit(.minutes(1)))
struct LabelRouteTests {
    private func house(
        _ labels: RouteLabels, closed: [ScriptedProvider.Step] = [], calibrator: Calibrator? = nil, below: Double? = 0.5
    ) throws -> RouterHouse {
        var route = Route(name: "support", open: "small", closed: "big", escalateBelow: below)
        route.labels = labels
        route.calibrator = calibrator
        return try RouterHouse(open: [], closed: closed, route: route) { configuration in
            let open = configuration.models[0].provider as? ScriptedProvider
            (configuration.models[0].tokenizing, configuration.models[0].embedding) = (open, open)
        }
    }

    private func request(_ change: (inout GenerationRequest) -> Void = { _ in }) -> GenerationRequest {
        var request = GenerationRequest(
            model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
        request.stream = true
        change(&request)
        return request
    }

    @Test(
        "The answer is the most probable label as one token, whose alternatives are the labels with their probabilities"
    )
    func oneToken() async throws {
        let house = try house(.scored(["c", "a", "b"]))
        var tokens: [ScoredToken] = []
        var usage: Usage?
        let asked = request { $0.topLogProbabilities = 2 }
        for try await event in try await house.router.generate(asked, context: RequestContext(requestID: "r1")) {
            if case .delta(_, _, let drawn) = event { tokens += drawn }
            if case .completed(_, let total, _) = event { usage = total }
        }
        let token = try #require(tokens.first)
        #expect(tokens.count == 1 && String(decoding: token.bytes, as: UTF8.self) == "a" && token.id == 1)
        let total = 1 + exp(-1.0) + exp(-2.0)
        #expect(abs(exp(try #require(token.logProbability)) - 1 / total) < 1e-12)
        // As many as the client asked for, though the judge saw them all.
        #expect(token.top.map(\.id) == [1, 2])
        #expect(abs(exp(token.top[1].logProbability) - exp(-1) / total) < 1e-12)
        // The conversation's bytes with the mark before them, and the label's.
        #expect(usage?.promptTokens == 13 && usage?.completionTokens == 1)
    }

    @Test("It is judged, entered and answered like any other, by the name of the route's calibrator")
    func judged() async throws {
        let calibrator = try Calibrator.fitted(labels: ["c", "a", "b"])
        let house = try house(.scored(["c", "a", "b"]), calibrator: calibrator)
        let outcome = await Outcome(try await house.ask())
        let confidence = try #require(outcome.receipt?.confidence)
        #expect(confidence.calibrator == "intents-v3" && confidence.isCalibrated)
        let logProbability = -log(1 + exp(-1.0) + exp(-2.0))
        var expected = Evidence(
            tokenCount: 1, mean: logProbability, minimum: logProbability, lowDecile: logProbability)
        expected.finish = .stop
        let judge = calibrator.model(for: Segment())
        #expect(abs(confidence.probability - judge.probability(expected)) < 1e-9)
        #expect(outcome.words.suffix(3) == ["a", "<stop>", "completed"])
        #expect(try await house.entries().map(\.confidence) == [confidence])
    }

    @Test(
        "The closed model, which writes, is told the labels, in the shadow too", arguments: [0.99, 0], [true, false])
    func closedIsTold(below: Double, hasOwn: Bool) async throws {
        let folder = try TemporaryFolder()
        var route = Route(name: "support", open: "small", closed: "big", escalateBelow: below)
        route.labels = .scored(hasOwn ? ["c", "a", "b"] : [])
        route.shadow = ShadowOptions(model: "big", share: 1, judge: nil)
        let house = try RouterHouse(open: [], closed: steps(answer(["a"], logProbability: nil)), route: route) {
            $0.models[0].tokenizing = $0.models[0].provider as? ScriptedProvider
            $0.evidence = try? EvidenceStore(path: folder.path + "/evidence.db")
        }
        let asked = request { if !hasOwn { $0.labels = ["c", "a", "b"] } }
        let outcome = await Outcome(
            try await house.router.generate(asked, context: RequestContext(requestID: "r1")))
        await house.router.settleShadows()
        #expect(outcome.receipt?.decision == (below == 0 ? .open : .escalated))
        #expect(house.closed.calls.count == 1)
        guard case .messages(let messages)? = house.closed.calls.first?.request.prompts.first else {
            Issue.record("no messages")
            return
        }
        #expect(messages.map(\.role) == ["system", "user"])
        #expect(messages[0].content.hasSuffix("and nothing else: c, a, b") && messages[1].content == "Hello there")
        let text = GenerationRequest(model: "m", prompts: [.text("Hello"), .tokens([1])]).naming(["a", "b"])
        #expect(text.prompts[1] == .tokens([1]))
        #expect(
            text.prompts[0]
                == .text(
                    "Answer with one of these labels, exactly as it is written, and nothing else: a, b\n\nHello"))
    }

    @Test("A candidate on trial answers with the labels too, and is the one that is asked")
    func candidate() throws {
        let provider = ScriptedProvider()
        let models = ["small", "new"].map {
            ModelBinding(name: $0, provider: provider, scoring: provider, tokenizing: provider, location: .local)
        }
        var route = Route(name: "support", open: "small")
        route.labels = .scored(["a", "b"])
        route.canary = CanaryOptions(candidate: "new", share: 0.5, margin: 0.1)
        let table = try RouteTable(routes: [route], models: models)
        for candidate in [nil, "new"] {
            let first = try table.plan(for: request(), tier: "default", candidate: candidate).first
            #expect(first.name == candidate ?? "small")
            #expect(first.provider is LabelProvider)
        }
    }

    @Test("Without labels of its own a route answers with one of the request's, and the closed model is told those")
    func requested() async throws {
        for below in [0.5, 0.99] {
            let house = try house(.scored([]), closed: steps(answer(["closed"])), below: below)
            let asked = request { $0.labels = ["c", "a", "b"] }
            let outcome = await Outcome(
                try await house.router.generate(asked, context: RequestContext(requestID: "r1")))
            #expect(outcome.receipt?.decision == (below == 0.5 ? .open : .escalated))
            if below == 0.5 {
                #expect(outcome.words.suffix(3) == ["a", "<stop>", "completed"] && house.closed.calls.isEmpty)
            } else {
                let sent = try #require(house.closed.calls.first?.request)
                guard case .messages(let messages) = sent.prompts[0] else {
                    Issue.record("no messages")
                    return
                }
                #expect(messages[0].content.hasSuffix("and nothing else: c, a, b") && sent.labels == nil)
            }
        }
    }

    @Test("Labels with commas are told a line each, so that all know where one ends")
    func commas() {
        let request = GenerationRequest(model: "m", prompts: [.text("Q")]).naming(["a, b", "c"])
        #expect(
            request.prompts
                == [
                    .text(
                        "Answer with one of these labels, exactly as it is written, and nothing else:\n- a, b\n- c\n\nQ"
                    )
                ])
    }

    @Test(
        "A request's choices are a part of what it had read; more of them than an engine's queue takes are scored in turns"
    )
    func manyChoices() async throws {
        let house = try house(.scored([]), below: nil)
        // 150 texts of two letters, two tokens each.
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
        let choices = (0..<150).map { (index: Int) -> String in String([alphabet[index / 25], alphabet[index % 25]]) }
        let asked = request { $0.labels = choices }
        var usage: Usage?
        var text = ""
        for try await event in try await house.router.generate(asked, context: RequestContext(requestID: "r1")) {
            if case .delta(_, let piece, _) = event { text += piece }
            if case .completed(_, let total, _) = event { usage = total }
        }
        #expect(text == "aa" && usage?.promptTokens == 13 + 300)
    }

    @Test("A head that was fitted to rows with choices of their own weighs a request's")
    func requestedHead() async throws {
        // Less than nothing for the sum: the least probable is the answer.
        let house = try house(.head(LabelHead.fitted([], .scores(LabelScale(sum: -1)))), below: nil)
        let asked = request { $0.labels = ["c", "a", "b"] }
        let outcome = await Outcome(try await house.router.generate(asked, context: RequestContext(requestID: "r1")))
        #expect(outcome.words.suffix(3) == ["c", "<stop>", "completed"])
    }

    @Test("Choices that nobody names, or that the route has already, and those of models that write are refused")
    func unaskedChoices() async throws {
        func error(
            _ labels: RouteLabels, _ choices: [String]?, model: String = "support"
        ) async throws -> RequestError? {
            let asked = request {
                $0.labels = choices
                $0.model = model
            }
            do {
                let house = try house(labels)
                _ = try await house.router.generate(asked, context: RequestContext(requestID: "r"))
                return nil
            } catch let error as RequestError { return error }
        }
        #expect(
            try await error(.scored([]), nil)
                == .invalid(
                    field: "structured_outputs", found: "nothing",
                    expected: "{ \"choice\": […] }, as 'support' answers with one of the choices"))
        #expect(
            try await error(.scored(["a", "b"]), ["a", "b"])
                == .unsupported(
                    field: "structured_outputs", reason: "'support' answers with one of 2 labels of its own"))
        #expect(
            try await error(.scored([]), ["a", "b"], model: "big")
                == .unsupported(
                    field: "structured_outputs",
                    reason: "'big' writes; a route with 'labels: request' answers with one of the choices"))
    }

    @Test("A label that is too unsure is escalated")
    func escalates() async throws {
        // Three labels of the same letters are equally probable.
        let house = try house(.scored(["abc", "bca", "cab"]), closed: steps(answer(["closed"])))
        let outcome = await Outcome(try await house.ask())
        #expect(outcome.receipt?.decision == .escalated && outcome.words.contains("closed"))
    }

    @Test("A head on vectors answers with its labels")
    func head() async throws {
        // The scripted vector's first number is the length of the text, 11: class 1 has the score 11 - 10.
        let linear = LogisticRegression(classCount: 2, weights: [1, 0, 0], intercepts: [-10])
        let house = try house(.head(LabelHead.fitted(["short", "long"], .vectors(linear))), below: nil)
        let asked = request { $0.topLogProbabilities = 0 }
        var found: (text: String, logProbability: Double?)?
        for try await event in try await house.router.generate(asked, context: RequestContext(requestID: "r1")) {
            if case .delta(_, let text, let tokens) = event { found = (text, tokens.first?.logProbability) }
        }
        #expect(found?.text == "long")
        #expect(abs(exp(found?.logProbability ?? 0) - 1 / (1 + exp(-1))) < 1e-6)
    }

    @Test("A text that is longer than the embedding model reads is labelled by its beginning, alone and among others")
    func longText() async throws {
        /// Reads six letters; a vector is a text's length.
        struct ShortReader: EmbeddingProvider {
            func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
                let lengths = request.inputs.map { if case .text(let text) = $0 { text.count } else { 0 } }
                if let long = lengths.first(where: { $0 > 6 }) {
                    throw RequestError.tooLong(field: "input", tokens: long, limit: 6)
                }
                let usage = Usage(promptTokens: lengths.reduce(0, +), completionTokens: 0)
                return EmbeddingResult(model: "m", vectors: lengths.map { [Float($0)] }, usage: usage)
            }
        }
        let linear = LogisticRegression(classCount: 2, weights: [1], intercepts: [-5.5])
        let head = HeadLabels(["short", "long"], linear, embedding: ShortReader(), model: "m")
        let context = RequestContext(requestID: "r")
        // Of eleven letters five are left.
        let answer = try await head.labels(for: .text("Hello there"), context: context)
        #expect(answer.best == 0 && answer.usage.promptTokens == 5)
        #expect(try await head.labels(for: .text("Hello!"), context: context).best == 1)
        let many = try await ShortReader().embedBeginnings(
            of: ["Hi", "Hello there"], model: "m", context: context)
        #expect(many.vectors == [[2], [5]] && many.usage.promptTokens == 7)
    }

    @Test("What a label cannot honour is refused by name")
    func refusals() async throws {
        let house = try house(.scored(["a", "b"]))
        func error(_ change: (inout GenerationRequest) -> Void) async throws -> RequestError? {
            let stream = try await house.router.generate(
                request(change), context: RequestContext(requestID: UUID().uuidString))
            return await Outcome(stream).error
        }
        #expect(
            try await error { $0.choiceCount = 2 }
                == .invalid(field: "n", found: "2", expected: "1: the label of a prompt is always the same"))
        #expect(
            try await error { $0.continuesLastMessage = true }
                == .unsupported(field: "continue_final_message", reason: "the answer is a label alone"))
    }

    @Test("A model that cannot give what the labels take is refused when the router is made")
    func unfit() throws {
        var route = Route(name: "support", open: "big")
        route.labels = .scored(["a", "b"])
        #expect(
            throws: RouterError.unfitLabels(
                route: "support", found: "'big', which does not score given text",
                expected: "a language model that runs here, or labels with a 'head'")
        ) { try RouterHouse(open: [], route: route) }
        route.labels = .head(LabelHead.fitted(["a", "b"], .scores(LabelScale())))
        #expect(
            throws: RouterError.unfitLabels(
                route: "support", found: "the head 'intents', fitted to 'small'",
                expected: "one that was fitted to its open model, 'big'")
        ) { try RouterHouse(open: [], route: route) }
    }
}

extension LabelHead {
    static func fitted(_ labels: [String], _ form: LabelHead.Form) -> LabelHead {
        LabelHead(
            name: "intents", version: 1, model: "small", labels: labels, form: form, data: DataFingerprint(rows: []),
            c: 1, accuracy: 1, logLoss: 0)
    }
}

extension Calibrator {
    /// Version 3 of `intents`, for `small` on the route `support`, whose sure answers are the right ones.
    static func fitted(labels: [String]?) throws -> Calibrator {
        let answers = (0..<40).map { row in
            let mean = -0.05 * Double(row)
            var evidence = Evidence(tokenCount: 1, mean: mean, minimum: mean, lowDecile: mean)
            evidence.finish = .stop
            return LabelledAnswer(evidence: evidence, right: row % 10 != 3 && row < 25 || row % 10 == 7)
        }
        return Calibrator(
            name: "intents", version: 3, route: "support", model: "small", labels: labels,
            fit: CalibratorFit(answers), data: DataFingerprint(rows: [["a", "b"]]))
    }
}
