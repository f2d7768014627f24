/// Which tensor of a file gets which type: the rules that llama.cpp's files are known to follow, so that a file has the
/// size and the quality that its name promises. Docs/Quantize.md has them as a table.
package struct QuantizationMix: Sendable {
    package var type: QuantizationType
    package var layerCount: Int
    /// Query heads that share one key/value head.
    package var groupSize = 1
    package var expertCount = 0
    /// Whether the output matrix is a tensor of its own; else the embedding serves as it.
    package var hasOutput = false
    package var hasImportance = false
    package var architecture = "llama"

    package init(type: QuantizationType, layerCount: Int) {
        (self.type, self.layerCount) = (type, layerCount)
    }

    /// The type that a tensor, which is stored as `stored`, is to have.
    package func type(of name: String, stored: TensorType, shape: [Int]) -> TensorType {
        guard stored.isReadable else { return stored }
        // Norms and biases are few and small, and what reads them wants floats.
        guard shape.count > 1 else { return stored.isFloat ? .f32 : stored }
        guard Self.isQuantized(name) else { return stored }
        guard !type.tensorType.isFloat else { return type.tensorType }
        return Self.fitting(chosen(name, rowLength: shape[0]), rowLength: shape[0])
    }

    /// Matrices of products. Routers, positions and token kinds are small and sensitive.
    private static func isQuantized(_ name: String) -> Bool {
        let kept = ["_norm.weight", "ffn_gate_inp.weight", "position_embd.weight", "token_types.weight"]
        return name.hasSuffix("weight") && !kept.contains(where: name.hasSuffix)
    }

    /// The type, or the nearest one whose blocks a row is a whole number of.
    private static func fitting(_ type: TensorType, rowLength: Int) -> TensorType {
        guard rowLength % type.blockElementCount != 0 else { return type }
        let smaller: TensorType =
            switch type {
            case .q2_K, .q3_K, .iq4_xs: .iq4_nl
            case .q4_K: .q5_0
            case .q5_K: .q5_1
            case .q6_K: .q8_0
            default: .f16
            }
        return rowLength % smaller.blockElementCount == 0 ? smaller : .f16
    }

    private func chosen(_ name: String, rowLength: Int) -> TensorType {
        if name == "output.weight" || name == "token_embd.weight" && !hasOutput {
            let isWhole = rowLength % type.tensorType.blockElementCount == 0
            return architecture == "falcon" || !isWhole || type == .q8_0 ? .q8_0 : .q6_K
        }
        let parts = name.split(separator: ".")
        guard let place = parts.firstIndex(of: "blk"), place + 2 < parts.count, let layer = Int(parts[place + 1]) else {
            return type.tensorType
        }
        switch parts[place + 2] {
        case "attn_v": return attentionValue(layer)
        case "attn_k": return expertCount == 8 ? .q8_0 : type.tensorType
        case "attn_qkv": return attentionTogether
        case "attn_output": return attentionOutput
        case "ffn_down", "ffn_down_exps", "ffn_down_shexp": return feedForwardDown(layer)
        default: return type.tensorType
        }
    }

    /// The first and last eighth of the layers and every third one between them.
    private func isSensitive(_ layer: Int) -> Bool {
        layer < layerCount / 8 || layer >= 7 * layerCount / 8 || (layer - layerCount / 8) % 3 == 2
    }

    private func attentionValue(_ layer: Int) -> TensorType {
        if expertCount == 8 { return .q8_0 }
        let chosen: TensorType =
            switch type {
            case .q2_k: groupSize >= 4 ? .q4_K : .q3_K
            case .q3_k_m: layer < 2 ? .q5_K : .q4_K
            case .q3_k_l: .q5_K
            case .iq4_nl, .iq4_xs: groupSize >= 4 ? .q5_K : type.tensorType
            case .q4_k_m, .q5_k_m: isSensitive(layer) ? .q6_K : type.tensorType
            case .q4_k_s: layer < 4 ? .q5_K : .q4_K
            default: type.tensorType
            }
        // Models of 70 billion weights share values among eight heads: better ones cost little.
        let isLargeGrouped = layerCount == 80 && groupSize > 1
        return isLargeGrouped && (chosen == .q3_K || chosen == .q4_K) ? .q5_K : chosen
    }

    private var attentionTogether: TensorType {
        switch type {
        case .q3_k_m, .q3_k_l: .q4_K
        case .q4_k_m: .q5_K
        case .q5_k_m: .q6_K
        default: type.tensorType
        }
    }

    private var attentionOutput: TensorType {
        if architecture == "falcon" { return type.tensorType }
        if expertCount == 8 {
            switch type {
            case .q2_k, .q3_k_s, .q3_k_m, .q4_k_s, .q4_k_m, .iq4_nl, .iq4_xs: return .q5_K
            default: return type.tensorType
            }
        }
        switch type {
        case .q2_k: return .q3_K
        case .q3_k_m: return .q4_K
        case .q3_k_l: return .q5_K
        default: return type.tensorType
        }
    }

    private func feedForwardDown(_ layer: Int) -> TensorType {
        let isEarly = layer < layerCount / 8
        switch type {
        case .q2_k: return .q3_K
        case .q3_k_m: return layer < layerCount / 16 ? .q5_K : .q4_K
        case .q3_k_l: return .q5_K
        case .q4_k_m, .q5_k_m: return isSensitive(layer) ? .q6_K : type.tensorType
        case .q4_k_s: return isEarly ? .q5_K : .q4_K
        case .iq4_nl, .iq4_xs: return isEarly && !hasImportance ? .q5_K : type.tensorType
        case .q4_0: return isEarly && hasImportance ? .q4_1 : .q4_0
        case .q5_0: return isEarly && hasImportance ? .q5_1 : .q5_0
        default: return type.tensorType
        }
    }
}
