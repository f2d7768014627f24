/// `tojson` as Hugging Face sets it: Python's `json.dumps` with `ensure_ascii=False`, and nothing escaped for HTML.
extension TemplateInterpreter {
    func json(_ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> String {
        var writer = JSONText(interpreter: self)
        if let width = arguments.value(1, "indent") ?? arguments.value(0, "indent") {
            switch width {
            case .none: break
            case .string(let text): writer.indentation = text
            default:
                guard let count = width.integer, count <= 64 else { throw failure("'tojson' takes a small indent") }
                writer.indentation = String(repeating: " ", count: max(count, 0))
            }
        }
        for (name, value) in arguments.named {
            switch name {
            case "indent": break
            case "sort_keys": writer.sortsKeys = value.isTrue
            case "ensure_ascii": writer.escapesNonASCII = value.isTrue
            case "separators":
                guard case .list(let list) = value, list.items.count == 2 else {
                    throw failure("'tojson' takes two separators")
                }
                writer.separators = (try text(of: list.items[0]), try text(of: list.items[1]))
            default: throw unsupported("the argument '\(name)' of 'tojson'")
            }
        }
        try writer.write(value, level: 0)
        return writer.text
    }
}

private struct JSONText {
    let interpreter: TemplateInterpreter
    var text = ""
    var indentation: String?
    var sortsKeys = false
    var escapesNonASCII = false
    var separators: (item: String, key: String)?

    init(interpreter: TemplateInterpreter) { self.interpreter = interpreter }

    mutating func write(_ value: TemplateValue, level: Int) throws(TextError) {
        try interpreter.charge(1)
        try interpreter.bound(text)
        switch value {
        case .none: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .int(let value): text += String(value)
        case .double(let value): text += jsonNumber(value)
        case .string(let string): try write(string)
        case .list(let list):
            try writeRow("[", "]", list.items, level: level) { writer, item throws(TextError) in
                try writer.write(item, level: level + 1)
            }
        case .dict(let dict): try write(dict, level: level)
        case .undefined, .namespace, .loop, .function:
            throw interpreter.failure("a value of type '\(value.typeName)' has no JSON")
        }
    }

    private mutating func write(_ dict: TemplateDict, level: Int) throws(TextError) {
        var pairs: [(key: String, value: TemplateValue)] = []
        for pair in dict.pairs { pairs.append((try name(of: pair.key), pair.value)) }
        if sortsKeys { pairs.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) } }
        try writeRow("{", "}", pairs, level: level) { writer, pair throws(TextError) in
            try writer.write(pair.key)
            writer.text += writer.separators?.key ?? ": "
            try writer.write(pair.value, level: level + 1)
        }
    }

    private mutating func writeRow<Item>(
        _ opener: String, _ closer: String, _ items: [Item], level: Int,
        _ write: (inout JSONText, Item) throws(TextError) -> Void
    ) throws(TextError) {
        text += opener
        for (index, item) in items.enumerated() {
            if index > 0 { text += separators?.item ?? (indentation == nil ? ", " : ",") }
            try addLine(level + 1)
            try write(&self, item)
        }
        if !items.isEmpty { try addLine(level) }
        text += closer
    }

    private mutating func addLine(_ level: Int) throws(TextError) {
        guard let indentation else { return }
        try interpreter.charge(byteCount: indentation.utf8.count * level)
        text += "\n" + String(repeating: indentation, count: level)
    }

    private func name(of key: TemplateValue) throws(TextError) -> String {
        switch key {
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .double(let value): return jsonNumber(value)
        default: return try interpreter.text(of: key)
        }
    }

    private func jsonNumber(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value.pythonLiteral
    }

    private mutating func write(_ string: String) throws(TextError) {
        try interpreter.charge(byteCount: string.utf8.count)
        var view = String.UnicodeScalarView()
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\": view.append(contentsOf: ["\\", scalar])
            case "\n": view.append(contentsOf: "\\n".unicodeScalars)
            case "\r": view.append(contentsOf: "\\r".unicodeScalars)
            case "\t": view.append(contentsOf: "\\t".unicodeScalars)
            case "\u{8}": view.append(contentsOf: "\\b".unicodeScalars)
            case "\u{C}": view.append(contentsOf: "\\f".unicodeScalars)
            case _ where scalar.value < 0x20 || (escapesNonASCII && scalar.value > 0x7E):
                for unit in String(scalar).utf16 {
                    let escape =
                        "\\u" + (Unicode.Scalar(UInt32(unit))?.hexadecimal(width: 4) ?? String(unit, radix: 16))
                    view.append(contentsOf: escape.unicodeScalars)
                }
            default: view.append(scalar)
            }
        }
        text += "\"\(String(view))\""
    }
}
