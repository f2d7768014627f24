import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("GGUFFile")
struct GGUFFileTests {
    @Test(
        "A tiny model of every writable type opens, and each tensor decodes to its values",
        arguments: TensorType.readable)
    func tinyModels(type: TensorType) throws {
        let model = TinyModel(weights: type)
        let written = try model.write()
        let file = try GGUFFile(path: written.path)
        let head = try file.tensor("token_embd.weight", shape: [model.embeddingLength, model.vocabularySize])
        #expect(head.type == type)
        #expect(
            file.bytes(of: head).count == model.embeddingLength * model.vocabularySize
                / type.blockElementCount * type.blockByteCount)
        let values = try file.dequantize(head)
        let mean = values.reduce(0, +) / Float(values.count)
        #expect(values.count == head.elementCount)
        #expect(abs(mean) < 0.02)
        #expect(try #require(values.max()) > 0.85 && #require(values.max()) < 1.1)
        #expect(try #require(values.min()) < -0.85 && #require(values.min()) > -1.1)
    }
}
