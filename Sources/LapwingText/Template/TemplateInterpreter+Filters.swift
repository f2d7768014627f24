/// `value | filter(arguments)`.
extension TemplateInterpreter {
    func apply(_ filter: TemplateStatement.FilterCall, to value: TemplateValue) throws(TextError) -> TemplateValue {
        try apply(filter.name, to: value, try evaluate(filter.arguments))
    }

    private func apply(
        _ name: String, to value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        // `map` applies filters by name, `map` among them.
        try enter()
        defer { leave() }
        switch name {
        case "default", "d":
            let isReplaced: Bool
            if case .undefined = value {
                isReplaced = true
            } else {
                isReplaced = arguments.value(1, "boolean")?.isTrue == true && !value.isTrue
            }
            return isReplaced ? arguments.value(0, "default_value") ?? .string("") : value
        case "trim", "upper", "lower", "capitalize", "title", "replace", "indent", "string", "safe", "wordcount":
            if name == "indent", case .string = value {
            } else if name == "indent" {
                throw failure("'indent' takes a string, not '\(value.typeName)'")
            }
            let text = try text(of: value)
            try charge(byteCount: text.utf8.count)
            return try apply(name, toText: text, arguments)
        case "tojson": return .string(try json(value, arguments))
        case "int", "float", "abs", "round": return try number(name, value, arguments)
        case "length", "count": return .int(try length(of: value))
        default: return try bounded(try apply(name, toItems: value, arguments))
        }
    }

    private func apply(
        _ name: String, toText text: String, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        switch name {
        case "trim": return .string(text.stripped(try optionalText(arguments.value(0, "chars"), name)))
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "capitalize": return .string(text.capitalizedFirst)
        case "title": return .string(text.titledWords)
        case "replace":
            let old = try self.text(of: arguments.value(0, "old") ?? .string(""))
            let new = try self.text(of: arguments.value(1, "new") ?? .string(""))
            let limit = arguments.value(2, "count")?.integer ?? -1
            return .string(try replaced(text, old, new, limit: limit < 0 ? .max : limit))
        case "indent": return .string(try indented(text, arguments))
        case "wordcount":
            return .int(
                text.unicodeScalars.split { !$0.properties.isAlphabetic && $0.properties.numericType == nil }.count)
        default: return .string(text)
        }
    }

    private func apply(
        _ name: String, toItems value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        switch name {
        case "list": return .list(try counted(try sequence(value)))
        case "first": return try sequence(value).first ?? .undefined(hint: "there is no first item")
        case "last": return try sequence(value).last ?? .undefined(hint: "there is no last item")
        case "items": return try items(of: value)
        case "join": return try join(value, arguments)
        case "reverse":
            if case .string(let text) = value { return .string(String(scalars: text.unicodeScalars.reversed())) }
            return .list(try counted(try sequence(value)).reversed())
        case "map": return .list(try mapped(value, arguments))
        case "select", "reject", "selectattr", "rejectattr": return .list(try selected(name, value, arguments))
        case "sort", "unique", "min", "max", "sum": return try ordered(name, value, arguments)
        case "dictsort": return try ordered("sort", try items(of: value), Arguments())
        default: throw unsupported("the filter '\(name)'")
        }
    }

    private func counted(_ items: [TemplateValue]) throws(TextError) -> [TemplateValue] {
        try charge(items.count)
        return items
    }

    private func length(of value: TemplateValue) throws(TextError) -> Int {
        switch value {
        case .undefined: return 0
        case .string(let text):
            try charge(byteCount: text.utf8.count)
            return text.unicodeScalars.count
        case .list(let list): return list.items.count
        case .dict(let dict): return dict.pairs.count
        default: throw failure("a value of type '\(value.typeName)' has no length")
        }
    }

    private func items(of value: TemplateValue) throws(TextError) -> TemplateValue {
        switch value {
        case .undefined: return .list([])
        case .dict(let dict): return .list(try counted(dict.pairs.map { .tuple([$0.key, $0.value]) }))
        default: throw failure("'items' takes a dict, not '\(value.typeName)'")
        }
    }

