import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("The default model", .enabled(if: DefaultModel.isPresent, "\(DefaultModel.absence)"))
struct DefaultModelTests {
    @Test(
        "Fed llama.cpp's greedy tokens, the best token is llama.cpp's wherever its margin is over 0.2 nats",
        arguments: [(KVCacheFormat.f16, 0), (.int8, 1)])
    func greedyTokens(format: KVCacheFormat, allowed: Int) throws {
        let reference = try LlamaReference()
        let run = try TinyRun(DefaultModel.load(), format: format)
        var compared = 0, differing = 0, comparedAsIs = 0, differingAsIs = 0
        for prompt in reference.prompts {
            let tokens = prompt.tokens + prompt.answer.dropLast()
            let found = run.best(tokens, pages: (0..<8).map(Int32.init)).suffix(prompt.answer.count)
            for (index, best) in found.enumerated() {
                if prompt.exactMargins[index] > 0.2 {
                    compared += 1
                    if best != Int(prompt.exactBest[index]) { differing += 1 }
                }
                if prompt.margins[index] > 0.2 {
                    comparedAsIs += 1
                    if best != Int(prompt.answer[index]) { differingAsIs += 1 }
                }
            }
        }
        #expect(differing <= allowed && compared > 1_000, "\(differing) of \(compared) with expanded weights")
        // On the file as it is, llama.cpp's own best token changes at two of these positions when they are computed in
        // one batch: its rounding of activations does not repeat, so the three differences say nothing of ours.
        #expect(differingAsIs <= 3 && comparedAsIs > 1_000, "\(differingAsIs) of \(comparedAsIs) on the file as it is")
    }

    /// Joining all but 128 tokens can only lower a divergence (the log sum inequality), here by 7%: whole distributions,
    /// compared by the script, give 0.0005 with halves in the cache and 0.0010 with bytes.
    @Test(
        "Over 2,048 positions of real text the mean KL divergence from llama.cpp's own reading of the weights is small",
        arguments: [(KVCacheFormat.f16, 0.0007), (.int8, 0.0012)])
    func divergence(format: KVCacheFormat, bound: Double) throws {
        let reference = try LlamaReference()
        let model = try DefaultModel.load()
        let cache = try model.makeCache(pageCount: 16, format: format)
        let pages = (0..<16).map(Int32.init)
        var total = 0.0
        for start in stride(from: 0, to: reference.tokens.count, by: reference.sequenceLength) {
            let tokens = Array(reference.tokens[start..<start + reference.sequenceLength])
            let rows = SequenceRows(rowCount: tokens.count, startPosition: 0, pages: pages, logits: .all)
            model.forward(ModelStep(tokens: tokens, sequences: [rows]), cache: cache) { row, logits in
                total += reference.distributions[start + row].divergence(of: UnsafeBufferPointer(logits))
            }
        }
        let mean = total / Double(reference.tokens.count)
        #expect(mean < bound && mean > 0)
        #expect(reference.tokens.count >= 2_000)
    }

    @Test("A prompt's logits are the same bits in one pass, in chunks, and beside seven others")
    func invariance() throws {
        let run = try TinyRun(DefaultModel.load(), pageCount: 48)
        let vocabulary = run.model.configuration.vocabularySize
        let prompts = (0..<8).map { randomTokens(40 + $0, vocabulary: vocabulary, seed: UInt64($0)) }
        let pages = (0..<8).map { [Int32(6 * $0), Int32(6 * $0 + 1)] }
        let alone = prompts.map { run.logits($0, chunk: 47, pages: [46, 47])[$0.count - 1] }
        let together = run.step(
            prompts.indices.map { index in
                let count = prompts[index].count
                return (
                    prompts[index],
                    SequenceRows(rowCount: count, startPosition: 0, pages: pages[index], logits: .last)
                )
            })
        var row = -1
        for index in prompts.indices {
            row += prompts[index].count
            #expect(together[row] == alone[index])
            #expect(run.logits(prompts[index], chunk: 9, pages: [44, 45])[prompts[index].count - 1] == alone[index])
        }
    }
}

extension TinyRun {
    /// The best next token after each token of a sequence.
    func best(_ tokens: [Int32], pages: [Int32]) -> [Int] {
        var best = [Int](repeating: -1, count: tokens.count)
        let rows = SequenceRows(rowCount: tokens.count, startPosition: 0, pages: pages, logits: .all)
        model.forward(ModelStep(tokens: tokens, sequences: [rows]), cache: cache) { row, logits in
            best[row] = LogitMath.argmax(UnsafeBufferPointer(logits))
        }
        return best
    }
}

extension LlamaReference.Distribution {
    /// KL(this || softmax(logits)) with all tokens but the kept ones joined into one.
    func divergence(of logits: UnsafeBufferPointer<Float>) -> Double {
        let normalizer = LogitMath.logSumExp(logits)
        var sum = 0.0
        var keptMass = 0.0
        for (token, p) in zip(tokens, logProbabilities) {
            let q = Double(logits[token]) - normalizer
            sum += exp(p) * (p - q)
            keptMass += exp(q)
        }
        return sum + exp(rest) * (rest - log(max(1 - keptMass, 1e-12)))
    }
}
