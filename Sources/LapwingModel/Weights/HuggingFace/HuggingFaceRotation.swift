import Foundation

/// How positions turn queries and keys. A folder of 2024 has `rope_theta` and `rope_scaling`, later ones `rope_parameters`,
/// which may differ by the kind of a layer.
struct HuggingFaceRotation {
    private let all: [String: JSONNode]
    private let config: HuggingFaceConfiguration

    init(_ config: HuggingFaceConfiguration) throws(WeightsError) {
        self.config = config
        let name = config.has("rope_parameters") ? "rope_parameters" : "rope_scaling"
        switch config.node(name) {
        case nil: all = [:]
        case .object(let members): all = members
        case let other: throw HuggingFaceConfiguration.unfit(name, other, "an object")
        }
    }

    /// Of layers that see all positions.
    private var main: [String: JSONNode] {
        if case .object(let members) = all["full_attention"] { members } else { all }
    }

    /// Of layers with a window.
    private var windowed: [String: JSONNode]? {
        if case .object(let members) = all["sliding_attention"] { members } else { nil }
    }

    private func node(_ name: String) -> JSONNode? {
        main[name].flatMap { $0 == .null ? nil : $0 } ?? config.node(name)
    }

    private func number(_ name: String, default: Double? = nil) throws(WeightsError) -> Double {
        try HuggingFaceConfiguration.number(name, node(name), default: `default`)
    }

    private func integer(_ name: String, default: Int? = nil) throws(WeightsError) -> Int {
        try HuggingFaceConfiguration.integer(name, node(name), default: `default`)
    }

    func base(_ name: String = "rope_theta", default: Double) throws(WeightsError) -> Double {
        try number("rope_theta", default: number(name, default: `default`))
    }

    func windowedBase(default: Double) throws(WeightsError) -> Double {
        let own = try HuggingFaceConfiguration.number("rope_theta", windowed?["rope_theta"], default: -1)
        return own >= 0 ? own : try config.number("rope_local_base_freq", default: `default`)
    }

    /// Elements of each head that turn.
    func dimensionCount(
        headLength: Int, _ name: String = "partial_rotary_factor", default: Double = 1
    ) throws(WeightsError) -> Int {
        let share = try number("partial_rotary_factor", default: number(name, default: `default`))
        guard (0...1).contains(share) else {
            throw HuggingFaceConfiguration.unfit(name, .number(share), "0 to 1")
        }
        return Int(Double(headLength) * share)
    }

    private func kind() throws(WeightsError) -> String {
        switch main["rope_type"] ?? main["type"] {
        case nil, .null: return "default"
        case .string(let kind): return kind
        case let other: throw HuggingFaceConfiguration.unfit("rope_type", other, "a name")
        }
    }

    /// Writes how rotation is stretched. `dimensions` is that of `dimensionCount`.
    func addScaling(base: Double, dimensions: Int, to model: inout HuggingFaceDescription) throws(WeightsError) {
        switch try kind() {
        case "default": break
        case "linear":
            model.set("rope.scaling.type", "linear")
            model.set("rope.scaling.factor", try number("factor"))
        case "llama3":
            model.add("rope_freqs.weight", try divisors(base: base, dimensions: dimensions))
        case "yarn":
            try addYarn(to: &model)
        case let other:
            throw HuggingFaceConfiguration.unfit("rope_type", .string(other), "default, linear, llama3 or yarn")
        }
    }

    private func addYarn(to model: inout HuggingFaceDescription) throws(WeightsError) {
        let factor = try number("factor")
        // What GGUF's reader takes for granted must be so.
        for (name, expected) in [("beta_fast", 32), ("beta_slow", 1), ("attention_factor", 0.1 * log(factor) + 1)] {
            let found = try number(name, default: expected)
            guard abs(found - expected) <= 1e-6 else {
                throw HuggingFaceConfiguration.unfit(name, .number(found), "\(expected)")
            }
        }
        for name in ["mscale", "mscale_all_dim"] where node(name) != nil {
            throw HuggingFaceConfiguration.unfit(name, node(name), "none")
        }
        model.set("rope.scaling.type", "yarn")
        model.set("rope.scaling.factor", factor)
        model.set(
            "rope.scaling.original_context_length",
            try integer(
                "original_max_position_embeddings", default: config.integer("max_position_embeddings")))
    }

    /// Llama 3's: slow pairs turn more slowly by a factor, fast ones do not, and those between lie between.
    private func divisors(base: Double, dimensions: Int) throws(WeightsError) -> [Float] {
        let factor = Float(try number("factor", default: 8))
        let low = Float(try number("low_freq_factor", default: 1))
        let high = Float(try number("high_freq_factor", default: 4))
        let length = Float(try integer("original_max_position_embeddings", default: 8192))
        guard factor > 0, low > 0, high > low, length > 0, dimensions <= 1 << 16 else {
            throw HuggingFaceConfiguration.unfit(
                "rope_scaling", .object(main), "positive factors, high_freq_factor over low_freq_factor")
        }
        return (0..<dimensions / 2).map { pair in
            let frequency = 1 / Float(pow(base, Double(Float(2 * pair) / Float(dimensions))))
            let wavelength = 2 * Float.pi / frequency
            if wavelength < length / high { return 1 }
            if wavelength > length / low { return factor }
            let smooth = (length / wavelength - low) / (high - low)
            return 1 / ((1 - smooth) / factor + smooth)
        }
    }

    /// Phi 3's: a divisor a pair for contexts up to the original length, and one for longer ones.
    func addLongRope(dimensions: Int, to model: inout HuggingFaceDescription) throws(WeightsError) {
        let original = try integer("original_max_position_embeddings", default: 4096)
        model.set("rope.scaling.original_context_length", original)
        let kind = try kind()
        guard kind != "default" else { return }
        guard ["longrope", "su", "yarn"].contains(kind) else {
            throw HuggingFaceConfiguration.unfit("rope_type", .string(kind), "default, longrope, su or yarn")
        }
        let stretch = try Double(config.integer("max_position_embeddings")) / Double(max(original, 1))
        let magnitude =
            stretch <= 1
            ? 1 : kind == "yarn" ? 0.1 * log(stretch) + 1 : (1 + log(stretch) / log(Double(original))).squareRoot()
        model.set("rope.scaling.attn_factor", try number("attention_factor", default: magnitude))
        for (name, tensor) in [("short_factor", "rope_factors_short"), ("long_factor", "rope_factors_long")] {
            guard case .array(let nodes) = main[name], nodes.count == dimensions / 2 else {
                throw HuggingFaceConfiguration.unfit(name, main[name], "an array of \(dimensions / 2) numbers")
            }
            var values: [Float] = []
            for node in nodes {
                values.append(Float(try HuggingFaceConfiguration.number(name, node, default: nil)))
            }
            model.add("\(tensor).weight", values)
        }
    }
}
