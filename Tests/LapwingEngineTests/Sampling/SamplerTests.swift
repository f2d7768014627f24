import LapwingAPI
import LapwingEngine
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Sampler")
struct SamplerTests {
    static func draw(
        _ row: [Float], prompt: [TokenID] = [], answer: [TokenID] = [], seed: UInt64 = 1, choice: Int = 0,
        _ change: (inout Sampling) -> Void
    ) -> TokenID {
        var sampling = Sampling()
        change(&sampling)
        var history = TokenHistory(prompt: prompt)
        for token in answer { history.append(token) }
        var scratch = SamplerScratch()
        return row.withUnsafeBufferPointer {
            Sampler(sampling, seed: seed, choice: choice).draw(from: $0, history: history, scratch: &scratch)
        }
    }

    @Test("Temperature 0 takes the most probable token, of equals the lowest id")
    func greedy() {
        #expect(Self.draw([1, 3, 2, 3]) { $0.temperature = 0 } == 1)
        #expect(Self.draw([-5, -5, -5]) { $0.temperature = 0 } == 0)
    }

    @Test("A bias forbids and forces")
    func bias() {
        #expect(
            Self.draw([1, 3, 2]) {
                $0.temperature = 0
                $0.logitBias = [1: -100]
            } == 2)
        #expect(Self.draw([1, 3, 2]) { $0.logitBias = [0: 100] } == 0)
    }

    @Test("The repetition penalty divides positive and multiplies negative logits, of prompt and answer")
    func repetition() {
        let penalty: (inout Sampling) -> Void = {
            $0.temperature = 0
            $0.repetitionPenalty = 2
        }
        #expect(Self.draw([3, 2, 1], prompt: [0], penalty) == 1)
        #expect(Self.draw([3, 2, 1.6], prompt: [0], answer: [1, 1], penalty) == 2)
        #expect(Self.draw([-3, -2, -9], answer: [1], penalty) == 0)
    }

    @Test("Presence is taken once and frequency each time, of the answer's tokens only")
    func presenceAndFrequency() {
        let presence: (inout Sampling) -> Void = {
            $0.temperature = 0
            $0.presencePenalty = 1.5
        }
        #expect(Self.draw([3, 2, 0], prompt: [0], presence) == 0)
        #expect(Self.draw([3, 2, 0], answer: [0, 0], presence) == 1)
        #expect(Self.draw([4, 2, 0], answer: [0, 0], presence) == 0)
        #expect(
            Self.draw([4, 2, 0], answer: [0, 0]) {
                $0.temperature = 0
                $0.frequencyPenalty = 1.5
            } == 1)
    }

    @Test("The row is not changed by a draw")
    func rowStays() {
        var row: [Float] = [1, 2, 3]
        var history = TokenHistory(prompt: [2])
        history.append(1)
        var sampling = Sampling()
        sampling.logitBias = [0: 5]
        sampling.repetitionPenalty = 1.3
        sampling.frequencyPenalty = 1
        sampling.topP = 0.9
        var scratch = SamplerScratch()
        row.withUnsafeMutableBufferPointer {
            _ = Sampler(sampling, seed: 1, choice: 0).draw(
                from: UnsafeBufferPointer($0), history: history, scratch: &scratch)
        }
        #expect(row == [1, 2, 3])
    }

    @Test("Draws follow the distribution")
    func frequencies() {
        let row: [Float] = [0, 1, 2, -1]
        let weights = [1, 2.718_28, 7.389_06, 0.367_88]
        var counts = [0, 0, 0, 0]
        for seed in 0..<20_000 as Range<UInt64> { counts[Int(Self.draw(row, seed: seed) { _ in })] += 1 }
        for (count, weight) in zip(counts, weights) {
            let expected = 20_000 * weight / weights.reduce(0, +)
            #expect(abs(Double(count) - expected) < 5 * expected.squareRoot())
        }
    }

    @Test("Choices differ under one seed, and the draw depends on seed, choice and place alone")
    func streams() {
        let a = DrawStream(seed: 1, choice: 0)
        #expect(a.uniform(at: 3) == DrawStream(seed: 1, choice: 0).uniform(at: 3))
        #expect(a.uniform(at: 3) != a.uniform(at: 4))
        #expect(a.uniform(at: 3) != DrawStream(seed: 1, choice: 1).uniform(at: 3))
        #expect(a.uniform(at: 3) != DrawStream(seed: 2, choice: 0).uniform(at: 3))
    }

    @Test("Every combination of filters, penalties and bias agrees with the sorted reference", arguments: 0..<8)
    func agreesWithReference(shard: Int) {
        var random = SplitMix64(seed: UInt64(shard))
        var compared = 0
        for seed in 0..<400 as Range<UInt64> {
            let size = [1, 2, 7, 64, 1000].randomElement(using: &random) ?? 1
            let spread: Float = [0, 0.01, 1, 8].randomElement(using: &random) ?? 1
            // Rounding makes ties.
            let row = (0..<size).map { _ in (Float.random(in: -1...1, using: &random) * spread * 8).rounded() / 8 }
            let tokens = (0..<6).map { _ in TokenID.random(in: 0..<TokenID(size), using: &random) }
            var sampling = Sampling()
            sampling.temperature = [0, 0.25, 1, 2].randomElement(using: &random) ?? 1
            sampling.topK = [nil, 1, 3, 40, 5000].randomElement(using: &random) ?? nil
            sampling.topP = [1, 1, 0.95, 0.5, 0.01].randomElement(using: &random) ?? 1
            sampling.minP = [0, 0, 0.05, 0.5, 1].randomElement(using: &random) ?? 0
            sampling.repetitionPenalty = [1, 1.25].randomElement(using: &random) ?? 1
            sampling.presencePenalty = [0, 0.5].randomElement(using: &random) ?? 0
            sampling.frequencyPenalty = [0, -0.5].randomElement(using: &random) ?? 0
            if Bool.random(using: &random) { sampling.logitBias = [tokens[5]: 2] }
            let (prompt, answer) = (Array(tokens[..<2]), Array(tokens[2..<5]))
            let expected = ReferenceSampler.draw(
                row, sampling, prompt: prompt, answer: answer,
                uniform: DrawStream(seed: seed, choice: shard).uniform(at: answer.count))
            if expected.isDoubtful { continue }
            compared += 1
            let found = Self.draw(row, prompt: prompt, answer: answer, seed: seed, choice: shard) { $0 = sampling }
            #expect(found == expected.token, "\(sampling), row of \(size)")
        }
        #expect(compared > 200)
    }
}
