import LapwingModel
import LapwingTestSupport
import Testing

@Suite("The default model's file")
struct DefaultModelFileTests {
    @Test(
        "Its tensors lie where the format's own Python package finds them",
        .enabled(if: DefaultModel.isPresent, "\(DefaultModel.absence)"))
    func opens() throws {
        let file = try GGUFFile(path: DefaultModel.path)
        #expect(file.version == 3)
        #expect(file.tensors.count == 272)
        let embedding = try file.tensor("token_embd.weight", shape: [576, 49_152])
        #expect(embedding.type == .q8_0 && embedding.offset == 1_785_664)
        let down = try file.tensor("blk.0.ffn_down.weight", shape: [1536, 576])
        #expect(down.type == .q4_1 && down.offset == 31_868_992)
        #expect(try file.string("tokenizer.ggml.pre") == "smollm")
        #expect(try file.strings("tokenizer.ggml.tokens").count == 49_152)
        #expect(try file.strings("tokenizer.ggml.merges").count == 48_900)
        #expect(try file.int32s("tokenizer.ggml.token_type").count == 49_152)
    }
}
