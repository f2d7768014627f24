/// The tensors of a decoder's file, by name: what its configuration asks for, and what it may have besides.
struct ExpectedTensors {
    private(set) var all: [String: ExpectedTensor] = [:]
    private let c: ModelConfiguration
    private let file: GGUFFile

    init(_ configuration: ModelConfiguration, in file: GGUFFile) {
        c = configuration
        self.file = file
        all[DecoderLoader.embeddingName] = ExpectedTensor(shape: [c.embeddingLength, c.vocabularySize])
        if c.required.contains(.embeddingNorm) { addNorm("token_embd_norm") }
        addNorm("output_norm")
        if has("output.weight") { all["output.weight"] = ExpectedTensor(shape: [c.embeddingLength, c.vocabularySize]) }
        if has("output.bias") { all["output.bias"] = ExpectedTensor(shape: [c.vocabularySize]) }
        for name in ["rope_freqs", "rope_factors_short", "rope_factors_long"] where has("\(name).weight") {
            all["\(name).weight"] = ExpectedTensor(shape: [c.ropeDimensionCount / 2])
        }
        for index in 0..<c.layerCount { addLayer("blk.\(index).") }
    }

    private func has(_ name: String) -> Bool { file.tensors[name] != nil }

    private mutating func addLayer(_ block: String) {
        addNorm("\(block)attn_norm")
        let projections = [("attn_q", c.queryLength), ("attn_k", c.keyLength), ("attn_v", c.keyLength)]
        let biased = c.required.contains(.projectionBias)
        add("attn_qkv", columns: c.embeddingLength, parts: projections, in: block, biased: biased)
        add("attn_output", columns: c.queryLength, parts: [("attn_output", c.embeddingLength)], in: block)
        for name in ["attn_q_norm", "attn_k_norm"] where c.required.contains(.headNorms) {
            all["\(block)\(name).weight"] = ExpectedTensor(shape: [c.headLength])
        }
        if c.required.contains(.postNorms) {
            addNorm("\(block)post_attention_norm")
            addNorm("\(block)post_ffw_norm")
        }
        // Halves that run side by side may share the first one's norm.
        if !c.hasParallelHalves || has("\(block)ffn_norm.weight") { addNorm("\(block)ffn_norm") }
        guard let experts = c.experts else {
            let inputs = c.isGated ? [("ffn_gate", c.feedForwardLength)] : []
            add(
                "ffn_up", columns: c.embeddingLength, parts: inputs + [("ffn_up", c.feedForwardLength)], in: block)
            add("ffn_down", columns: c.feedForwardLength, parts: [("ffn_down", c.embeddingLength)], in: block)
            return
        }
        all["\(block)ffn_gate_inp.weight"] = ExpectedTensor(shape: [c.embeddingLength, experts.count])
        if let length = experts.sharedLength {
            all["\(block)ffn_gate_inp_shexp.weight"] = ExpectedTensor(shape: [c.embeddingLength])
            for part in ["gate", "up"] {
                all["\(block)ffn_\(part)_shexp.weight"] = ExpectedTensor(shape: [c.embeddingLength, length])
            }
            all["\(block)ffn_down_shexp.weight"] = ExpectedTensor(shape: [length, c.embeddingLength])
        }
        let inner = [c.embeddingLength, experts.feedForwardLength]
        for (part, shape) in [("gate", inner), ("up", inner), ("down", inner.reversed())] {
            let names = (0..<experts.count).map { "\(block)ffn_\(part).\($0).weight" }
            // Files of early 2024 have a tensor for each expert, later ones all experts of a part in one.
            if has(names[0]) {
                for name in names { all[name] = ExpectedTensor(shape: shape) }
            } else {
                all["\(block)ffn_\(part)_exps.weight"] = ExpectedTensor(
                    shape: shape + [experts.count], parts: names.map { ($0, 1) })
            }
        }
    }

    private mutating func addNorm(_ name: String) {
        all["\(name).weight"] = ExpectedTensor(shape: [c.embeddingLength])
        if c.norm == .layer { all["\(name).bias"] = ExpectedTensor(shape: [c.embeddingLength]) }
    }

    /// Matrices that read the same input, each a tensor of its own, or all in one of the name `joined`, as the file has it;
    /// and their biases, which it may have.
    private mutating func add(
        _ joined: String, columns: Int, parts: [(name: String, rows: Int)], in block: String, biased: Bool = false
    ) {
        let total = parts.reduce(0) { $0 + $1.rows }
        let isJoined =
            parts.count > 1 && parts.contains { !has("\(block)\($0.name).weight") }
            && has("\(block)\(joined).weight")
        let biased = biased || c.required.contains(.allBiases)
        guard !isJoined else {
            let names = { (suffix: String) in parts.map { ("\(block)\($0.name).\(suffix)", $0.rows) } }
            all["\(block)\(joined).weight"] = ExpectedTensor(shape: [columns, total], parts: names("weight"))
            if biased || has("\(block)\(joined).bias") {
                all["\(block)\(joined).bias"] = ExpectedTensor(shape: [total], parts: names("bias"))
            }
            return
        }
        for (name, rows) in parts {
            all["\(block)\(name).weight"] = ExpectedTensor(shape: [columns, rows])
            if biased || has("\(block)\(name).bias") { all["\(block)\(name).bias"] = ExpectedTensor(shape: [rows]) }
        }
    }
}
