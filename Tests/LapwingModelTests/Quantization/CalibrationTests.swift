import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Calibration over a text")
struct CalibrationTests {
    private static let tokens = (0..<100).map { Int32($0 * 37 % 384) }

    private func model(_ description: TinyModel) throws -> LanguageModel {
        try LanguageModel(file: GGUFFile(bytes: description.bytes()), options: LoadOptions(workers: Workers(count: 2)))
    }

    private func measured(_ model: LanguageModel, length: Int = 64) throws -> ImportanceMatrix {
        try ImportanceMatrix(
            measuredBy: model, over: CalibrationText(Self.tokens, length: length), name: "text.txt")
    }

    @Test("A text is cut into sequences that each begin with the token that texts begin with")
    func sequences() {
        let text = CalibrationText([1, 2, 3, 4, 5], length: 3, first: 9)
        #expect(text.sequences == [[9, 1, 2], [9, 3, 4], [9, 5]] && text.tokenCount == 8)
        #expect(CalibrationText([1, 2, 3], length: 2).sequences == [[1, 2], [3]])
        #expect(text.prefix(tokenCount: 4).sequences == [[9, 1, 2], [9]])
        #expect(text.prefix(tokenCount: 3).sequences == [[9, 1, 2]])
    }

    @Test("The first layer's inputs are the normed embeddings, whose mean squares are taken column by column")
    func meanSquares() throws {
        let model = try model(TinyModel())
        let file = model.file, width = model.configuration.embeddingLength
        let embedding = try file.dequantize(file.tensor("token_embd.weight"))
        let norm = try file.dequantize(file.tensor("blk.0.attn_norm.weight"))
        var expected = [Double](repeating: 0, count: width)
        for token in Self.tokens {
            let row = embedding[Int(token) * width..<(Int(token) + 1) * width].map(Double.init)
            let scale = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
            for column in 0..<width { expected[column] += pow(row[column] * scale * Double(norm[column]), 2) }
        }
        let matrix = try measured(model)
        let found = try #require(matrix.meanSquares["blk.0.attn_q.weight"])
        for (one, other) in zip(found, expected) { #expect(abs(Double(one) / (other / 100) - 1) < 1e-4) }
        #expect(matrix.origin == .init(file: "", dataset: "text.txt", chunkCount: 2))
    }

    @Test("Every matrix of a product has its entry, and those that read the same input the same one")
    func entries() throws {
        let matrix = try measured(model(TinyModel()))
        let parts = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
        let names = (0..<2).flatMap { layer in parts.map { "blk.\(layer).\($0).weight" } }
        #expect(Set(matrix.meanSquares.keys) == Set(names + ["token_embd.weight"]))
        for layer in 0..<2 {
            func entry(_ part: String) -> [Float]? { matrix.meanSquares["blk.\(layer).\(part).weight"] }
            #expect(entry("attn_q") == entry("attn_k") && entry("attn_q") == entry("attn_v"))
            #expect(entry("ffn_gate") == entry("ffn_up") && entry("ffn_gate") != entry("attn_q"))
            #expect(entry("ffn_down")?.count == 128 && entry("attn_output")?.count == 64)
        }
        let untied = try measured(model(TinyModel(hasTiedHead: false)))
        #expect(untied.meanSquares["output.weight"] != nil && untied.meanSquares["token_embd.weight"] == nil)
    }

    @Test("Experts have entries of their own, which fit the tensor that holds them all")
    func experts() throws {
        var description = TinyModel()
        description.experts = .init(count: 4, usedCount: 2)
        let model = try model(description)
        let matrix = try measured(model)
        #expect(matrix.meanSquares["blk.0.ffn_down.3.weight"]?.count == 128)
        #expect(matrix.meanSquares["blk.0.ffn_gate.0.weight"] == matrix.meanSquares["blk.0.ffn_up.0.weight"])
        #expect(matrix.meanSquares["blk.0.ffn_up.0.weight"] != matrix.meanSquares["blk.0.ffn_up.1.weight"])
        let folder = try TemporaryFolder(), path = folder.path + "/out.gguf"
        let plain = folder.path + "/plain.gguf"
        try Quantization(model.file, to: .q4_0, importance: matrix).write(to: path, workers: Workers(count: 1))
        try Quantization(model.file, to: .q4_0).write(to: plain, workers: Workers(count: 1))
        let (weighed, even) = (try GGUFFile(path: path), try GGUFFile(path: plain))
        let name = "blk.1.ffn_up_exps.weight"
        #expect(try weighed.dequantize(weighed.tensor(name)) != even.dequantize(even.tensor(name)))
    }

    @Test("A model does not diverge from itself, from coarser copies of it more and more")
    func divergenceGrows() throws {
        let source = try model(Self.wide)
        let text = CalibrationText(Self.tokens, length: 70)
        let none = try Divergence(of: source, from: source, over: text)
        #expect(none.mean == 0 && none.positionCount == 100 && none.agreement == 1)
        var last = 0.0
        for type in [QuantizationType.q8_0, .q5_0, .q4_0, .q2_k] {
            let divergence = try Divergence(of: copy(of: source, type), from: source, over: text)
            #expect(divergence.mean > last, "\(type): \(divergence)")
            last = divergence.mean
        }
    }

    @Test("Divergence is the sum of p (log p - log q), averaged over the positions")
    func divergenceByDefinition() throws {
        let source = try model(Self.wide), other = try copy(of: source, .q2_k)
        func rows(_ model: LanguageModel) throws -> [[Double]] {
            let cache = try model.makeCache(pageCount: 4, format: .f16)
            let rows = SequenceRows(
                rowCount: 100, startPosition: 0, pages: [0, 1, 2, 3], logits: .all)
            var found: [[Double]] = []
            model.forward(ModelStep(tokens: Self.tokens, sequences: [rows]), cache: cache) { _, logits in
                let greatest = Double(logits.max() ?? 0)
                let sum = log(logits.reduce(0) { $0 + exp(Double($1) - greatest) }) + greatest
                found.append(logits.map { Double($0) - sum })
            }
            return found
        }
        let pairs = zip(try rows(source), try rows(other))
        let expected = pairs.reduce(0.0) { sum, pair in
            sum + zip(pair.0, pair.1).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) } / 100
        }
        let found = try Divergence(of: other, from: source, over: CalibrationText(Self.tokens, length: 512))
        #expect(abs(found.mean / expected - 1) < 1e-3)
    }

    private static var wide: TinyModel {
        var model = TinyModel()
        (model.embeddingLength, model.feedForwardLength) = (256, 256)
        return model
    }

    private func copy(of model: LanguageModel, _ type: QuantizationType) throws -> LanguageModel {
        let folder = try TemporaryFolder(), path = folder.path + "/copy.gguf"
        try Quantization(model.file, to: type).write(to: path, workers: model.workers)
        // Its pages stay when its name goes.
        return try LanguageModel.load(path: path, options: LoadOptions(workers: model.workers))
    }
}
