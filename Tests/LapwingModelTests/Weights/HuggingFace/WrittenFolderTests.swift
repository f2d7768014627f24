import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

/// What a folder becomes that is opened to be written as a GGUF file.
@Suite("Folders to be written")
struct WrittenFolderTests {
    private func written(_ folder: TemporaryFolder) throws -> ModelFile { try ModelFile(toWrite: folder.path) }

    @Test(
        "Its tensors are those that llama.cpp's converter makes of it, to the bit", arguments: ArchitectureFixture.names
    )
    func equalsConverter(name: String) throws {
        let fixture = try ArchitectureFixture.read(name)
        let folder = try fixture.writeFolder()
        let (file, expected) = (try written(folder), try ModelFile(bytes: fixture.ggufBytes()))
        // The converter leaves a classifier's first layer out, and llama.cpp reads it.
        let ours = Set(["cls.weight", "cls.bias"])
        #expect(Set(file.tensors.keys).subtracting(ours) == Set(expected.tensors.keys))
        for tensor in expected.tensors.values {
            let found = try file.tensor(tensor.name)
            #expect(found.type == tensor.type, "\(tensor.name)")
            // A vector of one row is a vector.
            #expect(found.shape == (tensor.name.contains("_inp_shexp") ? Array(tensor.shape[..<1]) : tensor.shape))
            let (values, reference) = (try file.dequantize(found), try expected.dequantize(tensor))
            // Divisors are computed, and by other means.
            let slack: Float = tensor.name == "rope_freqs.weight" ? 1e-5 : 0
            let isNear = zip(values, reference).allSatisfy { abs($0 - $1) <= slack * abs($1) }
            #expect(values.count == reference.count && isNear, "\(tensor.name)")
        }
        #expect(!file.contains("lapwing.rope.style"))
    }

    @Test("A bias of queries is reordered as their rows are, and what llama.cpp adds or routes with becomes floats")
    func biasesAndFloats() throws {
        let tiny = TinyModel(weights: .bf16)
        var sample = try FolderSample(tiny)
        let heads = 4, length = 16
        let bias = (0..<heads * length).map { Float($0) }
        sample.writer.add("model.layers.1.self_attn.q_proj.bias", .bf16, shape: [heads * length], bias)
        let folder = try sample.write()
        let file = try written(folder)
        let expected = (0..<heads).flatMap { head in
            (0..<length).map { Float(head * length + $0 / 2 + $0 % 2 * (length / 2)) }
        }
        let tensor = try file.tensor("blk.1.attn_q.bias")
        #expect(try tensor.type == .f32 && file.dequantize(tensor) == expected)
        #expect(try file.tensor("blk.1.attn_q.weight").type == .bf16)

        var mixture = TinyModel(seed: 3, weights: .f16)
        mixture.experts = TinyModel.Experts(count: 4, usedCount: 2, areSeparate: true)
        let experts = try mixture.writeFolder()
        let joined = try ModelFile(toWrite: experts.path)
        #expect(try joined.tensor("blk.0.ffn_gate_inp.weight").type == .f32)
        #expect(try joined.tensor("blk.0.ffn_up_exps.weight", shape: [64, 128, 4]).type == .f16)
        #expect(joined.tensors["blk.0.ffn_up.0.weight"] == nil)
    }

    @Test("Experts of which one is missing, too many or of another form are refused by name")
    func refusesExperts() throws {
        var mixture = TinyModel(seed: 3)
        mixture.experts = TinyModel.Experts(count: 3, usedCount: 2, areSeparate: true)
        let third = "model.layers.1.block_sparse_moe.experts.2.w2.weight"
        func error(_ change: (inout [SafetensorsWriter.Tensor]) throws -> Void) throws -> WeightsError? {
            var sample = try FolderSample(mixture)
            try change(&sample.writer.tensors)
            let folder = try sample.write()
            do {
                _ = try written(folder)
                return nil
            } catch { return try #require(error as? WeightsError) }
        }
        #expect(try error { _ in } == nil)
        #expect(
            try error { $0.removeAll { $0.name == third } } == .missingTensor(name: "blk.1.ffn_down.2.weight"))
        let stray = try error { tensors in
            var copy = try #require(tensors.first { $0.name == third })
            copy.name = third.replacing(".2.", with: ".3.")
            tensors.append(copy)
        }
        guard case .unexpectedTensor("blk.1.ffn_down.3.weight", _) = stray else {
            Issue.record("found \(String(describing: stray))")
            return
        }
        let unlike = try error { tensors in
            let index = try #require(tensors.firstIndex { $0.name == third })
            tensors[index].shape.swapAt(0, 1)
        }
        #expect(unlike?.description.contains("blk.1.ffn_down.2.weight") == true)
    }

    @Test("An activation that llama.cpp would not compute with is refused, in a folder that runs here")
    func refusesActivation() throws {
        let sample = try FolderSample()
        let folder = try sample.write(["hidden_act": "gelu"])
        _ = try ModelFile(path: folder.path)
        #expect { try written(folder) } throws: { "\($0)".contains("hidden_act is \"gelu\", expected silu") }
    }

    @Test("No file of the folder is ever the output")
    func keepsInput() throws {
        let folder = try TinyModel().writeFolder(shards: 2)
        let quantization = try Quantization(ModelFile(toWrite: folder.path), to: .q8_0)
        for name in ["config.json", "model-00002-of-00002.safetensors", "model.safetensors.index.json"] {
            let path = "\(folder.path)/\(name)"
            #expect(throws: QuantizationError.wouldReplaceInput(path: path)) {
                try quantization.write(to: path, workers: Workers(count: 1))
            }
        }
        try quantization.write(to: "\(folder.path)/new.gguf", workers: Workers(count: 1))
    }
}
