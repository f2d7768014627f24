import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

/// What each family's folder becomes. Keys, names and values are those that llama.cpp's converter writes for it, read from
/// its source; the few that it does not write are said to be ours.
@Suite("Hugging Face families")
struct HuggingFaceFamilyTests {
    private static let sizes: Members = [
        "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
    ]

    /// A folder of this configuration and tensors of seeded values.
    private func open(
        _ changes: [String: (any Sendable)?], _ tensors: [(String, [Int])], files: [String: String] = [:]
    ) throws -> (file: ModelFile, values: [String: [Float]]) {
        let folder = try TemporaryFolder()
        let members = Self.sizes.merging(changes.compactMapValues { $0 }) { $1 }
        _ = try folder.write([UInt8](JSONSerialization.data(withJSONObject: members)), to: "config.json")
        for (name, text) in files {
            try FileManager.default.createDirectory(
                at: URL(filePath: "\(folder.path)/\(name)").deletingLastPathComponent(),
                withIntermediateDirectories: true)
            _ = try folder.write(Array(text.utf8), to: name)
        }
        var writer = SafetensorsWriter(), random = SplitMix64(seed: 8), values: [String: [Float]] = [:]
        for (name, shape) in tensors {
            let found = (0..<shape.reduce(1, *)).map { _ in random.symmetric() }
            values[name] = found
            writer.add(name, shape: shape, found)
        }
        _ = try folder.write(writer.bytes(), to: "model.safetensors")
        return (try ModelFile(path: folder.path), values)
    }

    private func floats(_ name: String, in file: ModelFile) throws -> [Float] {
        try file.dequantize(file.tensor(name))
    }

    @Test("Llama 3's stretched rotation becomes a divisor a pair")
    func llama3() throws {
        let scaling: Members = [
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        ]
        let (file, _) = try open(
            ["model_type": "llama", "rope_theta": 500_000.0, "head_dim": 16, "rope_scaling": scaling],
            [("lm_head.weight", [32, 16])])
        #expect(try file.string("lapwing.rope.style") == "half")
        #expect(try file.uint32("llama.attention.key_length") == 16)
        #expect(!file.contains("llama.rope.scaling.type"))
        // 2 pi, 32, 167, …: under 64 / 4 as it was, over 64 by the factor, and one in between.
        let factors = try floats("rope_freqs.weight", in: file)
        #expect(factors.count == 8)
        #expect(factors[0] == 1)
        // (1 - s) / 8 + s for s = (64 / (2 pi 500000^(1/8)) - 1) / 3
        #expect(abs(factors[1] - 2.442_3) < 1e-3, "\(factors[1])")
        #expect(factors[2...].allSatisfy { $0 == 8 })
    }

    @Test("Windows, linear scaling and YaRN are told by GGUF's keys")
    func rotations() throws {
        let head = [("lm_head.weight", [32, 16])]
        let mistral = try open(["model_type": "mistral", "sliding_window": 16], head).file
        #expect(try mistral.string("general.architecture") == "llama")
        #expect(try mistral.uint32("llama.attention.sliding_window") == 16)
        let linear = try open(
            ["model_type": "llama", "rope_scaling": ["type": "linear", "factor": 4] as Members], head
        ).file
        #expect(try linear.string("llama.rope.scaling.type") == "linear")
        #expect(try linear.float("llama.rope.scaling.factor") == 4)
        let later: Members = [
            "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "rope_theta": 1e6,
        ]
        let yarn = try open(["model_type": "qwen2", "rope_parameters": later], head).file
        #expect(try yarn.string("qwen2.rope.scaling.type") == "yarn")
        #expect(try yarn.uint32("qwen2.rope.scaling.original_context_length") == 16)
        #expect(try yarn.float("qwen2.rope.freq_base") == 1e6)
        #expect(!yarn.contains("lapwing.rope.style"))
        #expect(try yarn.string("lapwing.activation") == "silu")
    }

