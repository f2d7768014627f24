/// What `config.json` says, by its own names, each value checked when it is asked for. A value that is null is absent.
struct HuggingFaceConfiguration: Sendable {
    /// The decoder's part: a file of a model that also sees pictures has it under `text_config`.
    private let members: [String: JSONNode]
    let modelType: String
    /// The name of the class that saved it, such as `LlamaForCausalLM`.
    let className: String?

    static let fileName = "config.json"
    private static let byteCountLimit = 4 << 20

    init(folder: String) throws(WeightsError) {
        let members = try JSONNode.read(path: "\(folder)/\(Self.fileName)", limit: Self.byteCountLimit)
        do { try self.init(members) } catch { throw .inFile(name: Self.fileName, error) }
    }

    init(_ all: [String: JSONNode]) throws(WeightsError) {
        guard case .string(let modelType) = all["model_type"] else {
            throw Self.unfit("model_type", all["model_type"], "a name")
        }
        self.modelType = modelType
        if case .array(let names) = all["architectures"], case .string(let name) = names.first {
            className = name
        } else {
            className = nil
        }
        guard case .object(let part) = all["text_config"] else {
            members = all
            return
        }
        // What holds for the whole stands outside of the part.
        members = part.merging(all.filter { $0.key == "quantization_config" }) { $1 }
    }

    func has(_ name: String) -> Bool { node(name) != nil }

    func node(_ name: String) -> JSONNode? {
        guard let node = members[name], node != .null else { return nil }
        return node
    }

    /// A whole number that GGUF's keys can hold.
    func integer(_ name: String, default: Int? = nil) throws(WeightsError) -> Int {
        try Self.integer(name, node(name), default: `default`)
    }

    func number(_ name: String, default: Double? = nil) throws(WeightsError) -> Double {
        try Self.number(name, node(name), default: `default`)
    }

    func flag(_ name: String, default: Bool) throws(WeightsError) -> Bool {
        switch node(name) {
        case nil: return `default`
        case .bool(let flag): return flag
        case let other: throw Self.unfit(name, other, "true or false")
        }
    }

    func string(_ name: String) throws(WeightsError) -> String? {
        switch node(name) {
        case nil: return nil
        case .string(let text): return text
        case let other: throw Self.unfit(name, other, "text")
        }
    }

    /// Throws unless the value is absent or this one: another would need a forward pass that we lack.
    func expect(_ name: String, _ expected: JSONNode) throws(WeightsError) {
        if let found = node(name), found != expected { throw Self.unfit(name, found, "\(expected)") }
    }

    static func integer(_ name: String, _ node: JSONNode?, default: Int?) throws(WeightsError) -> Int {
        switch node {
        case nil, .null:
            guard let `default` else { throw .missingKey(name) }
            return `default`
        case .integer(let number) where UInt32(exactly: number) != nil: return number
        case let other: throw unfit(name, other, "a whole number from 0 to 2^32 - 1")
        }
    }

    static func number(_ name: String, _ node: JSONNode?, default: Double?) throws(WeightsError) -> Double {
        switch node {
        case nil, .null:
            guard let `default` else { throw .missingKey(name) }
            return `default`
        case .integer(let number): return Double(number)
        case .number(let number) where Float(number).isFinite: return number
        case let other: throw unfit(name, other, "a number")
        }
    }

    static func unfit(_ name: String, _ found: JSONNode?, _ expected: String) -> WeightsError {
        .unfitHyperparameter(key: name, offset: nil, found: found?.description ?? "missing", expected: expected)
    }
}
