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

    private func kind() throws(WeightsError) -> Kind? {
        let name = "1_Pooling/config.json"
        guard FileManager.default.fileExists(atPath: "\(folder)/\(name)") else { return nil }
        let members = try JSONNode.read(path: "\(folder)/\(name)", limit: Self.byteCountLimit)
        func has(_ mode: String) -> Bool { members["pooling_mode_\(mode)"] == .bool(true) }
        // Vectors of several kinds end to end are another model's.
        switch (has("mean_tokens"), has("cls_token"), has("lasttoken")) {
        case (true, false, false): return .mean
        case (false, true, false): return .cls
        case (false, false, true): return .last
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
