/// The names of a family's tensors in a folder, each with GGUF's for it.
///
/// `#` stands for a number, the layer's or the expert's, on both sides in the same order. The last part of a name, `weight`
/// or `bias`, is the same on both sides.
struct HuggingFaceNames: Sendable {
    private let names: [String: String]
    /// What names begin with where the folder is of a whole model and not of its inner part; the first that fits goes.
    private let prefixes: [String]
    /// Queries, keys and values head by head in one tensor, as `attn_qkv` does not have them.
    private(set) var sortsHeads = false
    /// Beginnings of names that belong to other parts than a language model's.
    private var foreign: [String] = []

    private init(_ names: [String: String], prefixes: [String]) {
        (self.names, self.prefixes) = (names, prefixes)
    }

    /// What becomes of a folder's tensor.
    enum Meaning: Equatable {
        case tensor(String)
        /// Buffers that follow from the configuration, and parts that a language model does not use.
        case ignored
        case unknown
    }

    func meaning(of name: String) -> Meaning {
        let ignored = ["rotary_emb.inv_freq", "attention.bias", "attention.masked_bias", "position_ids"]
        if ignored.contains(where: { name == $0 || name.hasSuffix("." + $0) })
            || foreign.contains(where: name.hasPrefix)
        {
            return .ignored
        }
        let prefix = prefixes.first(where: name.hasPrefix) ?? ""
        var parts = name.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count > 1, var suffix = parts.popLast() else { return .unknown }
        // The first BERT's norms have other names for both.
        suffix = ["gamma": "weight", "beta": "bias"][suffix] ?? suffix
        guard suffix == "weight" || suffix == "bias" else { return .unknown }
        var numbers: [String] = []
        for (index, part) in parts.enumerated() {
            guard let number = Int(part), number >= 0, String(number) == part else { continue }
            numbers.append(part)
            parts[index] = "#"
        }
        guard let target = names[parts.joined(separator: ".")] else { return .unknown }
        guard target != Self.unused else { return .ignored }
        var next = numbers.makeIterator()
        let found = target.split(separator: ".").map { $0 == "#" ? next.next() ?? "" : String($0) }
        return .tensor(found.joined(separator: ".") + "." + suffix)
    }

    private static let unused = ""

    func adding(_ others: [String: String]) -> HuggingFaceNames {
        var all = HuggingFaceNames(names.merging(others) { $1 }, prefixes: prefixes)
        (all.sortsHeads, all.foreign) = (sortsHeads, foreign)
        return all
    }

    /// The names where the language model is a part of one that sees pictures.
    var inPictureModel: HuggingFaceNames {
        let outer = ["model.language_model.", "language_model.model.", "language_model."]
        var all = HuggingFaceNames(names, prefixes: outer + prefixes)
        all.foreign = [
            "vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector.",
        ]
        return all
    }

    private func sortingHeads() -> HuggingFaceNames {
        var all = self
        all.sortsHeads = true
        return all
    }
}

extension HuggingFaceNames {
    static let llama = HuggingFaceNames(
        [
            "embed_tokens": "token_embd",
            "norm": "output_norm",
            "lm_head": "output",
            "layers.#.input_layernorm": "blk.#.attn_norm",
            "layers.#.self_attn.q_proj": "blk.#.attn_q",
            "layers.#.self_attn.k_proj": "blk.#.attn_k",
            "layers.#.self_attn.v_proj": "blk.#.attn_v",
            "layers.#.self_attn.o_proj": "blk.#.attn_output",
            "layers.#.post_attention_layernorm": "blk.#.ffn_norm",
            "layers.#.mlp.gate_proj": "blk.#.ffn_gate",
            "layers.#.mlp.up_proj": "blk.#.ffn_up",
            "layers.#.mlp.down_proj": "blk.#.ffn_down",
        ], prefixes: ["model."])

    static let gemma2 = llama.adding([
        "layers.#.post_attention_layernorm": "blk.#.post_attention_norm",
        "layers.#.pre_feedforward_layernorm": "blk.#.ffn_norm",
        "layers.#.post_feedforward_layernorm": "blk.#.post_ffw_norm",
    ])

    static let phi = llama.adding([
        "final_layernorm": "output_norm",
        "layers.#.self_attn.dense": "blk.#.attn_output",
        "layers.#.mlp.fc1": "blk.#.ffn_up",
        "layers.#.mlp.fc2": "blk.#.ffn_down",
    ])

    static let phi3 = llama.adding([
        "layers.#.self_attn.qkv_proj": "blk.#.attn_qkv",
        "layers.#.mlp.gate_up_proj": "blk.#.ffn_up",
    ])

