import Foundation
import LapwingEngine
import LapwingModel
import LapwingStatistics
import LapwingText

/// The prompts' vectors by an encoder, as a live gate gets them.
struct PromptVectors {
    private let model: EncoderModel
    private let tokenizer: Tokenizer

    init(path: String) throws {
        let file = try GGUFFile(path: path)
        model = try EncoderModel(file: file, options: EncoderOptions(workers: Workers()))
        tokenizer = try Tokenizer(ModelVocabulary(file).vocabulary)
    }

    func callAsFunction(_ prompts: [String]) throws -> [[Float]] {
        let tokens = prompts.map { prompt in
            Array(
                tokenizer.encode(GainSamples.embedded(prompt), addSpecialTokens: true).prefix(model.maximumLength))
        }
        var vectors = [[Float]](repeating: [], count: prompts.count)
        // Sequences of like length share a pass.
        let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
        for start in stride(from: 0, to: order.count, by: 64) {
            let part = order[start..<min(start + 64, order.count)]
            for (index, vector) in zip(part, try model.embed(part.map { tokens[$0] })) { vectors[index] = vector }
        }
        return vectors
    }
}
