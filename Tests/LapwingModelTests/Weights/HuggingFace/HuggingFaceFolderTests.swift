import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Hugging Face folders")
struct HuggingFaceFolderTests {
    /// The same model as a GGUF file, with its rows as the folder has them.
    private func gguf(_ tiny: TinyModel) throws -> ModelFile {
        var writer = tiny.writer()
        writer.add("lapwing.rope.style", .string("half"))
        return try ModelFile(bytes: writer.file().bytes)
    }

    @Test("A folder's logits are those of the GGUF file with the same weights, bit for bit", arguments: [1, 3])
    func equalsGGUF(shards: Int) throws {
        for tiny in [TinyModel(), TinyModel(seed: 5, hasTiedHead: false)] {
            let tokens = randomTokens(40, vocabulary: tiny.vocabularySize)
            let folder = try tiny.writeFolder(shards: shards)
            let found = try TinyRun(LanguageModel.load(path: folder.path)).logits(tokens, chunk: 9, pages: [0, 1])
            let expected = try TinyRun(LanguageModel(file: gguf(tiny))).logits(tokens, chunk: 9, pages: [0, 1])
            #expect(found == expected)
        }
    }

    @Test("A folder in half precision, whose norms become floats, has the logits of its GGUF file")
    func equalsGGUFInHalf() throws {
        for type in [TensorType.f16, .bf16] {
            let tiny = TinyModel(seed: 3, weights: type)
            var sample = try FolderSample(tiny)
            // The file's norms in the type of its matrices, and GGUF's in floats of the same values.
            var writer = tiny.writer()
            writer.add("lapwing.rope.style", .string("half"))
            for index in writer.tensors.indices where writer.tensors[index].shape.count == 1 {
                let values = TensorType.f32.dequantize(aligned: writer.tensors[index].data)
                let halves = Quantize.encode(values, as: type)
                writer.tensors[index].data = Quantize.encode(type.dequantize(aligned: halves), as: .f32)
                let place = try #require(
                    sample.writer.tensors.firstIndex { $0.data == tiny.writer().tensors[index].data })
                sample.writer.tensors[place].type = "\(type)"
                sample.writer.tensors[place].data = halves
            }
            let tokens = randomTokens(12, vocabulary: tiny.vocabularySize)
            let found = try TinyRun(LanguageModel(file: sample.open())).logits(tokens, chunk: 12, pages: [0])
            let expected = try TinyRun(LanguageModel(file: ModelFile(bytes: writer.file().bytes)))
            #expect(found == expected.logits(tokens, chunk: 12, pages: [0]))
        }
    }

    @Test("Mixtral's experts are those of a GGUF file with a tensor for each")
    func equalsGGUFWithExperts() throws {
        var tiny = TinyModel(seed: 7)
        tiny.experts = TinyModel.Experts(count: 4, usedCount: 2, areSeparate: true)
        let tokens = randomTokens(12, vocabulary: tiny.vocabularySize)
        let folder = try tiny.writeFolder()
        let found = try TinyRun(LanguageModel.load(path: folder.path)).logits(tokens, chunk: 5, pages: [0])
        let expected = try TinyRun(LanguageModel(file: gguf(tiny))).logits(tokens, chunk: 5, pages: [0])
        #expect(found == expected)
    }

    @Test("A folder is opened by its own path and by those of its files")
    func opensByFile() throws {
        let folder = try TinyModel().writeFolder()
        for path in [folder.path, "\(folder.path)/", "\(folder.path)/model.safetensors", "\(folder.path)/config.json"] {
            let file = try ModelFile(path: path)
            #expect(file.folder == folder.path)
            #expect(file.tensors.count == 20)
        }
    }

    @Test("A packed cache of a folder lies beside it, and is not used once the configuration differs")
    func cachesPacked() throws {
        let outer = try TemporaryFolder(), path = "\(outer.path)/model"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        var sample = SafetensorsWriter()
        sample.tensors = TinyModel().folderTensors()
        _ = try outer.write(sample.bytes(), to: "model/model.safetensors")
        func load(_ changes: Members) throws -> PackedCacheResult? {
            _ = try outer.write(Array(TinyModel().configuration(changes).utf8), to: "model/config.json")
            return try LanguageModel.load(path: path, options: LoadOptions(packedCache: true)).packedCache
        }
        #expect(try load([:]) == .written)
        #expect(FileManager.default.fileExists(atPath: "\(path).lapwing-packed"))
        #expect(try load([:]) == .used)
        #expect(try load(["rope_theta": 20_000]) == .rewritten(reason: "its weight file had another header"))
    }

    @Test("What a folder lacks is named: its configuration, its weights, a tensor")
    func namesMissing() throws {
        let empty = try TemporaryFolder()
        #expect(
            throws: WeightsError.unreadable(path: "\(empty.path)/config.json", reason: "No such file or directory")
        ) { try ModelFile(path: empty.path) }
        _ = try empty.write(Array(TinyModel().configuration().utf8), to: "config.json")
        #expect { try ModelFile(path: empty.path) } throws: {
            "\($0)".contains("found neither model.safetensors nor model.safetensors.index.json")
        }
        var sample = try FolderSample(TinyModel(hasTiedHead: false))
        sample.writer.tensors.removeAll { $0.name == "lm_head.weight" }
        #expect(sample.error() == .missingTensor(name: "lm_head.weight"))
        sample.writer.tensors.removeAll { $0.name == "model.norm.weight" }
        #expect(throws: WeightsError.missingTensor(name: "output_norm.weight")) {
            try LanguageModel(file: sample.open(["tie_word_embeddings": true]))
        }
    }

    @Test("A tensor of another model is refused by its name, and so are two under one name")
    func refusesStrangers() throws {
        for name in [
            "model.layers.0.self_attn.q_proj.scale", "score.weight", "a", "model.layers.00.mlp.up_proj.weight",
        ] {
            var sample = try FolderSample()
            sample.writer.add(name, shape: [1], [1])
            guard case .unexpectedTensor(name, _) = sample.error() else {
                Issue.record("\(name): found \(String(describing: sample.error()))")
                continue
            }
        }
        var sample = try FolderSample()
        sample.writer.add("norm.weight", shape: [64], [Float](repeating: 1, count: 64))
        guard case .duplicate(_, _, "output_norm.weight") = sample.error() else {
            Issue.record("found \(String(describing: sample.error()))")
            return
        }
    }

    @Test("A tensor of another shape is refused by the loader, with both shapes")
    func refusesShape() throws {
        var sample = try FolderSample()
        let index = try #require(sample.writer.tensors.firstIndex { $0.name == "model.layers.1.mlp.up_proj.weight" })
        sample.writer.tensors[index].shape = [64, 128]
        let file = try sample.open()
        #expect {
            try LanguageModel(file: file)
        } throws: {
            guard case .shapeMismatch("blk.1.ffn_up.weight", _, [64, 128], [128, 64]) = $0 as? WeightsError else {
                return false
            }
            return true
        }
        sample.writer.tensors[index].shape = [0, 64]
        sample.writer.tensors[index].data = []
        #expect("\(String(describing: sample.error()))".contains("none of them 0"))
    }

    @Test("A configuration that cannot be run is refused with the member, what it is and what is expected")
    func refusesConfigurations() throws {
        let refusals: [(Members, String)] = [
            (["model_type": "t5"], "model_type is \"t5\"; the folders that can be read have llama, mistral,"),
            (["model_type": "roberta"], "model_type is \"roberta\""),
            (["model_type": 3], "model_type is 3, expected a name"),
            (["hidden_size": 64.5], "hidden_size is 64.5, expected a whole number"),
            (["hidden_size": -1], "hidden_size is -1, expected a whole number"),
            (["hidden_size": "64"], "hidden_size is \"64\", expected a whole number"),
            (["num_attention_heads": 0], "num_attention_heads is 0, expected 1 or more"),
            (["rms_norm_eps": "small"], "rms_norm_eps is \"small\", expected a number"),
            (["hidden_act": "relu"], "hidden_act is \"relu\", expected silu, gelu, gelu_new"),
            (["quantization_config": ["bits": 4]], "quantization_config is an object, expected none"),
            (
                ["rope_scaling": ["type": "dynamic", "factor": 2] as Members],
                "rope_type is \"dynamic\", expected default, linear"
            ),
            (["rope_scaling": ["type": "linear"] as Members], "the metadata has no key \"factor\""),
            (["rope_scaling": 3], "rope_scaling is 3, expected an object"),
            (
                ["rope_scaling": ["type": "yarn", "factor": 4, "beta_fast": 16] as Members],
                "beta_fast is 16.0, expected 32"
            ),
            (
                ["rope_scaling": ["rope_type": "llama3", "high_freq_factor": 1] as Members],
                "high_freq_factor over low_freq_factor"
            ),
            (["partial_rotary_factor": 1.5], "partial_rotary_factor is 1.5, expected 0 to 1"),
            (["model_type": "qwen2", "use_sliding_window": true], "use_sliding_window is true, expected false"),
            (
                ["model_type": "smollm3", "no_rope_layers": [1, 0]],
                "no_rope_layers is an array of 2, expected 0 for each"
            ),
            (
                [
                    "model_type": "mistral", "sliding_window": 8,
                    "layer_types": ["full_attention", "sliding_attention"],
                ],
                "layer_types is an array of 2, expected one type for all layers"
            ),
            (
                ["model_type": "gemma2", "layer_types": ["full_attention", "full_attention", "sliding_attention"]],
                "expected full attention in each nth layer and no other"
            ),
            (["model_type": "gemma2", "layer_types": ["strange"]], "expected full_attention and sliding_attention"),
            (
                ["model_type": "gemma3_text", "final_logit_softcapping": 30],
                "final_logit_softcapping is 30, expected none"
            ),
            (["model_type": "phi", "qk_layernorm": true], "qk_layernorm is true, expected false"),
            (
                [
                    "model_type": "phi3",
                    "rope_scaling": ["type": "longrope", "short_factor": [1], "long_factor": [1]] as Members,
                ],
                "short_factor is an array of 1, expected an array of 8 numbers"
            ),
            (
                ["model_type": "bert", "position_embedding_type": "relative_key"],
                "position_embedding_type is \"relative_key\", expected \"absolute\""
            ),
            (["model_type": "qwen2_moe", "decoder_sparse_step": 2], "decoder_sparse_step is 2, expected 1"),
        ]
        let sample = try FolderSample()
        for (changes, expected) in refusals {
            do {
                _ = try sample.open(changes)
                Issue.record("\(changes) was taken")
            } catch {
                #expect("\(error)".hasPrefix("config.json: "), "\(error)")
                #expect("\(error)".contains(expected), "\(error)")
            }
        }
    }

    @Test(
        "What is no JSON object is refused",
        arguments: [
            "", "3", "[]", "{", "{\"a\":}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":NaN}", "{\"a\":1e999}",
            "{\"a\":tru}",
            "{\"a\":\"\\u12\"}", "{\"a\":\"\u{1}\"}", "{\"a\":1,}", "{\"a\":1 \"b\":2}", "{'a':1}", "{\"a\":1}x",
            "{\"a\":1,\"a\":2}", String(repeating: "{\"a\":", count: 40) + "1" + String(repeating: "}", count: 40),
            String(repeating: "[", count: 100_000),
        ])
    func refusesText(text: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(Array(text.utf8), to: "config.json")
        #expect { try ModelFile(path: folder.path) } throws: { "\($0)".hasPrefix("config.json: ") }
    }
}

extension TensorType {
    /// The elements of bytes that lie anywhere.
    func dequantize(aligned bytes: [UInt8]) -> [Float] {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return dequantize(UnsafeRawBufferPointer(copy))
    }
}
