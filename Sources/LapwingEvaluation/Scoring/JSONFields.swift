import LapwingAPI

/// Compares the JSON object of an answer with the one that was wanted, field by field.
enum JSONFields {
    /// The harmonic mean of precision and recall over leaves; text is compared without the spaces around it and without
    /// regard to case; an empty object or list is a leaf. 0 where the answer holds no object.
    static func f1(answer: String, target: String) -> Double {
        guard let wanted = object(in: target), let found = object(in: answer) else { return 0 }
        let (a, b) = (leaves(of: found), leaves(of: wanted))
        if a.isEmpty && b.isEmpty { return 1 }
        let common = a.intersection(b).count
        return common == 0 ? 0 : 2 * Double(common) / Double(a.count + b.count)
    }

    /// From the first opening brace to the last closing one, whatever is written around it.
    private static func object(in text: String) -> JSONValue? {
        guard let open = text.utf8.firstIndex(of: UInt8(ascii: "{")),
            let close = text.utf8.lastIndex(of: UInt8(ascii: "}")),
            open < close, let value = try? JSONParser.parse(Array(text.utf8[open...close]), maxDepth: 32)
        else { return nil }
        return value
    }

    private struct Leaf: Hashable {
        var path: String
        var value: String
    }

    private static func leaves(of value: JSONValue, path: String = "") -> Set<Leaf> {
        switch value {
        case .object(let members) where !members.isEmpty:
            members.reduce(into: []) { $0.formUnion(leaves(of: $1.value, path: path + "/" + $1.key)) }
        case .array(let elements) where !elements.isEmpty:
            elements.enumerated().reduce(into: []) {
                $0.formUnion(leaves(of: $1.element, path: path + "/\($1.offset)"))
            }
        default: [Leaf(path: path, value: leafText(value))]
        }
    }

    /// With its kind, so that the word `true` is not the value.
    private static func leafText(_ value: JSONValue) -> String {
        switch value {
        case .object: "{}"
        case .array: "[]"
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        // 5 and 5.0 are one number.
        case .number(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        case .string(let text): "\"" + text.trimming(while: \.isWhitespace).lowercased()
        }
    }
}
