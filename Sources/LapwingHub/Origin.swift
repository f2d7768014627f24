import LapwingModel

/// A model that another one was made from.
package struct Origin: Hashable, Sendable, Codable {
    package enum Relation: String, Hashable, Sendable, Codable {
        case fineTune = "fine-tune"
        case quantised
        case adapter
        case merge
    }

    package var relation: Relation
    /// `owner/name` on the hub where it is known, else a name.
    package var model: String
}

extension Origin: CustomStringConvertible {
    package var description: String {
        switch relation {
        case .fineTune: "fine-tune of \(model)"
        case .quantised: "quantised from \(model)"
        case .adapter: "adapter of \(model)"
        case .merge: "merge of \(model)"
        }
    }
}

extension [Origin] {
    /// What a card says; `unsaid` is the relation where it leaves that open.
    init(_ card: ModelCard, unsaid: Origin.Relation) {
        let relation: Origin.Relation =
            switch card.relation {
            case "finetune": .fineTune
            case "quantized": .quantised
            case "adapter": .adapter
            case "merge": .merge
            default: card.baseModels.count > 1 ? .merge : unsaid
            }
        self = card.baseModels.map { Origin(relation: relation, model: $0) }
    }

    /// What GGUF metadata says (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, "Source metadata").
    init(_ file: GGUFFile) {
        func text(_ key: String) -> String? { (try? file.string(key)).flatMap { $0.isEmpty ? nil : $0 } }
        // Models are merged from a handful; a count beyond that is a file's mischief.
        let count = Swift.min((try? file.uint32("general.base_model.count")) ?? 0, 16)
        let bases = (0..<count).compactMap { index in
            let key = "general.base_model.\(index)"
            let name = [text("\(key).organization"), text("\(key).name")].compactMap(\.self).joined(separator: "/")
            return text("\(key).repo_url").map(Self.repository) ?? (name.isEmpty ? nil : name)
        }
        self = bases.map { Origin(relation: bases.count > 1 ? .merge : .fineTune, model: $0) }
        let sources = ["general.source.huggingface.repository", "general.source.repo_url", "general.source.url"]
        if let source = sources.lazy.compactMap(text).first {
            append(Origin(relation: .quantised, model: Self.repository(source)))
        }
    }

    /// `owner/name` of an address on the hub; any other as it is.
    private static func repository(_ address: String) -> String {
        String(address.wholeMatch(of: /https?:\/\/(?:www\.)?huggingface\.co\/([^\/]+\/[^\/?#]+).*/)?.1 ?? address[...])
    }
}
