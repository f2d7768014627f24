/// A family of models as Hugging Face folders hold it, and as GGUF does.
///
/// The keys, names and values are those that llama.cpp's converter writes, so that a folder and the file made of it are the
/// same to all that reads a `ModelFile`. But for one thing: the converter reorders the rows of Llama's queries and keys for
/// a rotation of neighbours; where a folder is run the rows stay, and the rotation is said to be one of halves.
struct HuggingFaceFamily: Sendable {
    /// `model_type` in `config.json`.
    let modelType: String
    /// `general.architecture` in GGUF.
    let architecture: String
    let names: HuggingFaceNames
    /// Whether the embedding is the output's matrix where the file does not say.
    var isTied = false
    /// Added to the weights of all norms: Gemma's files hold the difference from 1.
    var normOffset: Float = 0
    /// Whether the converter reorders the rows of queries and keys.
    var interleavesHeads = false
    let describe: @Sendable (inout HuggingFaceDescription) throws(WeightsError) -> Void

    static let all: [HuggingFaceFamily] = [
        .llama("llama"), .llama("mistral"), mixtral, smollm3, qwen2, qwen2MoE, qwen3, qwen3MoE, gemma, gemma2,
        .gemma3("gemma3_text"), .gemma3("gemma3"), phi, phi3, gptNeoX, bloom, bert,
    ]

    init(of config: HuggingFaceConfiguration) throws(WeightsError) {
        guard let known = Self.all.first(where: { $0.modelType == config.modelType }) else {
            throw .unsupportedModelType(found: config.modelType, supported: Self.all.map(\.modelType))
        }
        self = known
    }

    /// Whether the feed-forward networks of the architecture have SiLU in them, and not GELU.
    var usesSilu: Bool {
        ["llama", "smollm3", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "phi3"].contains(architecture)
    }

    private init(
        _ modelType: String, _ architecture: String, _ names: HuggingFaceNames, isTied: Bool = false,
        normOffset: Float = 0, interleavesHeads: Bool = false,
        describe: @escaping @Sendable (inout HuggingFaceDescription) throws(WeightsError) -> Void
    ) {
        (self.modelType, self.architecture, self.names) = (modelType, architecture, names)
        (self.isTied, self.normOffset, self.interleavesHeads) = (isTied, normOffset, interleavesHeads)
        self.describe = describe
    }
}

// MARK: Llama, Qwen

extension HuggingFaceFamily {
    private static func llama(_ modelType: String) -> HuggingFaceFamily {
        HuggingFaceFamily(modelType, "llama", .llama, interleavesHeads: true) { model throws(WeightsError) in
            try describeRotatedRMS(&model)
            if modelType == "mistral" { try model.addWindow() }
        }
    }

    private static let mixtral = HuggingFaceFamily(
        "mixtral", "llama", .llama.adding(.mixtralExperts), interleavesHeads: true
    ) { model throws(WeightsError) in
        try describeRotatedRMS(&model, defaultBase: 1_000_000)
        try model.addExperts(count: "num_local_experts")
        try model.addWindow()
    }

    private static let smollm3 = HuggingFaceFamily(
        "smollm3", "smollm3", .llama, isTied: true, interleavesHeads: true
    ) { model throws(WeightsError) in
        try describeRotatedRMS(&model, defaultBase: 2_000_000)
        try model.refuseWindow()
        try model.config.expect("no_rope_layer_interval", .integer(4))
        // GGUF's readers take each fourth layer for one that does not rotate.
        if case .array(let layers) = model.config.node("no_rope_layers") {
            guard layers.enumerated().allSatisfy({ $1 == .integer(($0 + 1) % 4 == 0 ? 0 : 1) }) else {
                throw HuggingFaceConfiguration.unfit(
                    "no_rope_layers", model.config.node("no_rope_layers"), "0 for each fourth layer, 1 for the others")
            }
        }
    }

    /// Norms of root mean squares, gated networks, and rotation: what most families have in common.
    private static func describeRotatedRMS(
        _ model: inout HuggingFaceDescription, defaults: HuggingFaceDescription.Defaults = .init(),
        defaultBase: Double = 10_000
    ) throws(WeightsError) {
        try model.addSizes(defaults: defaults)
        try model.addRMSNorm()
        try addRotation(&model, defaultBase: defaultBase)
        try model.addActivation(default: "silu")
    }

