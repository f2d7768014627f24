import LapwingAPI
import LapwingEngine
import Testing

/// What a tiny model of fixed random weights answered when this was written; any change of arithmetic or scheduling shows.
@Suite("Golden answers of a tiny model")
struct GoldenTests {
    static let golden: [(change: @Sendable (inout Sampling) -> Void, ids: [TokenID])] = [
        ({ _ in }, [290, 45, 49, 290, 170, 126, 45, 294, 84, 356, 4, 80]),
        ({ $0.temperature = Fixture.lively }, [237, 57, 78, 36, 379, 92, 91, 48, 292, 115, 276, 361]),
        (
            {
                $0.temperature = Fixture.lively
                $0.topP = 0.9
                $0.minP = 0.02
            }, [237, 50, 50, 12, 380, 59, 95, 83, 260, 87, 323, 323]
        ),
        (
            {
                $0.temperature = Fixture.lively
                $0.topK = 5
                $0.repetitionPenalty = 1.2
                $0.frequencyPenalty = 0.5
            }, [237, 36, 10, 25, 365, 26, 127, 32, 221, 245, 207, 208]
        ),
    ]

    @Test("Greedy, sampled, filtered and penalised answers are what they were", arguments: golden.indices)
    func answers(index: Int) async throws {
        var request = GenerationRequest.greedy(.text("the lapwing is a bird of open fields"), maxTokens: 12)
        request.sampling.seed = 42
        Self.golden[index].change(&request.sampling)
        for speculates in [false, true] {
            let found = try await Fixture.engine { $0.speculates = speculates }.answer(request).answer.ids
            #expect(found == Self.golden[index].ids)
        }
    }
}
