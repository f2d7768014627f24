/// A model under GGUF's keys, as it is put together from a `config.json`: what each family's `describe` writes into.
struct HuggingFaceDescription {
    let config: HuggingFaceConfiguration
    private let architecture: String
    private(set) var metadata = MetadataBuilder()
    /// Tensors that follow from the configuration: divisors of rotation.
    private(set) var vectors: [(name: String, values: [Float])] = []
    private(set) var headCount = 1
    private(set) var kvHeadCount = 1
    private(set) var expertCount = 0
    /// The function within the feed-forward network: the key that tells it, what the key says, and its name here.
    private var activation: (key: String, found: String, word: String)?
    private(set) var embeddingLength = 1
    private(set) var headLength = 1

    init(_ config: HuggingFaceConfiguration, architecture: String, name: String) {
        (self.config, self.architecture) = (config, architecture)
        metadata.set("general.architecture", architecture)
        metadata.set("general.name", name)
    }

    mutating func set(_ key: String, _ number: Int) { metadata.set("\(architecture).\(key)", UInt32(clamping: number)) }
    mutating func set(_ key: String, _ number: Double) { metadata.set("\(architecture).\(key)", Float(number)) }
    mutating func set(_ key: String, _ flag: Bool) { metadata.set("\(architecture).\(key)", flag) }
    mutating func set(_ key: String, _ text: String) { metadata.set("\(architecture).\(key)", text) }
    /// A key that no architecture prefixes.
    mutating func setPlain(_ key: String, _ text: String) { metadata.set(key, text) }
    mutating func setPlain(_ key: String, _ number: Int) { metadata.set(key, UInt32(clamping: number)) }
    mutating func add(_ name: String, _ values: [Float]) { vectors.append((name, values)) }

    /// The sizes that each family's file tells, under the names that most of them use.
    struct Names {
        var context = "max_position_embeddings"
        var embedding = "hidden_size"
        var layers = "num_hidden_layers"
        var heads = "num_attention_heads"
    }

    /// Where a file may leave sizes out: what its class takes them for.
    struct Defaults {
        var context: Int?
        var heads: Int?
        var kvHeads: Int?
        var headLength: Int?
    }

    /// Sizes of all families. `feedForward` is nil where a file tells no width.
    mutating func addSizes(
        _ names: Names = Names(), defaults: Defaults = Defaults(), feedForward: String? = "intermediate_size"
    ) throws(WeightsError) {
        headCount = try config.integer(names.heads, default: defaults.heads)
        embeddingLength = try config.integer(names.embedding)
        guard headCount > 0 else {
            throw HuggingFaceConfiguration.unfit(names.heads, .integer(headCount), "1 or more")
        }
        headLength = try config.integer("head_dim", default: defaults.headLength ?? embeddingLength / headCount)
        set("vocab_size", try config.integer("vocab_size", default: 0))
        set("context_length", try config.integer(names.context, default: defaults.context))
        set("embedding_length", embeddingLength)
        set("block_count", try config.integer(names.layers))
        let fourfold = 4 * embeddingLength
        if let feedForward {
            set("feed_forward_length", try config.integer(feedForward, default: fourfold))
        } else {
            set("feed_forward_length", fourfold)
        }
        set("attention.head_count", headCount)
        kvHeadCount = try config.integer("num_key_value_heads", default: defaults.kvHeads ?? headCount)
        set("attention.head_count_kv", kvHeadCount)
        if config.has("head_dim") || defaults.headLength != nil {
            set("attention.key_length", headLength)
            set("attention.value_length", headLength)
        }
        if config.has("quantization_config") {
            throw HuggingFaceConfiguration.unfit(
                "quantization_config", config.node("quantization_config"), "none: weights in F32, F16 or BF16")
        }
    }

    mutating func addRMSNorm() throws(WeightsError) {
        set("attention.layer_norm_rms_epsilon", try config.number("rms_norm_eps", default: 1e-6))
    }

    mutating func addLayerNorm(_ name: String, default: Double) throws(WeightsError) {
        set("attention.layer_norm_epsilon", try config.number(name, default: `default`))
    }

    /// The function within the feed-forward network, by a key of our own: GGUF leaves it to the architecture.
    mutating func addActivation(_ name: String = "hidden_act", default: String) throws(WeightsError) {
        let found = try config.string(name) ?? `default`
        let word: String
        switch found {
        case "silu", "swish": word = "silu"
        case "gelu", "gelu_python": word = "gelu"
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": word = "gelu_tanh"
        default: throw HuggingFaceConfiguration.unfit(name, .string(found), "silu, gelu, gelu_new or gelu_pytorch_tanh")
        }
        activation = (name, found, word)
        setPlain("lapwing.activation", word)
    }

    /// Other readers of GGUF go by the architecture, and tell no two forms of GELU apart.
    func checkActivation(isSilu: Bool) throws(WeightsError) {
        guard let activation, (activation.word == "silu") != isSilu else { return }
        throw HuggingFaceConfiguration.unfit(
            activation.key, .string(activation.found),
            "\(isSilu ? "silu" : "a form of gelu"), which a GGUF file of \(architecture) stands for")
    }

    /// Windows over the last positions, in all layers where there are any.
    mutating func addWindow() throws(WeightsError) {
        guard config.has("sliding_window") else { return }
        if try addPattern() != .none { set("attention.sliding_window", try config.integer("sliding_window")) }
    }

    enum Pattern { case none, all, some }

    /// Which layers have windows, by `layer_types`: GGUF can say that each nth sees all.
    @discardableResult
    mutating func addPattern(period: Int? = nil) throws(WeightsError) -> Pattern {
        guard case .array(let types) = config.node("layer_types") else {
            if let period { set("attention.sliding_window_pattern", period) }
            return period == nil ? .all : .some
        }
        let isFull = types.map { $0 == .string("full_attention") }
        guard zip(types, isFull).allSatisfy({ $1 || $0 == .string("sliding_attention") }) else {
            throw HuggingFaceConfiguration.unfit(
                "layer_types", config.node("layer_types"), "full_attention and sliding_attention")
        }
        if period == nil, !isFull.contains(true) { return .all }
        if period == nil, !isFull.contains(false) { return .none }
        let found = (isFull.firstIndex(of: true) ?? isFull.count) + 1
        guard period != nil, isFull.enumerated().allSatisfy({ (($0 + 1) % found == 0) == $1 }) else {
            throw HuggingFaceConfiguration.unfit(
                "layer_types", config.node("layer_types"),
                period == nil ? "one type for all layers" : "full attention in each nth layer and no other")
        }
        set("attention.sliding_window_pattern", found)
        return .some
    }

    /// `use_sliding_window` gives windows to some layers in a way that no GGUF key tells.
    func refuseWindow() throws(WeightsError) {
        try config.expect("use_sliding_window", .bool(false))
        if case .array(let types) = config.node("layer_types"), types.contains(.string("sliding_attention")) {
            throw HuggingFaceConfiguration.unfit(
                "layer_types", .string("sliding_attention"), "full_attention in all layers")
        }
    }

    mutating func addExperts(count: String) throws(WeightsError) {
        expertCount = try config.integer(count)
        set("expert_count", expertCount)
        set("expert_used_count", try config.integer("num_experts_per_tok"))
    }
}