    private func join(_ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> TemplateValue {
        var items = try sequence(value)
        if let path = arguments.value(1, "attribute") {
            for index in items.indices { items[index] = try part(path, of: items[index]) }
        }
        return .string(try joined(items, separator: try text(of: arguments.value(0, "d") ?? .string(""))))
    }

    /// What `map`, `select` and their like go over: nothing, for any value that is not true.
    private func itemsToFilter(_ value: TemplateValue) throws(TextError) -> [TemplateValue] {
        value.isTrue ? try sequence(value) : []
    }

    private func mapped(_ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> [TemplateValue] {
        var result: [TemplateValue] = []
        let path = arguments.named.first { $0.name == "attribute" }?.value
        let fallback = arguments.named.first { $0.name == "default" }?.value
        var rest = arguments
        let filter = path == nil ? try argument(arguments, 0, "filter", "map") : ""
        if path == nil { rest.positional.removeFirst() }
        for item in try itemsToFilter(value) {
            try charge(1)
            guard let path else {
                result.append(try apply(filter, to: item, rest))
                continue
            }
            let found = try part(path, of: item)
            if case .undefined = found { result.append(fallback ?? found) } else { result.append(found) }
        }
        return result
    }

    private func selected(
        _ name: String, _ value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> [TemplateValue] {
        let byAttribute = name.hasSuffix("attr")
        var rest = arguments
        var path: TemplateValue?
        if byAttribute {
            guard !rest.positional.isEmpty else { throw failure("'\(name)' takes an attribute's name") }
            path = rest.positional.removeFirst()
        }
        var test: String?
        if !rest.positional.isEmpty {
            test = try argument(rest, 0, "test", name)
            rest.positional.removeFirst()
        }
        var kept: [TemplateValue] = []
        for item in try itemsToFilter(value) {
            try charge(1)
            let subject = try path.map { path throws(TextError) in try part(path, of: item) } ?? item
            let holds =
                try test.map { test throws(TextError) in try self.test(subject, is: test, rest) } ?? subject.isTrue
            if holds == name.hasPrefix("select") { kept.append(item) }
        }
        return kept
    }

    /// `attribute='a.b.0'`: a path of items.
    func part(_ path: TemplateValue, of value: TemplateValue) throws(TextError) -> TemplateValue {
        if path.integer != nil { return try item(path, of: value) }
        guard case .string(let names) = path else { throw failure("an attribute's name must be a string") }
        var value = value
        for name in names.split(scalars: ".") {
            value = try item(Int(name).map { .int($0) } ?? .string(name), of: value)
        }
        return value
    }

    private func indented(_ text: String, _ arguments: Arguments) throws(TextError) -> String {
        let indentation: String
        switch arguments.value(0, "width") {
        case nil: indentation = "    "
        case .string(let given)?: indentation = given
        case let width?:
            guard let count = width.integer else { throw failure("'indent' takes a width") }
            try charge(byteCount: max(count, 0))
            indentation = String(repeating: " ", count: max(count, 0))
        }
        let indentsFirst = arguments.value(1, "first")?.isTrue == true
        let indentsBlank = arguments.value(2, "blank")?.isTrue == true
        var lines = text.split(scalars: "\n")
        let (added, overflow) = lines.count.multipliedReportingOverflow(by: indentation.utf8.count)
        try charge(byteCount: overflow ? .max : added)
        for index in lines.indices where index > 0 || indentsFirst {
            if indentsBlank || index == 0 || !lines[index].utf8.isEmpty { lines[index] = indentation + lines[index] }
        }
        return lines.joined(separator: "\n")
    }
}

extension String {
    /// The filter `title`: each word after a blank, a hyphen or an opening bracket, its first scalar in capitals.
    fileprivate var titledWords: String {
        var result = ""
        var startsWord = true
        for scalar in unicodeScalars {
            result += startsWord ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
            startsWord = scalar.isPythonSpace || "-([{<".unicodeScalars.contains(scalar)
        }
        return result
    }
}
