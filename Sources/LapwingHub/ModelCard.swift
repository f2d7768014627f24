import Foundation

/// What a model's page says of where it comes from, under the keys of the hub's model cards
/// (https://huggingface.co/docs/hub/model-cards).
package struct ModelCard: Hashable, Sendable, Codable {
    package var license: String?
    /// As `owner/name`.
    package var baseModels: [String] = []
    /// `finetune`, `quantized`, `adapter` or `merge`; nil where the page leaves it to be guessed.
    package var relation: String?

    private enum CodingKeys: String, CodingKey {
        case license
        case licenseName = "license_name"
        case baseModel = "base_model"
        case relation = "base_model_relation"
    }

    /// Lenient, as people write cards: what has another form is left out.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func list(_ key: CodingKeys) -> [String] {
            let one = (try? values.decode(String.self, forKey: key)).map { [$0] }
            return one ?? (try? values.decode([String].self, forKey: key)) ?? []
        }
        self.init(
            license: list(.license), licenseName: list(.licenseName), baseModels: list(.baseModel),
            relation: list(.relation))
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(license, forKey: .license)
        if !baseModels.isEmpty { try values.encode(baseModels, forKey: .baseModel) }
        try values.encodeIfPresent(relation, forKey: .relation)
    }

    private init(license: [String], licenseName: [String], baseModels: [String], relation: [String]) {
        // `other` stands for a license of the model's own, whose name is beside it.
        self.license = license.first == "other" ? licenseName.first ?? "other" : license.first
        self.baseModels = baseModels
        self.relation = relation.first
    }

    /// Reads the lines between the first two `---` of a README. Of YAML it knows words and lists of words, which is what the
    /// keys read here have; nil where there is no such block.
    package init?(readme text: String) {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        var values: [Substring: [String]] = [:]
        var key: Substring?
        for line in lines[1..<end] {
            let content = line.drop { $0 == " " }
            if let current = key, content.hasPrefix("- ") {
                values[current, default: []] += Self.words(content.dropFirst(2))
            } else if content.startIndex == line.startIndex, let colon = line.firstIndex(of: ":") {
                key = line[..<colon]
                values[line[..<colon]] = Self.words(line[line.index(after: colon)...])
            } else if !content.isEmpty, content.first != "#" {
                key = nil
            }
        }
        self.init(
            license: values["license"] ?? [], licenseName: values["license_name"] ?? [],
            baseModels: values["base_model"] ?? [], relation: values["base_model_relation"] ?? [])
    }

    /// The card in a model's folder.
    init?(folder: String) {
        guard let file = FileHandle(forReadingAtPath: "\(folder)/\(ModelFolder.cardName)"),
            let data = try? file.read(upToCount: 1 << 16)
        else { return nil }
        self.init(readme: String(decoding: data, as: UTF8.self))
    }

    /// `word`, `"word"`, `[a, b]`; without what follows a ` #`.
    private static func words(_ text: Substring) -> [String] {
        let text = (text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text)
            .trimmingCharacters(in: .whitespaces)
        let parts =
            text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast().split(separator: ",") : [text[...]]
        return parts.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"'")) }.filter { !$0.isEmpty }
    }
}
