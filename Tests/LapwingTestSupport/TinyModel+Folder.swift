import Foundation
import LapwingModel

extension TinyModel {
    /// The same model as a Hugging Face folder: `config.json` and one safetensors file a shard.
    package func writeFolder(shards: Int = 1) throws -> WrittenModel {
        let folder = try TemporaryFolder()
        _ = try folder.write(Array(try configuration().utf8), to: "config.json")
        let tensors = folderTensors()
        guard shards > 1 else {
            var writer = SafetensorsWriter()
            writer.tensors = tensors
            _ = try folder.write(writer.bytes(), to: "model.safetensors")
            return WrittenModel(folder: folder, path: folder.path)
        }
        var map: [String: String] = [:]
        for shard in 0..<shards {
            let name = "model-0000\(shard + 1)-of-0000\(shards).safetensors"
            var writer = SafetensorsWriter()
            writer.tensors = tensors.enumerated().filter { $0.offset % shards == shard }.map(\.element)
            for tensor in writer.tensors { map[tensor.name] = name }
            _ = try folder.write(writer.bytes(), to: name)
        }
        let index = try JSONSerialization.data(
            withJSONObject: ["metadata": ["total_size": 0], "weight_map": map] as [String: Any], options: .sortedKeys)
        _ = try folder.write([UInt8](index), to: "model.safetensors.index.json")
        return WrittenModel(folder: folder, path: folder.path)
    }

    /// `config.json` of the model, with some members changed.
    package func configuration(_ changes: [String: any Sendable] = [:]) throws -> String {
        var members: [String: Any] = [
            "architectures": [experts == nil ? "LlamaForCausalLM" : "MixtralForCausalLM"],
            "model_type": experts == nil ? "llama" : "mixtral", "hidden_act": "silu", "vocab_size": vocabularySize,
            "max_position_embeddings": contextLength, "hidden_size": embeddingLength, "num_hidden_layers": layerCount,
            "intermediate_size": feedForwardLength, "num_attention_heads": headCount,
            "num_key_value_heads": kvHeadCount, "rms_norm_eps": 1e-5, "rope_theta": Double(ropeBase),
            "tie_word_embeddings": hasTiedHead,
        ]
        if let headLength { members["head_dim"] = headLength }
        if let experts {
            members["num_local_experts"] = experts.count
            members["num_experts_per_tok"] = experts.usedCount
        }
        members.merge(changes) { $1 }
        let data = try JSONSerialization.data(withJSONObject: members, options: [.sortedKeys, .prettyPrinted])
        return String(decoding: data, as: UTF8.self)
    }

    /// All tensors under the names that a folder has them under; experts must be in tensors of their own.
    package func folderTensors() -> [SafetensorsWriter.Tensor] {
        writer().tensors.map { tensor in
            let type = TensorType(rawValue: tensor.type).map { "\($0)" } ?? ""
            return SafetensorsWriter.Tensor(
                name: Self.folderName(tensor.name), type: type, shape: tensor.shape.reversed().map(Int.init),
                data: tensor.data)
        }
    }

    private static func folderName(_ name: String) -> String {
        let plain = [
            "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
            "output.weight": "lm_head.weight",
        ]
        if let found = plain[name] { return found }
        let parts = name.split(separator: ".").map(String.init)
        let block = "model.layers.\(parts[1])."
        if parts.count == 5 {
            let part = ["ffn_gate": "w1", "ffn_down": "w2", "ffn_up": "w3"][parts[2]] ?? parts[2]
            return "\(block)block_sparse_moe.experts.\(parts[3]).\(part).weight"
        }
        let within = [
            "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
            "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
            "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
            "ffn_gate_inp": "block_sparse_moe.gate",
        ]
        return "\(block)\(within[parts[2]] ?? parts[2]).weight"
    }
}