    private static func addRotation(
        _ model: inout HuggingFaceDescription, defaultBase: Double
    ) throws(WeightsError) {
        let rotation = try HuggingFaceRotation(model.config)
        let base = try rotation.base(default: defaultBase)
        let dimensions = try rotation.dimensionCount(headLength: model.headLength)
        model.set("rope.freq_base", base)
        model.set("rope.dimension_count", dimensions)
        try rotation.addScaling(base: base, dimensions: dimensions, to: &model)
    }

    private static let qwen2 = HuggingFaceFamily("qwen2", "qwen2", .llama) { model throws(WeightsError) in
        try describeRotatedRMS(&model)
        try model.refuseWindow()
    }

    private static let qwen3 = HuggingFaceFamily("qwen3", "qwen3", .llama.adding(.headNorms)) {
        model throws(WeightsError) in
        try describeRotatedRMS(&model, defaults: .init(headLength: 128))
        try model.refuseWindow()
    }

    private static let qwen2MoE = HuggingFaceFamily("qwen2_moe", "qwen2moe", .llama.adding(.qwenExperts)) {
        model throws(WeightsError) in
        try describeQwenExperts(&model)
        model.set(
            "expert_shared_feed_forward_length", try model.config.integer("shared_expert_intermediate_size"))
    }

    private static let qwen3MoE = HuggingFaceFamily(
        "qwen3_moe", "qwen3moe", .llama.adding(.headNorms).adding(.qwenExperts)
    ) { model throws(WeightsError) in
        try describeQwenExperts(&model)
    }

    private static func describeQwenExperts(_ model: inout HuggingFaceDescription) throws(WeightsError) {
        try describeRotatedRMS(&model)
        try model.refuseWindow()
        try model.config.expect("decoder_sparse_step", .integer(1))
        try model.config.expect("mlp_only_layers", .array([]))
        try model.addExperts(count: "num_experts")
        model.set("expert_feed_forward_length", try model.config.integer("moe_intermediate_size"))
        // The converter writes no such key, though models differ.
        model.set("expert_weights_norm", try model.config.flag("norm_topk_prob", default: false))
    }
}

// MARK: Gemma

extension HuggingFaceFamily {
    private static let gemma = HuggingFaceFamily("gemma", "gemma", .llama, isTied: true, normOffset: 1) {
        model throws(WeightsError) in
        try describeGemma(&model, defaults: .init(headLength: 256))
        try addRotation(&model, defaultBase: 10_000)
    }

    private static let gemma2 = HuggingFaceFamily("gemma2", "gemma2", .gemma2, isTied: true, normOffset: 1) {
        model throws(WeightsError) in
        try describeGemma(&model, defaults: .init(headLength: 256))
        try addRotation(&model, defaultBase: 10_000)
        try addScale(&model)
        model.set("attn_logit_softcapping", try model.config.number("attn_logit_softcapping", default: 50))
        model.set("final_logit_softcapping", try model.config.number("final_logit_softcapping", default: 30))
        model.set("attention.sliding_window", try model.config.integer("sliding_window", default: 4096))
        try model.addPattern(period: 2)
    }

    private static func gemma3(_ modelType: String) -> HuggingFaceFamily {
        HuggingFaceFamily(
            modelType, "gemma3", .gemma2.adding(.headNorms).inPictureModel, isTied: true, normOffset: 1
        ) { model throws(WeightsError) in
            try describeGemma(&model, defaults: .init(context: 131_072, heads: 8, kvHeads: 4, headLength: 256))
            try addRotation(&model, defaultBase: 1_000_000)
            try addScale(&model)
            model.set("rope.freq_base_swa", try HuggingFaceRotation(model.config).windowedBase(default: 10_000))
            for name in ["attn_logit_softcapping", "final_logit_softcapping"] where model.config.has(name) {
                throw HuggingFaceConfiguration.unfit(name, model.config.node(name), "none")
            }
            model.set("attention.sliding_window", try model.config.integer("sliding_window", default: 4096))
            try model.addPattern(period: model.config.integer("sliding_window_pattern", default: 6))
        }
    }

