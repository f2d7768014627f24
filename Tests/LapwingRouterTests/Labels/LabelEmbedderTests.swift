import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingTestSupport
import Synchronization
import Testing

@Suite("An embedding model is asked of labels too", .timeLimit(.minutes(1)))
struct LabelEmbedderTests {
    /// A text's vector is how often it has the letters x, y and z, and takes 1,000 ns of machine time a call.
    private final class LetterCounts: EmbeddingProvider {
        private let asked = Mutex<[[EmbeddingInput]]>([])

        var calls: [[EmbeddingInput]] { asked.withLock { $0 } }

        func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
            asked.withLock { $0.append(request.inputs) }
            let vectors = request.inputs.map { input in
                guard case .text(let text) = input else { return [Float]() }
                return "xyz".map { letter in Float(text.count { $0 == letter }) }
            }
            var usage = Usage(promptTokens: 1, completionTokens: 0)
            usage.computeNanoseconds = 1000
            return EmbeddingResult(model: request.model, vectors: vectors, usage: usage)
        }
    }

    private let letters = LetterCounts()
    private let scripted = ScriptedProvider()

    private func scorer(_ labels: [String], _ scale: LabelScale = LabelScale(), hasEmbedder: Bool = true) -> LabelScorer
    {
        LabelScorer(
            scoring: scripted, tokenizing: scripted, model: "m", labels: labels, form: .scores(scale),
            embedder: hasEmbedder ? LabelEmbedder(letters, model: "e") : nil)
    }

    private func chat(_ text: String) -> Prompt { .messages([ChatMessage(role: "user", content: text)]) }

    @Test("A label is as alike to the prompt, and to the label nearest to it, as the angles between their vectors say")
    func cosines() async throws {
        let labels = ["xx", "x_y", "z"]
        let context = RequestContext(requestID: "r")
        let scores = try await scorer(labels).scores(of: labels, after: chat("x"), context: context).scores
        let found = scores.compactMap(\.similarity)
        let half = 0.5.squareRoot()
        let expected = [(1, half), (half, half), (0, 0)].map { LabelSimilarity(toPrompt: $0, toNearest: $1, by: "e") }
        for (value, expected) in zip(found, expected) {
            #expect(abs(value.toPrompt - expected.toPrompt) < 1e-6)
            #expect(abs(value.toNearest - expected.toNearest) < 1e-6)
        }
        // A label is read as its words.
        #expect(letters.calls == [[.text("x"), .text("xx"), .text("x y"), .text("z")]])
        let comparison = scores.comparison(at: 1)
        #expect(comparison.similarity == found[1])
        #expect(abs(try #require(comparison.similarityMargin) - (half - 1)) < 1e-6)
        var evidence = Evidence(tokenCount: 1, mean: -1, minimum: -1, lowDecile: -1)
        evidence.comparison = comparison
        #expect(abs(try #require(ConfidenceFeature.similarity.value(in: evidence)) - half) < 1e-6)
        #expect(abs(try #require(ConfidenceFeature.similarityMargin.value(in: evidence)) - (half - 1)) < 1e-6)
        #expect(abs(try #require(ConfidenceFeature.logApartness.value(in: evidence)) - log(1.02 - half)) < 1e-6)
        let product = try #require(ConfidenceFeature.apartSimilarityMargin.value(in: evidence))
        #expect(abs(product - log(1.02 - half) * (half - 1)) < 1e-6)
    }

    @Test("A route's labels are embedded once, its questions each")
    func keptVectors() async throws {
        let labels = ["x", "y"]
        let scorer = scorer(labels)
        for text in ["xy", "yy", "xx"] {
            let answer = try await scorer.labels(for: chat(text), context: RequestContext(requestID: "r"))
            #expect(answer.comparison?.similarity != nil)
        }
        #expect(
            letters.calls
                == [[.text("xy"), .text("x"), .text("y")], [.text("yy")], [.text("xx")]])
        // Other labels have vectors of their own.
        _ = try await scorer.scores(of: ["y", "x"], after: chat("x"), context: RequestContext(requestID: "r"))
        #expect(letters.calls.last == [.text("x"), .text("y"), .text("x")])
    }

    @Test("Its opinion counts by its weight, its time is on the bill, and without it there is none")
    func weighed() async throws {
        // The scores alone choose the label of the least letter.
        func answer(_ scale: LabelScale, _ hasEmbedder: Bool) async throws -> LabelAnswer {
            try await scorer(["x", "y", "z"], scale, hasEmbedder: hasEmbedder).labels(
                for: chat("zz"), context: RequestContext(requestID: "r"))
        }
        let plain = try await answer(LabelScale(), false)
        #expect(plain.labels[plain.best] == "x" && plain.comparison?.similarity == nil)
        let heard = try await answer(LabelScale(), true)
        #expect(heard.logProbabilities == plain.logProbabilities && heard.comparison?.similarity?.toPrompt == 0)
        let weighed = try await answer(LabelScale(similarity: 10), true)
        #expect(weighed.labels[weighed.best] == "z")
        // z lies two behind x by its score, and ten before it by its similarity.
        #expect(abs(weighed.logProbabilities[2] - weighed.logProbabilities[0] - 8) < 1e-9)
        #expect(try #require(heard.usage.computeNanoseconds) - (plain.usage.computeNanoseconds ?? 0) == 1000)
    }

    @Test("Of running text the question is all but the last line; token ids have none")
    func questions() async throws {
        let context = RequestContext(requestID: "r")
        _ = try await scorer(["x", "y"]).labels(for: .text("Question: y?\nAnswer:"), context: context)
        _ = try await scorer(["x", "y"]).labels(for: .text("one line"), context: context)
        #expect(letters.calls.map { $0[0] } == [.text("Question: y?"), .text("one line")])
        let plain = try await scorer(["x", "y"]).labels(for: .tokens([1, 2]), context: context)
        #expect(plain.comparison?.similarity == nil)
        await #expect(
            throws: RequestError.unsupported(
                field: "prompt", reason: "the route's embedder reads text, and these are token ids")
        ) { try await scorer(["x", "y"], LabelScale(similarity: 1)).labels(for: .tokens([1, 2]), context: context) }
    }

    @Test("An embedder that fails costs a label its second opinion, and its answer only where that is weighed")
    func failing() async throws {
        scripted.beforeEmbedding { throw RequestError.internal(reason: "no") }
        func answer(_ scale: LabelScale) async throws -> LabelAnswer {
            try await LabelScorer(
                scoring: scripted, tokenizing: scripted, model: "m", labels: ["x", "y"], form: .scores(scale),
                embedder: LabelEmbedder(scripted, model: "m")
            ).labels(for: chat("x"), context: RequestContext(requestID: "r"))
        }
        #expect(try await answer(LabelScale()).comparison?.similarity == nil)
        await #expect(throws: RequestError.internal(reason: "no")) { try await answer(LabelScale(similarity: 1)) }
    }

    @Test("What another embedder said is no evidence")
    func otherEmbedder() {
        var evidence = Evidence(tokenCount: 1, mean: -1, minimum: -1, lowDecile: -1)
        evidence.promptVector = PromptVector([1, 2], by: "e")
        var comparison = LabelComparison(agreement: 1, sumMargin: 1, meanMargin: 1, priorMargin: 1, mean: -1)
        comparison.similarity = LabelSimilarity(toPrompt: 0.5, toNearest: 0.5, by: "e")
        comparison.similarityMargin = 0.1
        evidence.comparison = comparison
        #expect(evidence.heard(by: "e") == evidence)
        for other in ["f", nil] {
            let heard = evidence.heard(by: other)
            #expect(heard.promptVector == nil && heard.comparison?.similarity == nil)
            #expect(heard.comparison?.similarityMargin == nil && heard.comparison?.sumMargin == 1)
        }
    }

    @Test("A fit finds that similarity tells the right label, where every label has one")
    func fit() {
        var random = SplitMix64(seed: 3)
        func choices(_ hasAll: Bool) -> [LabelScale.Choice] {
            (0..<200).map { row in
                let similarities = (0..<3).map { _ in Double.random(in: 0...1, using: &random) }
                var scores = similarities.map { similarity in
                    var score = LabelScore(sum: Double.random(in: -9 ... -1, using: &random), tokenCount: 2, prior: 0)
                    score.similarity = LabelSimilarity(toPrompt: similarity, toNearest: 0.5, by: "e")
                    return score
                }
                if !hasAll, row == 7 { scores[1].similarity = nil }
                let right = similarities.indices.max { similarities[$0] < similarities[$1] } ?? 0
                return LabelScale.Choice(labels: ["a", "b", "c"], scores: scores, right: right)
            }
        }
        let scale = LabelScale.fit(choices(true), hasBiases: true, c: 10)
        #expect((scale.similarity ?? 0) > 10 && abs(scale.sum) < 0.5 && scale.biases.count == 3)
        let judged = choices(true)
        let right = judged.count { choice in
            let found = scale.logProbabilities(of: choice.scores, labels: choice.labels)
            return found.indices.max { found[$0] < found[$1] } == choice.right
        }
        #expect(right > 190)
        #expect(LabelScale.fit(choices(false), hasBiases: false, c: 10).similarity == nil)
    }

    @Test("A head of before there were embedders is read")
    func earlierHead() throws {
        let scale = try JSONDecoder().decode(
            LabelScale.self, from: Data(#"{"sum":0.5,"mean":1,"prior":-1,"biases":{}}"#.utf8))
        #expect(scale == LabelScale(sum: 0.5, mean: 1, prior: -1))
    }

    /// `small` scores, `vectors` makes vectors here, `far` elsewhere.
    private func table(_ labels: RouteLabels?, embedder: String?) throws -> RouteTable {
        var route = Route(name: "support", open: "small")
        (route.labels, route.embedder) = (labels, embedder)
        var models = [("small", ModelBinding.Location.local), ("vectors", .local), ("far", .remote)].map {
            ModelBinding(
                name: $0, provider: scripted, scoring: scripted, tokenizing: scripted, location: $1, upstreamName: "m")
        }
        (models[1].embedding, models[2].embedding) = (letters, letters)
        return try RouteTable(routes: [route], models: models)
    }

    @Test("A route asks the embedder that it names")
    func route() async throws {
        let scale = LabelScale(similarity: 10)
        var head = LabelHead.fitted(["x", "y", "z"], .scores(scale))
        head.embedder = "vectors"
        let plan = try table(.head(head), embedder: "vectors").plan(
            for: GenerationRequest(model: "support", prompts: [chat("zz")]), tier: "default")
        var text = ""
        let stream = try await #require(plan.first.provider).generate(
            GenerationRequest(model: "small", prompts: [chat("zz")]), context: RequestContext(requestID: "r"))
        for try await case .delta(_, let piece, _) in stream { text += piece }
        #expect(text == "z" && letters.calls.count == 1)
    }

    @Test(
        "What cannot be asked, and what the head was not fitted with, is refused when the router is made",
        arguments: [
            (nil, "vectors", nil, nil),
            ("vectors", "vectors", nil, nil),
            ("vectors", nil, "no 'embedder' beside the head 'intents'", "'embedder: vectors', as it was fitted"),
            ("none", "vectors", nil, nil), ("none", nil, nil, nil),
        ] as [(String?, String?, String?, String?)])
    func refusals(fitted: String?, embedder: String?, found: String?, expected: String?) throws {
        var labels = RouteLabels.scored(["x", "y"])
        if let fitted {
            var head = LabelHead.fitted(["x", "y"], .scores(LabelScale()))
            head.embedder = fitted == "none" ? nil : fitted
            labels = .head(head)
        }
        guard let found, let expected else {
            _ = try table(labels, embedder: embedder)
            return
        }
        #expect(throws: RouterError.unfitLabels(route: "support", found: found, expected: expected)) {
            try table(labels, embedder: embedder)
        }
    }

    @Test(
        "An embedder that does not exist, or makes no vectors here, is named",
        arguments: [RouteLabels.scored(["x", "y"]), nil] as [RouteLabels?])
    func unfit(labels: RouteLabels?) {
        #expect(
            throws: RouterError.unknownModel(
                route: "support", model: "nobody", known: ["small", "vectors", "far"])
        ) { try table(labels, embedder: "nobody") }
        for name in ["far", "small"] {
            #expect(throws: RouterError.unfitEmbedder(route: "support", model: name)) {
                try table(labels, embedder: name)
            }
        }
    }
}