    @Test("Gemma's norms get their 1, its output is the embedding, and its caps, windows and scale are told")
    func gemma() throws {
        let layer = "model.layers.0."
        let (file, values) = try open(
            [
                "model_type": "gemma2", "head_dim": 8, "query_pre_attn_scalar": 16, "sliding_window": 32,
                "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0,
            ],
            [
                ("lm_head.weight", [32, 16]), ("model.norm.weight", [16]),
                ("\(layer)post_attention_layernorm.weight", [16]),
                ("\(layer)pre_feedforward_layernorm.weight", [16]), ("\(layer)post_feedforward_layernorm.weight", [16]),
                ("\(layer)input_layernorm.weight", [16]), ("\(layer)mlp.up_proj.weight", [24, 16]),
            ])
        #expect(
            file.tensors.keys.sorted() == [
                "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "blk.0.ffn_up.weight",
                "blk.0.post_attention_norm.weight", "blk.0.post_ffw_norm.weight", "output_norm.weight",
            ])
        #expect(try floats("output_norm.weight", in: file) == values["model.norm.weight"]?.map { $0 + 1 })
        #expect(
            try floats("blk.0.ffn_norm.weight", in: file)
                == values["\(layer)pre_feedforward_layernorm.weight"]?.map { $0 + 1 })
        #expect(try floats("blk.0.ffn_up.weight", in: file) == values["\(layer)mlp.up_proj.weight"])
        #expect(try file.float("gemma2.attn_logit_softcapping") == 50)
        #expect(try file.float("gemma2.final_logit_softcapping") == 30)
        #expect(try file.uint32("gemma2.attention.sliding_window") == 32)
        #expect(try file.uint32("gemma2.attention.sliding_window_pattern") == 2)
        // Ours: the converter leaves the scale out.
        #expect(try file.float("gemma2.attention.scale") == 0.25)
        #expect(try file.string("lapwing.activation") == "gelu_tanh")
    }

    @Test(
        "Gemma 3 is read out of a model that sees pictures, with both rotations and the sizes that its file leaves out")
    func gemma3() throws {
        let text: Members = [
            "model_type": "gemma3_text", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "rope_scaling": ["rope_type": "linear", "factor": 8.0] as Members, "sliding_window": 1024,
        ]
        let (file, _) = try open(
            ["model_type": "gemma3", "text_config": text],
            [
                ("language_model.model.layers.1.self_attn.q_norm.weight", [256]),
                ("language_model.model.embed_tokens.weight", [32, 16]),
                ("vision_tower.vision_model.embeddings.patch_embedding.bias", [3]),
                ("multi_modal_projector.mm_soft_emb_norm.weight", [3]),
            ])
        #expect(file.tensors.keys.sorted() == ["blk.1.attn_q_norm.weight", "token_embd.weight"])
        #expect(try file.string("general.architecture") == "gemma3")
        #expect(try file.uint32("gemma3.attention.head_count") == 8)
        #expect(try file.uint32("gemma3.attention.head_count_kv") == 4)
        #expect(try file.uint32("gemma3.attention.key_length") == 256)
        #expect(try file.uint32("gemma3.context_length") == 131_072)
        #expect(try file.float("gemma3.rope.freq_base") == 1e6)
        #expect(try file.float("gemma3.rope.freq_base_swa") == 1e4)
        #expect(try file.float("gemma3.rope.scaling.factor") == 8)
        #expect(try file.uint32("gemma3.attention.sliding_window_pattern") == 6)
    }

    @Test(
        "Queries, keys and values that lie head by head are sorted, weights and biases",
        arguments: ["gpt_neox", "bloom"])
    func sortsHeads(modelType: String) throws {
        let isNeoX = modelType == "gpt_neox"
        let block = isNeoX ? "gpt_neox.layers.0.attention." : "transformer.h.0.self_attention."
        let (file, values) = try open(
            ["model_type": modelType, "use_parallel_residual": false, "rotary_pct": 0.25],
            [
                ("\(block)query_key_value.weight", [48, 16]), ("\(block)query_key_value.bias", [48]),
                (isNeoX ? "embed_out.weight" : "word_embeddings_layernorm.weight", isNeoX ? [32, 16] : [16]),
            ])
        let rows = try #require(values["\(block)query_key_value.bias"])
        // Two heads of 8: queries of both, keys of both, values of both.
        let sorted = [0, 24, 8, 32, 16, 40].flatMap { rows[$0..<$0 + 8] }
        let bias = try file.tensor("blk.0.attn_qkv.bias", shape: [48])
        #expect(try file.dequantize(bias) == sorted)
        let matrix = try #require(values["\(block)query_key_value.weight"])
        let weight = try file.tensor("blk.0.attn_qkv.weight", shape: [16, 48])
        let expected = [0, 24, 8, 32, 16, 40].flatMap { matrix[$0 * 16..<($0 + 8) * 16] }
        #expect(try file.dequantize(weight) == expected)
        // Made again, once its pages were given back.
        file.releasePages(of: weight)
        #expect(try file.dequantize(weight) == expected)
        if isNeoX {
            #expect(try file.uint32("gptneox.rope.dimension_count") == 2)
            #expect(try !file.bool("gptneox.use_parallel_residual"))
            #expect(try file.string("lapwing.activation") == "gelu")
        } else {
            #expect(file.tensors["token_embd_norm.weight"] != nil)
            #expect(try file.uint32("bloom.feed_forward_length") == 64)
        }
    }

    @Test("Heads that do not divide the rows are refused")
    func refusesHeads() throws {
        #expect {
            try open(
                ["model_type": "bloom", "num_attention_heads": 3], [("h.0.self_attention.query_key_value.bias", [48])])
        } throws: { "\($0)".contains("three times 3 heads of rows") }
    }

    @Test("Phi 3's factors for long and short contexts become tensors, with their magnitude")
    func phi3() throws {
        let scaling: Members = [
            "type": "longrope", "short_factor": [1.0, 1.5, 2.0, 2.5], "long_factor": [1.0, 2.0, 4.0, 8.0],
        ]
        let (file, values) = try open(
            ["model_type": "phi3", "original_max_position_embeddings": 16, "rope_scaling": scaling],
            [
                ("lm_head.weight", [32, 16]), ("model.layers.0.self_attn.qkv_proj.weight", [32, 16]),
                ("model.layers.0.mlp.gate_up_proj.weight", [48, 16]),
            ])
        #expect(try floats("rope_factors_short.weight", in: file) == [1, 1.5, 2, 2.5])
        #expect(try floats("rope_factors_long.weight", in: file) == [1, 2, 4, 8])
        #expect(try file.uint32("phi3.rope.scaling.original_context_length") == 16)
        // sqrt(1 + ln(64 / 16) / ln 16)
        #expect(abs(try file.float("phi3.rope.scaling.attn_factor") - Float(1.5).squareRoot()) < 1e-6)
        #expect(try file.uint32("phi3.attention.sliding_window") == 0)
        #expect(try floats("blk.0.attn_qkv.weight", in: file) == values["model.layers.0.self_attn.qkv_proj.weight"])
        #expect(try file.tensor("blk.0.ffn_up.weight").shape == [16, 48])
    }

    @Test("Phi 2 has its own names, and rotates a part of each head")
    func phi2() throws {
        let block = "model.layers.1."
        let (file, _) = try open(
            ["model_type": "phi", "partial_rotary_factor": 0.5, "hidden_act": "gelu_new", "layer_norm_eps": 1e-5],
            [
                ("lm_head.weight", [32, 16]), ("lm_head.bias", [32]), ("model.final_layernorm.bias", [16]),
                ("\(block)self_attn.dense.bias", [16]), ("\(block)mlp.fc1.weight", [24, 16]),
                ("\(block)mlp.fc2.weight", [16, 24]), ("\(block)self_attn.k_proj.bias", [8]),
            ])
        #expect(
            file.tensors.keys.sorted() == [
                "blk.1.attn_k.bias", "blk.1.attn_output.bias", "blk.1.ffn_down.weight", "blk.1.ffn_up.weight",
                "output.bias", "output.weight", "output_norm.bias",
            ])
        #expect(try file.string("general.architecture") == "phi2")
        #expect(try file.uint32("phi2.rope.dimension_count") == 4)
        #expect(try file.float("phi2.attention.layer_norm_epsilon") == 1e-5)
    }

    @Test("Qwen's experts have a tensor each, and beside them one that all rows go through")
    func qwenExperts() throws {
        let block = "model.layers.0.mlp."
        let (file, _) = try open(
            [
                "model_type": "qwen2_moe", "num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 12,
                "shared_expert_intermediate_size": 20, "mlp_only_layers": [Int](), "decoder_sparse_step": 1,
            ],
            [
                ("lm_head.weight", [32, 16]), ("\(block)gate.weight", [2, 16]),
                ("\(block)experts.1.up_proj.weight", [12, 16]),
                ("\(block)shared_expert.down_proj.weight", [16, 20]), ("\(block)shared_expert_gate.weight", [1, 16]),
            ])
        #expect(
            file.tensors.keys.sorted() == [
                "blk.0.ffn_down_shexp.weight", "blk.0.ffn_gate_inp.weight", "blk.0.ffn_gate_inp_shexp.weight",
                "blk.0.ffn_up.1.weight", "output.weight",
            ])
        #expect(try file.tensor("blk.0.ffn_gate_inp_shexp.weight").shape == [16])
        #expect(try file.uint32("qwen2moe.expert_count") == 2)
        #expect(try file.uint32("qwen2moe.expert_feed_forward_length") == 12)
        #expect(try file.uint32("qwen2moe.expert_shared_feed_forward_length") == 20)
        // Ours: the converter leaves it out.
        #expect(try !file.bool("qwen2moe.expert_weights_norm"))
    }

    @Test("BERT's pooling is told, and only a model that scores has the head")
    func bert() throws {
        let tensors = [
            ("bert.embeddings.LayerNorm.gamma", [16]), ("bert.embeddings.position_ids", [4]),
            ("bert.encoder.layer.0.attention.output.LayerNorm.beta", [16]), ("bert.pooler.dense.weight", [16, 16]),
            ("bert.encoder.layer.0.output.LayerNorm.weight", [16]),
        ]
        let pooling = ["1_Pooling/config.json": "{\"pooling_mode_cls_token\":false,\"pooling_mode_mean_tokens\":true}"]
        let plain = try open(
            ["model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu"], tensors, files: pooling
        ).file
        let inner = ["blk.0.attn_output_norm.bias", "blk.0.layer_output_norm.weight", "token_embd_norm.weight"]
        #expect(plain.tensors.keys.sorted() == inner)
        #expect(try plain.uint32("bert.pooling_type") == 1)
        #expect(try !plain.bool("bert.attention.causal"))
        #expect(try plain.uint32("tokenizer.ggml.token_type_count") == 2)
        let scoring = try open(
            ["model_type": "bert", "architectures": ["BertForSequenceClassification"]],
            tensors + [("classifier.weight", [1, 16]), ("classifier.bias", [1])]
        ).file
        #expect(
            scoring.tensors.keys.sorted() == (inner + ["cls.output.bias", "cls.output.weight", "cls.weight"]).sorted())
        #expect(try scoring.uint32("bert.pooling_type") == 4)
        #expect {
            try open(["model_type": "bert"], tensors, files: ["1_Pooling/config.json": "{}"])
        } throws: { "\($0)".contains("expected one of mean_tokens, cls_token and lasttoken") }
        // Two vectors end to end, and a layer after the pooling, are other models'.
        let both = "{\"pooling_mode_max_tokens\":true,\"pooling_mode_mean_tokens\":true}"
        #expect {
            try open(["model_type": "bert"], tensors, files: ["1_Pooling/config.json": both])
        } throws: { "\($0)".contains("pooling_mode_max_tokens") }
        let modules =
            "[{\"type\": \"sentence_transformers.models.Transformer\"}, {\"type\": \"sentence_transformers.models.Dense\"}]"
        #expect {
            try open(["model_type": "bert"], tensors, files: pooling.merging(["modules.json": modules]) { $1 })
        } throws: { "\($0)".contains("sentence_transformers.models.Dense") }
    }
}
