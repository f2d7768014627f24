import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Logit arithmetic")
struct LogitMathTests {
    @Test("The best logits come in order, the lower token first among equals, as a full sort has them")
    func top() {
        var random = SplitMix64(seed: 4)
        for count in [1, 5, 300, 20_000] {
            // Few different values, so that there are many ties.
            let logits = (0..<count).map { _ in Float(random.below(400)) / 8 }
            let sorted = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
            for wanted in [0, 1, 2, 20, 299, 1_000, 30_000] {
                let found = logits.withUnsafeBufferPointer { LogitMath.top(wanted, $0) }
                #expect(found == Array(sorted.prefix(wanted)))
            }
        }
    }

    @Test("The best logits are found wherever they lie, in rising and in falling rows")
    func topOfSortedRows() {
        let rising = (0..<50_000).map { Float($0) }
        #expect(rising.withUnsafeBufferPointer { LogitMath.top(3, $0) } == [49_999, 49_998, 49_997])
        #expect(rising.map { -$0 }.withUnsafeBufferPointer { LogitMath.top(3, $0) } == [0, 1, 2])
    }

    @Test("The indices of all values from a threshold on come ascending, without NaN")
    func indices() {
        var values = randomFloats(1_003, seed: 5, magnitude: 4)
        (values[7], values[1_002]) = (.nan, 4)
        for threshold in [-5, 0, 3.5, 4, 5] as [Float] {
            var out = [UInt32](repeating: 0, count: values.count)
            let count = values.withUnsafeBufferPointer { row in
                out.withUnsafeMutableBufferPointer { LogitMath.indices(of: row, from: threshold, into: $0) }
            }
            #expect(out[..<count].map { Int($0) } == values.indices.filter { values[$0] >= threshold })
        }
    }

    @Test("The greatest logit is the first of several equal, and NaN never wins")
    func argmax() {
        for (logits, expected) in [
            ([1, 3, 2, 3], 1), ([.nan, 1, 2], 2), ([-.infinity, -5], 1), ([.nan, .nan], 0), ([7], 0),
        ] as [([Float], Int)] {
            #expect(logits.withUnsafeBufferPointer { LogitMath.argmax($0) } == expected)
        }
    }

    @Test("log sum exp is exact to a float's precision and does not overflow")
    func logSumExp() {
        for (count, offset) in [(1, Float(0)), (10, 1_000), (49_152, -40)] {
            let logits = randomFloats(count, seed: 7, magnitude: 12).map { $0 + offset }
            let expected = log(logits.reduce(0.0) { $0 + exp(Double($1 - offset)) }) + Double(offset)
            #expect(abs(logits.withUnsafeBufferPointer { LogitMath.logSumExp($0) } - expected) < 2e-6)
        }
        #expect(LogitMath.logSumExp(UnsafeBufferPointer(start: nil, count: 0)) == -.infinity)
    }

    @Test("Weights are exp((x - maximum) * scale), and their sum is returned")
    func weights() {
        let logits = randomFloats(1_001, seed: 3, magnitude: 9)
        let maximum = logits.max() ?? 0
        var out = [Float](repeating: 0, count: 1_001)
        let sum = logits.withUnsafeBufferPointer { row in
            out.withUnsafeMutableBufferPointer {
                LogitMath.weights(of: row, maximum: maximum, scale: 1 / 0.7, into: $0)
            }
        }
        let expected = logits.map { exp(Double($0 - maximum) / 0.7) }
        for (a, b) in zip(out, expected) { #expect(abs(Double(a) - b) <= 2e-6 * b + 1e-12) }
        #expect(abs(sum - expected.reduce(0, +)) <= 1e-6 * sum)
    }
}