    static let gptNeoX = HuggingFaceNames(
        [
            "embed_in": "token_embd",
            "final_layer_norm": "output_norm",
            "embed_out": "output",
            "layers.#.input_layernorm": "blk.#.attn_norm",
            "layers.#.attention.query_key_value": "blk.#.attn_qkv",
            "layers.#.attention.dense": "blk.#.attn_output",
            "layers.#.post_attention_layernorm": "blk.#.ffn_norm",
            "layers.#.mlp.dense_h_to_4h": "blk.#.ffn_up",
            "layers.#.mlp.dense_4h_to_h": "blk.#.ffn_down",
        ], prefixes: ["gpt_neox."]
    ).sortingHeads()

    static let bloom = HuggingFaceNames(
        [
            "word_embeddings": "token_embd",
            "word_embeddings_layernorm": "token_embd_norm",
            "ln_f": "output_norm",
            "lm_head": "output",
            "h.#.input_layernorm": "blk.#.attn_norm",
            "h.#.self_attention.query_key_value": "blk.#.attn_qkv",
            "h.#.self_attention.dense": "blk.#.attn_output",
            "h.#.post_attention_layernorm": "blk.#.ffn_norm",
            "h.#.mlp.dense_h_to_4h": "blk.#.ffn_up",
            "h.#.mlp.dense_4h_to_h": "blk.#.ffn_down",
        ], prefixes: ["transformer."]
    ).sortingHeads()

    static let bert = HuggingFaceNames(
        [
            "embeddings.word_embeddings": "token_embd",
            "embeddings.position_embeddings": "position_embd",
            "embeddings.token_type_embeddings": "token_types",
            "embeddings.LayerNorm": "token_embd_norm",
            "encoder.layer.#.attention.self.query": "blk.#.attn_q",
            "encoder.layer.#.attention.self.key": "blk.#.attn_k",
            "encoder.layer.#.attention.self.value": "blk.#.attn_v",
            "encoder.layer.#.attention.output.dense": "blk.#.attn_output",
            "encoder.layer.#.attention.output.LayerNorm": "blk.#.attn_output_norm",
            "encoder.layer.#.intermediate.dense": "blk.#.ffn_up",
            "encoder.layer.#.output.dense": "blk.#.ffn_down",
            "encoder.layer.#.output.LayerNorm": "blk.#.layer_output_norm",
            // Only a classifier reads the pooled first row: see `forClassifier`.
            "pooler.dense": unused,
            // Heads of the training that made the model.
            "cls.predictions": unused,
            "cls.predictions.transform.dense": unused,
            "cls.predictions.transform.LayerNorm": unused,
            "cls.predictions.decoder": unused,
            "cls.seq_relationship": unused,
        ], prefixes: ["bert."])

    /// With the head of a model that scores: both its layers, as GGUF's rank pooling has them.
    var forClassifier: HuggingFaceNames { adding(["pooler.dense": "cls", "classifier": "cls.output"]) }
}

extension [String: String] {
    static var headNorms: Self {
        ["layers.#.self_attn.q_norm": "blk.#.attn_q_norm", "layers.#.self_attn.k_norm": "blk.#.attn_k_norm"]
    }

    static var mixtralExperts: Self {
        [
            "layers.#.block_sparse_moe.gate": "blk.#.ffn_gate_inp",
            "layers.#.block_sparse_moe.experts.#.w1": "blk.#.ffn_gate.#",
            "layers.#.block_sparse_moe.experts.#.w2": "blk.#.ffn_down.#",
            "layers.#.block_sparse_moe.experts.#.w3": "blk.#.ffn_up.#",
        ]
    }

    static var qwenExperts: Self {
        [
            "layers.#.mlp.gate": "blk.#.ffn_gate_inp",
            "layers.#.mlp.experts.#.gate_proj": "blk.#.ffn_gate.#",
            "layers.#.mlp.experts.#.up_proj": "blk.#.ffn_up.#",
            "layers.#.mlp.experts.#.down_proj": "blk.#.ffn_down.#",
            "layers.#.mlp.shared_expert_gate": "blk.#.ffn_gate_inp_shexp",
            "layers.#.mlp.shared_expert.gate_proj": "blk.#.ffn_gate_shexp",
            "layers.#.mlp.shared_expert.up_proj": "blk.#.ffn_up_shexp",
            "layers.#.mlp.shared_expert.down_proj": "blk.#.ffn_down_shexp",
        ]
    }
}
