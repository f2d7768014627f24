import LapwingAPI
import LapwingRouter
import LapwingTestSupport
import Synchronization
import Testing

/// Remembers what it was asked to judge.
private final class Judged: ConfidenceModel {
    private let seen = Mutex<[Evidence]>([])
    let name = "judged"
    let isCalibrated = false

    var evidence: [Evidence] { seen.withLock { $0 } }

    func probability(_ evidence: Evidence) -> Double {
        seen.withLock { $0.append(evidence) }
        return 0.9
    }
}

@Suite("A route has its model asked again about each answer", .timeLimit(.minutes(1)))
struct CheckedRouteTests {
    private let judged = Judged()

    /// The model says `answer`, and `samples` when it is asked for as many.
    private func house(
        _ checks: CheckOptions, answer: String = "It is 42", samples: [String] = [], reason: FinishReason = .stop
    ) throws -> (house: RouterHouse, model: ScriptedProvider) {
        let model = ScriptedProvider { request, _ in
            let texts = request.choiceCount == 1 ? [answer] : samples
            guard texts.count == request.choiceCount else { throw RequestError.internal(reason: "no samples") }
            let deltas = texts.enumerated().flatMap { choice, text -> [GenerationEvent] in
                let token = ScoredToken(id: 1, bytes: Array(text.utf8), logProbability: -0.5)
                return [
                    .delta(choice: choice, text: text, tokens: [token]), .finished(choice: choice, reason: reason),
                ]
            }
            let usage = Usage(promptTokens: 5, completionTokens: texts.count, computeNanoseconds: 1000)
            return steps(deltas + [.completed(model: "m", usage: usage, receipt: nil)])
        }
        var route = Route(name: "support", open: "small", closed: "big", hold: .all, escalateBelow: 0.5)
        route.checks = checks
        let house = try RouterHouse(open: [], route: route) { [judged] configuration in
            configuration.confidence = judged
            configuration.models[0].provider = model
            configuration.models[0].tokenizing = configuration.models[0].scoring as? ScriptedProvider
        }
        return (house, model)
    }

    @Test("Samples that agree and the model's own word are evidence that no client sees, and their time is paid for")
    func checks() async throws {
        let (house, model) = try house(
            CheckOptions(samples: 4, selfCheck: true), samples: ["42.", "So it is 42", "It is 41", "it is 42"])
        let outcome = await Outcome(try await house.ask())
        #expect(outcome.words == ["commit open small 0.9", "It is 42", "<stop>", "completed"])
        let evidence = try #require(judged.evidence.last)
        #expect(evidence.checks?.sampleAgreement == 0.75)
        // The scripted log-probability of a letter is minus its code: `Yes` has 305, `No` 189.
        #expect(evidence.checks?.selfCheck == -116)
        #expect(outcome.usage?.computeNanoseconds == 2000 && outcome.usage?.completionTokens == 1)
        let asked = model.calls.map(\.request)
        #expect(asked.map(\.choiceCount) == [1, 4])
        #expect(asked[1].topLogProbabilities == nil && asked[1].sampling.temperature == 0.7)
        #expect(asked[1].prompts == asked[0].prompts)
    }

    @Test("A question that fails leaves the answer as it is, without that finding")
    func failing() async throws {
        let (house, _) = try house(CheckOptions(samples: 2, selfCheck: true))
        let outcome = await Outcome(try await house.ask())
        #expect(outcome.words.suffix(2) == ["<stop>", "completed"])
        #expect(judged.evidence.last?.checks == AnswerChecks(selfCheck: 189 - 305))
    }

    @Test("An answer that was cut off is not asked about")
    func cutOff() async throws {
        let (house, model) = try house(CheckOptions(samples: 1, selfCheck: true), reason: .length)
        _ = await Outcome(try await house.ask())
        #expect(model.calls.count == 1 && judged.evidence.last?.checks == nil)
    }

    @Test("A model behind HTTP is refused")
    func remote() {
        var route = Route(name: "support", open: "big")
        route.checks = CheckOptions(selfCheck: true)
        let model = ModelBinding(name: "big", provider: ScriptedProvider(), location: .remote)
        #expect(throws: RouterError.unfitChecks(route: "support", model: "big")) {
            _ = try RouteTable(routes: [route], models: [model])
        }
    }

    @Test("Prose agrees as far as its words do")
    func prose() async throws {
        let (house, _) = try house(
            CheckOptions(samples: 2), answer: "The cat sat on the old mat and looked at the big grey dog for an hour",
            samples: [
                "The cat sat on the old mat and looked at the big grey dog for an hour",
                "Nobody knows where any animals were yesterday evening or what they might have seen",
            ])
        _ = await Outcome(try await house.ask())
        #expect(judged.evidence.last?.checks?.sampleAgreement == 0.5)
    }

    @Test("What the texts say is evidence once the answer is whole")
    func traits() {
        var collector = EvidenceCollector(limit: nil, prompt: "How many are 3 boxes of 12?")
        let token = ScoredToken(id: 1, bytes: [], logProbability: -0.5)
        collector.add(text: "3 x 12 = 36\n2 + 2 = 5\n", tokens: [token])
        #expect(collector.evidence?.traits == nil)
        collector.add(text: "I'm sorry, I cannot say more.", tokens: [token])
        collector.end(.stop)
        let traits = collector.evidence?.traits
        func value(_ feature: ConfidenceFeature) -> Double? { collector.evidence.flatMap(feature.value) }
        #expect(traits?.promptIsQuestion == true && traits?.refuses == true && traits?.isJSON == false)
        #expect(value(.rightSums) == value(.wrongSums) && value(.rightSums) == 0.6931471805599453)
        #expect(abs((value(.promptNumbers) ?? 0) - 1.0986122886681098) < 1e-12)
        #expect(value(.refuses) == 1 && value(.hedges) == 0)
    }
}
