import Yams

/// One key of a mapping with its value and where it stands.
struct Field {
    /// Dotted path from the file's root.
    var path: String
    var line: Int?
    var node: Node
}

/// Reads typed values out of YAML nodes, and collects all that does not fit instead of stopping at the first.
struct NodeReader {
    let environment: [String: String]
    private(set) var findings: [Finding] = []
    private(set) var warnings: [Finding] = []
    /// Variables that the model being read names and that are not set; nil outside of a model, where they are refused.
    var unset: [String]?
    /// Names under `models`, those that are refused for something else included.
    var declaredModels: [String] = []
    /// What models fall back to, by model: other models, which may stand after them in the file.
    var fallbacks: [String: [Field]] = [:]

    init(environment: [String: String]) { self.environment = environment }

    mutating func refuse(_ field: Field, found: String, expected: String) {
        findings.append(
            Finding(line: field.line, key: field.path, message: "found \(found), expected \(expected)"))
    }

    mutating func warn(_ field: Field, _ message: String) {
        warnings.append(Finding(line: field.line, key: field.path, message: message))
    }

    /// The fields of a mapping by key, in the file's order. With `known`, any other key is refused.
    mutating func fields(of field: Field, known: [String]? = nil) -> [(key: String, field: Field)]? {
        guard case .mapping(let mapping) = field.node else {
            refuse(field, found: Self.describe(field.node), expected: "a mapping (key: value)")
            return nil
        }
        var result: [(String, Field)] = []
        for (keyNode, value) in mapping {
            let line = keyNode.mark?.line
            guard case .scalar(let scalar) = keyNode, !scalar.string.isEmpty else {
                refuse(
                    Field(path: field.path, line: line, node: keyNode),
                    found: "\(Self.describe(keyNode)) as a key", expected: "a name")
                continue
            }
            let key = scalar.string
            let child = Field(path: field.path.isEmpty ? key : "\(field.path).\(key)", line: line, node: value)
            if let known, !known.contains(key) {
                let hint = suggestion(for: key, among: known)
                refuse(
                    child, found: "an unknown key\(hint)", expected: "one of \(known.joined(separator: ", "))")
                continue
            }
            result.append((key, child))
        }
        return result
    }

    mutating func elements(of field: Field, expected: String) -> [Field]? {
        guard case .sequence(let sequence) = field.node else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        return sequence.enumerated().map { index, node in
            Field(path: "\(field.path)[\(index)]", line: node.mark?.line ?? field.line, node: node)
        }
    }

    /// A string that is not empty, with its variables replaced. nil where it is refused, or where a model's variable is
    /// not set, which `unset` then names.
    mutating func string(_ field: Field, expected: String = "a string", isSecret: Bool = false) -> String? {
        guard case .scalar(let scalar) = field.node, scalar.style != .plain || Self.kind(of: scalar) == .string else {
            let found = isSecret ? "something else" : Self.describe(field.node)
            refuse(field, found: found, expected: "\(expected) (put it in quotes if it is one)")
            return nil
        }
        guard !scalar.string.isEmpty else {
            refuse(field, found: "an empty string", expected: expected)
            return nil
        }
        switch Expansion(scalar.string, environment: environment) {
        case .text(let text): return text
        case .unset(let names):
            if let known = unset {
                unset = known + names.filter { !known.contains($0) }
            } else {
                let found = names.map { "${\($0)}" }.joined(separator: ", ")
                refuse(field, found: "\(found), which is not set", expected: "\(expected), or a variable that is set")
            }
            return nil
        case .malformed(let text):
            refuse(field, found: isSecret ? "a '${'" : "'\(text)'", expected: "a variable as ${NAME}")
            return nil
        }
    }

    mutating func integer(_ field: Field, in range: ClosedRange<Int>, _ what: String) -> Int? {
        let expected = "\(what) from \(range.lowerBound) to \(range.upperBound)"
        guard let text = number(field, expected: expected) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            refuse(field, found: text, expected: expected)
            return nil
        }
        return value
    }

    mutating func boolean(_ field: Field) -> Bool? {
        guard case .scalar(let scalar) = field.node, scalar.style == .plain, Self.kind(of: scalar) == .boolean else {
            refuse(field, found: Self.describe(field.node), expected: "true or false")
            return nil
        }
        return scalar.string.lowercased() == "true"
    }

    mutating func fraction(_ field: Field) -> Double? {
        let expected = "a number from 0 to 1"
        guard let text = number(field, expected: expected) else { return nil }
        guard let value = Double(text), (0...1).contains(value) else {
            refuse(field, found: text, expected: expected)
            return nil
        }
        return value
    }

    /// A plain number as it is written, so that money is never rounded on its way.
    mutating func number(_ field: Field, expected: String) -> String? {
        guard case .scalar(let scalar) = field.node, scalar.style == .plain, Self.kind(of: scalar) == .number else {
            refuse(field, found: Self.describe(field.node), expected: expected)
            return nil
        }
        return scalar.string
    }

    mutating func choice<Value: RawRepresentable & CaseIterable>(_ field: Field) -> Value?
    where Value.RawValue == String {
        let names = Value.allCases.map(\.rawValue)
        let expected = "one of \(names.joined(separator: ", "))"
        guard let text = string(field, expected: expected) else { return nil }
        guard let value = Value(rawValue: text) else {
            let hint = suggestion(for: text, among: names)
            refuse(field, found: "'\(text)'\(hint)", expected: expected)
            return nil
        }
        return value
    }
}

extension NodeReader {
    enum ScalarKind { case string, number, boolean, null }

    /// What a plain scalar is in YAML 1.2's core schema, which has none of YAML 1.1's surprises: `no` and `1:30` are strings.
    static func kind(of scalar: Node.Scalar) -> ScalarKind {
        let text = scalar.string
        if ["", "~", "null", "Null", "NULL"].contains(text) { return .null }
        if ["true", "True", "TRUE", "false", "False", "FALSE"].contains(text) { return .boolean }
        return isNumber(text) ? .number : .string
    }

    private static func isNumber(_ text: String) -> Bool {
        guard let last = text.utf8.last, (48...57).contains(last) || last == UInt8(ascii: ".") else { return false }
        return text.utf8.contains(where: { (48...57).contains($0) }) && Double(text) != nil
            && text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
    }

    /// What a node is, in words. Shows at most 40 characters of it, and of a string with variables only what stands in the file.
    static func describe(_ node: Node) -> String {
        switch node {
        case .mapping: return "a mapping"
        case .sequence: return "a list"
        case .alias: return "an alias"
        case .scalar(let scalar):
            let text = scalar.string.count > 40 ? "\(scalar.string.prefix(40))…" : scalar.string
            guard scalar.style == .plain else { return "the string '\(text)'" }
            switch kind(of: scalar) {
            case .string: return "'\(text)'"
            case .number: return "the number \(text)"
            case .boolean: return text
            case .null: return "nothing"
            }
        }
    }

    /// Whether `node` holds at most `limit` values once aliases are followed; stops counting there.
    static func isSmall(_ node: Node, limit: Int) -> Bool {
        var left = limit
        return take(node, &left)
    }

    private static func take(_ node: Node, _ left: inout Int) -> Bool {
        left -= 1
        guard left >= 0 else { return false }
        switch node {
        case .mapping(let mapping): return mapping.allSatisfy { take($0.key, &left) && take($0.value, &left) }
        case .sequence(let sequence): return sequence.allSatisfy { take($0, &left) }
        case .scalar, .alias: return true
        }
    }
}
