import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("The forward pass")
struct ForwardTests {
    private static func tiny(_ change: (inout TinyModel) -> Void) -> TinyModel {
        var tiny = TinyModel(seed: 3, weights: .f32)
        change(&tiny)
        return tiny
    }

    @Test(
        "Logits are those of the architecture computed in double precision",
        arguments: [
            ("a tied head", tiny { $0.hasTiedHead = true }),
            ("a head of its own", tiny { $0.hasTiedHead = false }),
            ("heads longer than their share of the embedding", tiny { $0.headLength = 24 }),
            ("heads rotated in part", tiny { $0.ropeDimensionCount = 10 }),
            ("positions scaled", tiny { $0.ropeScale = 4 }),
            ("frequencies divided", tiny { $0.ropeFactors = (1...8).map { Float($0) * 0.75 } }),
            ("two of five experts", tiny { $0.experts = .init(count: 5, usedCount: 2) }),
            ("a tensor for each expert", tiny { $0.experts = .init(count: 4, usedCount: 3, areSeparate: true) }),
            ("one expert of one", tiny { $0.experts = .init(count: 1, usedCount: 1) }),
        ])
    func isRight(name: String, tiny: TinyModel) throws {
        let tokens = randomTokens(70, vocabulary: tiny.vocabularySize)
        // The only deliberate rounding in between is that of keys and values.
        for (format, bound) in [(KVCacheFormat.f16, 2e-3), (.int8, 3e-2)] {
            let run = try TinyRun(tiny, format: format)
            let found = run.logits(tokens, chunk: 70, pages: [2, 0, 1])
            let expected = try ReferenceDecoder(file: run.model.file).logits(tokens)
            let worst = zip(found, expected).map { row, reference in
                let size = reference.map(abs).max() ?? 0
                return zip(row, reference).map { abs(Double($0) - $1) / size }.max() ?? .infinity
            }
            #expect((worst.max() ?? .infinity) < bound, "\(name), \(format)")
        }
    }

    @Test("States are what the output head reads: its product with them is the logits")
    func states() throws {
        var tiny = TinyModel(seed: 3)
        tiny.hasTiedHead = false
        let run = try TinyRun(tiny, format: .f32)
        let tokens = randomTokens(9, vocabulary: tiny.vocabularySize)
        let rows = SequenceRows(rowCount: tokens.count, startPosition: 0, pages: [0], logits: .last)
        let logits = try #require(run.step([(tokens, rows)])[8])
        var states: [Int: [Float]] = [:]
        let step = ModelStep(tokens: tokens, sequences: [rows])
        run.model.forwardStates(step, cache: run.cache) { states[$0] = Array($1) }
        let state = try #require(states[8])
        #expect(states.count == 1 && state.count == tiny.embeddingLength)
        let head = try run.model.file.dequantize(run.model.file.tensor("output.weight"))
        for token in 0..<tiny.vocabularySize {
            let row = head[token * state.count..<(token + 1) * state.count]
            let product = zip(row, state).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            #expect(abs(product - Double(logits[token])) < 1e-4, "token \(token)")
        }
    }

    @Test("Every weight type gives logits near those of the same weights in double precision")
    func quantisedIsRight() throws {
        for type in TensorType.readable where type != .f32 {
            var tiny = TinyModel(seed: 5, weights: type)
            tiny.vocabularySize = 300
            let run = try TinyRun(tiny)
            let tokens = randomTokens(6, vocabulary: tiny.vocabularySize)
            let found = run.logits(tokens, chunk: 6, pages: [0])
            let expected = try ReferenceDecoder(file: run.model.file).logits(tokens)
            for (row, reference) in zip(found, expected) {
                let size = (reference.reduce(0) { $0 + $1 * $1 } / Double(reference.count)).squareRoot()
                let error = zip(row, reference).reduce(0) { $0 + pow(Double($1.0) - $1.1, 2) } / Double(row.count)
                // What activations of eight bits leave, a few times amplified by random layers.
                #expect(error.squareRoot() < 0.03 * size, "\(type)")
            }
        }
    }
}
