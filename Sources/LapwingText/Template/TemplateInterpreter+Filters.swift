/// `value | filter(arguments)`.
extension TemplateInterpreter {
    func apply(_ call: TemplateStatement.FilterCall, to value: TemplateValue) throws(TextError) -> TemplateValue {
        try apply(call.filter, to: value, try evaluate(call.arguments))
    }

    private func apply(
        _ filter: TemplateFilter, to value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        // `map` applies filters by name, `map` among them.
        try enter()
        defer { leave() }
        switch filter {
        case .default, .d:
            let isReplaced: Bool
            if case .undefined = value {
                isReplaced = true
            } else {
                isReplaced = arguments.value(1, "boolean")?.isTrue == true && !value.isTrue
            }
            return isReplaced ? arguments.value(0, "default_value") ?? .string("") : value
        case .trim, .upper, .lower, .capitalize, .title, .replace, .indent, .string, .safe, .wordcount:
            if filter == .indent, case .string = value {
            } else if filter == .indent {
                throw failure("'indent' takes a string, not '\(value.typeName)'")
            }
            let text = try text(of: value)
            try charge(byteCount: text.utf8.count)
            return try apply(filter, toText: text, arguments)
        case .tojson: return .string(try json(value, arguments))
        case .int, .float, .abs, .round: return try number(filter, value, arguments)
        case .length, .count: return .int(try length(of: value))
        case .list, .first, .last, .items, .join, .reverse, .map, .select, .reject, .selectattr, .rejectattr, .sort,
            .unique, .min, .max, .sum, .dictsort:
            return try bounded(try apply(filter, toItems: value, arguments))
        }
    }

    private func apply(
        _ filter: TemplateFilter, toText text: String, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        switch filter {
        case .trim: return .string(try stripped(text, arguments, filter.rawValue))
        case .upper: return .string(text.uppercased())
        case .lower: return .string(text.lowercased())
        case .capitalize: return .string(text.capitalizedFirst)
        case .title: return .string(text.titledWords)
        case .replace:
            let old = try self.text(of: arguments.value(0, "old") ?? .string(""))
            let new = try self.text(of: arguments.value(1, "new") ?? .string(""))
            let limit = arguments.value(2, "count")?.integer ?? -1
            return .string(try replaced(text, old, new, limit: limit < 0 ? .max : limit))
        case .indent: return .string(try indented(text, arguments))
        case .wordcount: return .int(text.wordCount)
        default: return .string(text)
        }
    }

    private func apply(
        _ filter: TemplateFilter, toItems value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        switch filter {
        case .first: return try sequence(value).items.first ?? .undefined(hint: "there is no first item")
        case .last: return try sequence(value).items.last ?? .undefined(hint: "there is no last item")
        case .items: return try items(of: value)
        case .join: return try join(value, arguments)
        case .reverse:
            if case .string(let text) = value {
                try charge(byteCount: text.utf8.count)
                return .string(String(scalars: text.unicodeScalars.reversed()))
            }
            return .list(try counted(value).reversed())
        case .map: return .list(try mapped(value, arguments))
        case .select, .reject, .selectattr, .rejectattr: return .list(try selected(filter, value, arguments))
        case .sort, .unique, .min, .max, .sum: return try ordered(filter, value, arguments)
        case .dictsort: return try ordered(.sort, try items(of: value), Arguments())
        default: return .list(try counted(value))
        }
    }

    /// The items, with the work of going over them.
    private func counted(_ value: TemplateValue) throws(TextError) -> [TemplateValue] {
        let items = try sequence(value).items
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
        case .dict(let dict):
            try charge(dict.pairs.count)
            return .list(dict.pairs.map { .tuple([$0.key, $0.value]) })
        default: throw failure("'items' takes a dict, not '\(value.typeName)'")
        }
    }

    private func join(_ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> TemplateValue {
        var items = try counted(value)
        if let path = arguments.value(1, "attribute") {
            for index in items.indices { items[index] = try part(path, of: items[index]) }
        }
        return .string(try joined(items, separator: try text(of: arguments.value(0, "d") ?? .string(""))))
    }

    /// What `map`, `select` and their like go over: nothing, for any value that is not true.
    private func itemsToFilter(_ value: TemplateValue) throws(TextError) -> [TemplateValue] {
        value.isTrue ? try sequence(value).items : []
    }

    private func mapped(_ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> [TemplateValue] {
        var result: [TemplateValue] = []
        let path = arguments.named.first { $0.name == "attribute" }?.value
        let fallback = arguments.named.first { $0.name == "default" }?.value
        var rest = arguments
        let name = path == nil ? try argument(arguments, 0, "filter", "map") : ""
        if path == nil { rest.positional.removeFirst() }
        for item in try itemsToFilter(value) {
            try charge(1)
            guard let path else {
                guard let filter = TemplateFilter(rawValue: name) else { throw unsupported("the filter '\(name)'") }
                result.append(try apply(filter, to: item, rest))
                continue
            }
            let found = try part(path, of: item)
            if case .undefined = found { result.append(fallback ?? found) } else { result.append(found) }
        }
        return result
    }

    private func selected(
        _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> [TemplateValue] {
        let byAttribute = filter == .selectattr || filter == .rejectattr
        var rest = arguments
        var path: TemplateValue?
        if byAttribute {
            guard !rest.positional.isEmpty else { throw failure("'\(filter.rawValue)' takes an attribute's name") }
            path = rest.positional.removeFirst()
        }
        var test: TemplateTest?
        if !rest.positional.isEmpty {
            let name = try argument(rest, 0, "test", filter.rawValue)
            test = TemplateTest(rawValue: name)
            if test == nil { throw unsupported("the test '\(name)'") }
            rest.positional.removeFirst()
        }
        var kept: [TemplateValue] = []
        for item in try itemsToFilter(value) {
            try charge(1)
            let subject = try path.map { path throws(TextError) in try part(path, of: item) } ?? item
            let holds =
                try test.map { test throws(TextError) in try self.test(subject, is: test, rest) } ?? subject.isTrue
            if holds == (filter == .select || filter == .selectattr) { kept.append(item) }
        }
        return kept
    }

    /// `attribute='a.b.0'`: a path of items.
    func part(_ path: TemplateValue, of value: TemplateValue) throws(TextError) -> TemplateValue {
        if path.integer != nil { return try item(path, of: value) }
        guard case .string(let names) = path else { throw failure("an attribute's name must be a string") }
        var value = value
        for name in try split(names, at: ".") {
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
        var lines = try split(text, at: "\n")
        let (added, overflow) = lines.count.multipliedReportingOverflow(by: indentation.utf8.count)
        try charge(byteCount: overflow ? .max : added)
        for index in lines.indices where index > 0 || indentsFirst {
            if indentsBlank || index == 0 || !lines[index].utf8.isEmpty { lines[index] = indentation + lines[index] }
        }
        return lines.joined(separator: "\n")
    }
}

extension String {
    /// The filter `wordcount`: runs of letters and numbers.
    fileprivate var wordCount: Int {
        var count = 0
        var isInWord = false
        for scalar in unicodeScalars {
            let isOfWord = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            if isOfWord, !isInWord { count += 1 }
            isInWord = isOfWord
        }
        return count
    }

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