    private static func describeGemma(
        _ model: inout HuggingFaceDescription, defaults: HuggingFaceDescription.Defaults
    ) throws(WeightsError) {
        try model.addSizes(defaults: defaults)
        try model.addRMSNorm()
        // Older files name the exact function in `hidden_act`, and mean this one.
        try model.addActivation("hidden_activation", default: "gelu_pytorch_tanh")
    }

    /// Scores are divided by the root of a number that need not be the head's length; converters leave it out.
    private static func addScale(_ model: inout HuggingFaceDescription) throws(WeightsError) {
        let scalar = Float(try model.config.number("query_pre_attn_scalar", default: 256))
        guard scalar > 0 else {
            throw HuggingFaceConfiguration.unfit(
                "query_pre_attn_scalar", .number(Double(scalar)), "a positive number")
        }
        model.set("attention.scale", Double(1 / scalar.squareRoot()))
    }
}

// MARK: Phi, GPT-NeoX, BLOOM, BERT

extension HuggingFaceFamily {
    private static let phi = HuggingFaceFamily("phi", "phi2", .phi) { model throws(WeightsError) in
        try model.config.expect("qk_layernorm", .bool(false))
        try model.addSizes()
        try model.addLayerNorm("layer_norm_eps", default: 1e-5)
        try model.addActivation(default: "gelu_new")
        let rotation = try HuggingFaceRotation(model.config)
        let base = try rotation.base(default: 10_000)
        let dimensions = try rotation.dimensionCount(headLength: model.headLength, default: 0.5)
        model.set("rope.freq_base", base)
        model.set("rope.dimension_count", dimensions)
        try rotation.addScaling(base: base, dimensions: dimensions, to: &model)
    }

    private static let phi3 = HuggingFaceFamily("phi3", "phi3", .phi3) { model throws(WeightsError) in
        try model.addSizes()
        try model.addRMSNorm()
        try model.addActivation(default: "silu")
        let rotation = try HuggingFaceRotation(model.config)
        let dimensions = try rotation.dimensionCount(headLength: model.headLength)
        model.set("rope.freq_base", try rotation.base(default: 10_000))
        model.set("rope.dimension_count", dimensions)
        try rotation.addLongRope(dimensions: dimensions, to: &model)
        // 0 tells Phi 4 from files that were made before windows were written.
        model.set("attention.sliding_window", try model.config.integer("sliding_window", default: 0))
    }

    private static let gptNeoX = HuggingFaceFamily("gpt_neox", "gptneox", .gptNeoX) { model throws(WeightsError) in
        try model.addSizes()
        try model.addLayerNorm("layer_norm_eps", default: 1e-5)
        try model.addActivation(default: "gelu")
        let rotation = try HuggingFaceRotation(model.config)
        let base = try rotation.base("rotary_emb_base", default: 10_000)
        let dimensions = try rotation.dimensionCount(headLength: model.headLength, "rotary_pct", default: 0.25)
        model.set("rope.freq_base", base)
        model.set("rope.dimension_count", dimensions)
        try rotation.addScaling(base: base, dimensions: dimensions, to: &model)
        model.set("use_parallel_residual", try model.config.flag("use_parallel_residual", default: true))
    }

    private static let bloom = HuggingFaceFamily("bloom", "bloom", .bloom, isTied: true) { model throws(WeightsError) in
        try model.config.expect("apply_residual_connection_post_layernorm", .bool(false))
        var names = HuggingFaceDescription.Names()
        names.context = "seq_length"
        if !model.config.has(names.embedding) { names.embedding = "n_embed" }
        if model.config.has("n_layer") { names.layers = "n_layer" }
        if model.config.has("n_head") { names.heads = "n_head" }
        try model.addSizes(names, defaults: .init(context: 2048), feedForward: nil)
        try model.addLayerNorm("layer_norm_epsilon", default: 1e-5)
    }

    private static let bert = HuggingFaceFamily("bert", "bert", .bert, isTied: true) { model throws(WeightsError) in
        try model.config.expect("position_embedding_type", .string("absolute"))
        try model.config.expect("is_decoder", .bool(false))
        try model.addSizes()
        try model.addLayerNorm("layer_norm_eps", default: 1e-12)
        try model.addActivation(default: "gelu")
        model.set("attention.causal", false)
        model.setPlain("tokenizer.ggml.token_type_count", try model.config.integer("type_vocab_size", default: 2))
    }
}
