import Foundation

/// How an encoder's rows become one vector: by `modules.json` and what it names, as sentence-transformers writes them.
struct HuggingFacePooling {
    private let folder: String
    private static let byteCountLimit = 1 << 20

    init(folder: String) { self.folder = folder }

    /// GGUF's numbers for the kinds.
    private enum Kind: Int { case mean = 1, cls, last, rank }

    func add(to model: inout HuggingFaceDescription) throws(WeightsError) {
        let isClassifier = model.config.className?.hasSuffix("ForSequenceClassification") ?? false
        if let kind = isClassifier ? .rank : try kind() { model.set("pooling_type", kind.rawValue) }
    }

    /// Throws where the model goes through more than what is done here, such as a dense layer after the pooling.
    private func checkModules() throws(WeightsError) {
        let name = "modules.json"
        guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else { return }
        func unfit(_ found: String, _ expected: String) -> WeightsError {
            .inFile(name: name, .unfitHyperparameter(key: "type", offset: nil, found: found, expected: expected))
        }
        let modules = try JSONNode(path: "\(folder)/\(name)", limit: Self.byteCountLimit)
        guard case .array(let elements) = modules else { throw unfit(modules.description, "an array of modules") }
        let known = ["Transformer", "Pooling", "Normalize"]
        for element in elements {
            guard case .object(let members) = element, case .string(let type) = members["type"],
                known.contains(where: { type.hasSuffix(".\($0)") })
            else {
                var found = element.description
                if case .object(let members) = element { found = members["type"]?.description ?? "none" }
                throw unfit(found, known.joined(separator: ", "))
            }
        }
    }

    private func kind() throws(WeightsError) -> Kind? {
        try checkModules()
        let name = "1_Pooling/config.json"
        guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else { return nil }
        let members = try JSONNode.read(path: "\(folder)/\(name)", limit: Self.byteCountLimit)
        // Vectors of several kinds end to end are another model's.
        switch members.filter({ $0.key.hasPrefix("pooling_mode_") && $0.value == .bool(true) }).keys.sorted() {
        case ["pooling_mode_mean_tokens"]: return .mean
        case ["pooling_mode_cls_token"]: return .cls
        case ["pooling_mode_lasttoken"]: return .last
        default:
            throw .inFile(
                name: name,
                .unfitHyperparameter(
                    key: "pooling_mode", offset: nil,
                    found: "\(members.filter { $0.value == .bool(true) }.keys.sorted())",
                    expected: "one of mean_tokens, cls_token and lasttoken"))
        }
    }
}
