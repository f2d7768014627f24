import Foundation

/// Which files make a model in Hugging Face's form. Nothing that is run when it is loaded (`.bin`, `.pt`, `.py`) is among
/// them.
enum ModelFolder {
    static let configurationName = "config.json"
    static let weightsName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    static let cardName = "README.md"
    /// As the loader's. The largest models' have some hundred thousand tensors.
    static let indexByteCountLimit = 16 << 20

    /// All but the weights, those of sentence encoders too. No model has every one.
    static let fileNames = [
        configurationName, "generation_config.json", "tokenizer.json", "tokenizer_config.json",
        "special_tokens_map.json", "chat_template.jinja", "modules.json", "1_Pooling/config.json", cardName,
    ]

    /// The weight files that an index names, by name. Throws where one would lie elsewhere than beside it.
    static func parts(ofIndex path: String) throws(HubError) -> [String] {
        struct Index: Decodable {
            var weight_map: [String: String]
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= indexByteCountLimit,
            let index = try? JSONDecoder().decode(Index.self, from: data), !index.weight_map.isEmpty
        else {
            throw .badIndex(file: path, reason: "expected JSON with a weight_map of file names")
        }
        let names = Set(index.weight_map.values).sorted()
        for name in names {
            guard name.hasSuffix(".safetensors"), !name.contains("/"), HubFile.isSafe(path: name) else {
                throw .badIndex(
                    file: path, reason: "it names '\(name.prefix(200))', expected a .safetensors file beside it")
            }
        }
        return names
    }

    /// The weight files that a folder's model is made of, by its index and by what was pulled. Others may lie beside them.
    static func weightNames(in folder: String) -> [String] {
        let indexed = (try? parts(ofIndex: "\(folder)/\(indexName)")) ?? []
        let pulled = ((try? PullRecord(of: folder))?.files ?? []).map(\.path).filter { $0.hasSuffix(".safetensors") }
        return Set([weightsName] + indexed + pulled).sorted()
    }

    /// Whether a path is a folder that holds a model, as far as names tell; a pulled one stays one when files are lost.
    static func isModel(_ path: String) -> Bool {
        func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
        let isPulled = has(".") && FileManager.default.fileExists(atPath: PullRecord.path(of: path))
        return isPulled || has(configurationName) && (has(weightsName) || has(indexName))
    }
}
