import Foundation
import LapwingAPI
import LapwingRouter
import LapwingStatistics
import LapwingStore
import LapwingTestSupport
import Testing

@Suite("A prompt is known by what became of prompts like it", .timeLimit(.minutes(1)))
struct OutcomeNeighboursTests {
    private func vector(_ numbers: [Float], by embedder: String = "vectors") -> PromptVector {
        PromptVector(numbers, by: embedder)
    }

    /// Prompts in two directions, of which those of the first were answered rightly.
    private func twoTopics(_ count: Int, seed: UInt64 = 5) -> [(vector: PromptVector, right: Bool)] {
        var random = SplitMix64(seed: seed)
        return (0..<count).map { row in
            let noise = Float.random(in: -0.3...0.3, using: &random)
            return (vector(row % 2 == 0 ? [1, noise, 0] : [noise, 1, 0]), row % 2 == 0)
        }
    }

    @Test("The share of right ones among the nearest 30, the nearer counting for more")
    func share() throws {
        let few = try #require(
            OutcomeNeighbours([(vector([1, 0]), true), (vector([0, 1]), false), (vector([-1, 0]), false)]))
        // Cosines of 1, 0 and -1.
        let expected = exp(8.0) / (exp(8) + 1 + exp(-8))
        #expect(abs(try #require(few.shareRight(near: vector([2, 0]))) - expected) < 1e-9)
        // The other topic has as many prompts, and none of them is among the nearest.
        let many = try #require(OutcomeNeighbours(twoTopics(100)))
        #expect(many.shareRight(near: vector([3, 0.2, 0])) == 1)
        #expect(many.shareRight(near: vector([0.1, 3, 0])) == 0)
    }

    @Test("What cannot be compared says nothing")
    func incomparable() throws {
        #expect(OutcomeNeighbours([]) == nil && OutcomeNeighbours([(vector([]), true)]) == nil)
        let table = try #require(OutcomeNeighbours(twoTopics(40) + [(vector([1, 0, 0, 0]), true)]))
        // Those of another length than the last one's are left out.
        #expect(table.shareRight(near: vector([1, 0, 0])) == nil)
        #expect(table.shareRight(near: vector([0, 1, 0, 0])) == 1)
        #expect(table.shareRight(near: vector([.nan, 1, 0, 0])) == 1)
        for damaged in [
            #"{"codes":"AAAA","right":[true,false]}"#, #"{"codes":"","right":[]}"#, #"{"codes":"AA==","right":[]}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(OutcomeNeighbours.self, from: Data(damaged.utf8))
            }
        }
    }

    @Test("A row knows neither itself nor a row that is held out beside it, though their prompts are the same")
    func heldOut() throws {
        let answers = [([1, 0], true), ([1, 0], true), ([0.6, 0.8], false), ([0, 1], false)].map {
            labelled(vector($0.0), $0.1)
        }
        let lists = try #require(NeighbourLists(answers))
        func known(_ rows: Set<Int>) -> [Double?] {
            lists.rows([0, 1], of: answers) { rows.contains($0) }.map(\.evidence.neighbours)
        }
        #expect(known([2, 3]) == [0, 0] && known([]) == [nil, nil])
        let beside = try #require(known([0, 1, 2, 3])[0])
        #expect(beside > 0.9 && beside < 1)
        // A vector of another model, of another length, is no neighbour and has none.
        let mixed = try #require(NeighbourLists([labelled(vector([1]), true)] + answers))
        #expect(
            mixed.rows([0, 1], of: [labelled(vector([1]), true)] + answers) { _ in true }[0].evidence.neighbours == nil)
    }

    private func labelled(_ vector: PromptVector, _ right: Bool) -> LabelledAnswer {
        var evidence = Evidence(tokenCount: 1, mean: -0.5, minimum: -0.5, lowDecile: -0.5)
        (evidence.finish, evidence.promptVector) = (.stop, vector)
        return LabelledAnswer(evidence: evidence, right: right)
    }

    private func calibrator(_ answers: [LabelledAnswer]) -> Calibrator {
        Calibrator(
            name: "c", version: 1, route: "support", model: "small", labels: nil, embedder: "vectors",
            fit: CalibratorFit(answers), data: DataFingerprint(rows: []))
    }

    @Test("A calibrator learns of topics that the answers themselves do not show, and its file says the same")
    func learnt() throws {
        let fitted = calibrator(twoTopics(120).map { labelled($0.vector, $0.right) })
        #expect(try #require(fitted.metrics.auroc) > 0.99)
        let read = try JSONDecoder().decode(Calibrator.self, from: JSONEncoder().encode(fitted))
        for judge in [fitted, read].map({ $0.model(for: Segment()) }) {
            #expect(judge.probability(labelled(vector([1, 0.1, 0]), true).evidence) > 0.9)
            #expect(judge.probability(labelled(vector([0.1, 1, 0]), true).evidence) < 0.1)
            // Without a vector it is judged as the mean.
            var unknown = labelled(vector([1, 0, 0]), true).evidence
            unknown.promptVector = nil
            #expect(abs(judge.probability(unknown) - 0.5) < 0.1)
        }
    }

    @Test("No answer is known by its own outcome: of vectors that mean nothing nothing is learnt")
    func noLeak() throws {
        var random = SplitMix64(seed: 8)
        let answers = (0..<300).map { _ in
            labelled(
                vector((0..<8).map { _ in Float.random(in: -1...1, using: &random) }), Bool.random(using: &random))
        }
        let report = CalibratorFit(answers).report
        #expect(try #require(report.auroc) < 0.6 && report.informationShare < 0.03)
    }

    /// Of the open model's one answer to two prompts of 11 and 3 bytes, the scripted embedder's vectors of which point to
    /// [11, -0.5, 0.1] and [3, -0.5, 0.1].
    private func house(
        _ calibrator: Calibrator, keepsTexts: Bool = false, store: EvidenceStore? = nil,
        folder: TemporaryFolder? = nil
    ) throws -> RouterHouse {
        var route = Route(name: "support", open: "small", hold: .all)
        (route.calibrator, route.embedder) = (calibrator, "vectors")
        return try RouterHouse(
            open: steps(answer(["a"], logProbability: -0.5)), route: route, folder: folder, hasAccounts: folder != nil
        ) { configuration in
            let open = configuration.models[0].provider as? ScriptedProvider
            var embedder = ModelBinding(name: "vectors", provider: nil, location: .local, upstreamName: "m")
            embedder.embedding = open
            configuration.models.append(embedder)
            (configuration.evidence, configuration.keepsTexts) = (store, keepsTexts)
        }
    }

    /// Long prompts were answered rightly, short ones were not.
    private var byLength: Calibrator {
        calibrator(
            (0..<60).map { row in
                let isLong = row % 2 == 0
                let length: Float = (isLong ? 11 : 3) + Float(row) / 600
                return labelled(vector([length, -0.5, 0.1]), isLong)
            })
    }

    @Test("A router asks the embedder for each prompt, and judges without where it gives nothing")
    func routed() async throws {
        let house = try house(byLength)
        func confidence(_ text: String, _ id: String) async throws -> Double {
            let request = GenerationRequest(
                model: "support", prompts: [.messages([ChatMessage(role: "user", content: text)])])
            let outcome = await Outcome(
                try await house.router.generate(request, context: RequestContext(requestID: id)))
            return try #require(outcome.receipt?.confidence).probability
        }
        let (long, short) = (try await confidence("Hello there", "r1"), try await confidence("Hey", "r2"))
        #expect(long > 0.8 && short < 0.2, "\(long), \(short)")
        #expect(house.open.embeddingCalls.map(\.inputs) == [[.text("Hello there")], [.text("Hey")]])
        house.open.beforeEmbedding { throw RequestError.internal(reason: "no") }
        let without = try await confidence("Hello there", "r3")
        #expect(without > short && without < long)
    }

    @Test("Nothing is embedded for a request that its key's limits refuse")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let store = try KeyStore(folder: folder.path)
        var limited = KeyDraft(name: "limited")
        limited.limits.tokensPerMinute = 5
        let keys = [try store.create(KeyDraft(name: "free"), at: 0).key, try store.create(limited, at: 0).key]
        let house = try house(byLength, folder: folder)
        for (id, key) in zip(["r1", "r2"], keys) {
            let request = GenerationRequest(
                model: "support", prompts: [.messages([ChatMessage(role: "user", content: "Hello there")])])
            var context = RequestContext(requestID: id)
            Caller(key: key).sign(&context)
            let outcome = await Outcome(try await house.router.generate(request, context: context))
            #expect((outcome.error == nil) == (id == "r1"))
        }
        #expect(house.open.embeddingCalls.count == 1)
    }

    @Test("The vector is kept where texts are, and nowhere else", arguments: [true, false])
    func kept(keepsTexts: Bool) async throws {
        let folder = try TemporaryFolder()
        let store = try EvidenceStore(path: folder.path + "/evidence.db")
        let house = try house(byLength, keepsTexts: keepsTexts, store: store)
        _ = await Outcome(try await house.ask(id: "r1"))
        await house.router.drain()
        var said = AnswerOutcome(requestID: "r1", source: .dataset, right: true, at: 1)
        said.side = .open
        store.addOutcome(said)
        let kept = try #require(try store.labelled(route: "support").first)
        let evidence = try JSONDecoder().decode(Evidence.self, from: kept.evidenceJSON)
        #expect(evidence.promptVector == (keepsTexts ? vector([11, -0.5, 0.1]) : nil))
        #expect(evidence.neighbours == nil)
    }
}
