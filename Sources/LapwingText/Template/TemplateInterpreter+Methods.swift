/// Methods of strings, dicts and lists: those of Python's that read and do not change.
extension TemplateInterpreter {
    private static let stringMethods: Set<String> = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith", "upper", "lower",
        "title",
        "capitalize", "replace", "find", "rfind", "index", "count", "join", "isdigit", "isalpha", "isalnum", "isspace",
        "isupper", "islower", "removeprefix", "removesuffix", "partition", "zfill",
    ]
    private static let dictMethods: Set<String> = ["items", "keys", "values", "get"]
    private static let listMethods: Set<String> = ["index", "count"]

    static func hasMethod(_ name: String, _ owner: TemplateValue) -> Bool {
        switch owner {
        case .string: stringMethods.contains(name)
        case .dict: dictMethods.contains(name)
        case .list: listMethods.contains(name)
        case .loop: name == "cycle"
        default: false
        }
    }

    func callMethod(
        _ name: String, of owner: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        switch owner {
        case .dict(let dict):
            try charge(dict.pairs.count)
            switch name {
            case "items": return .list(dict.pairs.map { .tuple([$0.key, $0.value]) })
            case "keys": return .list(dict.pairs.map(\.key))
            case "values": return .list(dict.pairs.map(\.value))
            default:
                guard let key = arguments.value(0, "key") else { throw failure("'get' takes a key") }
                return try value(of: key, in: dict) ?? arguments.value(1, "default") ?? .none
            }
        case .list(let list):
            guard let value = arguments.value(0, "value") else { throw failure("'\(name)' takes a value") }
            var count = 0
            for (index, item) in list.items.enumerated() where try equal(item, value) {
                if name == "index" { return .int(index) }
                count += 1
            }
            if name == "index" { throw failure("the value is not in the list") }
            return .int(count)
        case .string(let text):
            try charge(byteCount: text.utf8.count)
            return try callMethod(name, of: text, arguments)
        case .loop(let loop):
            guard !arguments.positional.isEmpty else { throw failure("'cycle' takes values") }
            return arguments.positional[loop.index % arguments.positional.count]
        default: throw unsupported("the method '\(name)'")
        }
    }

    private func callMethod(_ name: String, of text: String, _ arguments: Arguments) throws(TextError) -> TemplateValue
    {
        switch name {
        case "strip", "lstrip", "rstrip":
            return .string(try stripped(text, arguments, name, left: name != "rstrip", right: name != "lstrip"))
        case "split", "rsplit": return try split(text, arguments, fromEnd: name == "rsplit")
        case "splitlines":
            try charge(text.unicodeScalars.count(where: \.isPythonLineEnd))
            return .list(text.splitLines().map { .string($0) })
        case "startswith", "endswith":
            for affix in try affixes(arguments, name) {
                let utf8 = affix.utf8
                let matches = name == "startswith" ? text.utf8.starts(with: utf8) : text.hasSuffix(scalars: affix)
                if matches { return .bool(true) }
            }
            return .bool(false)
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "title": return .string(text.titled)
        case "capitalize": return .string(text.capitalizedFirst)
        case "replace":
            let limit = arguments.value(2, "count")?.integer ?? -1
            return .string(
                try replaced(
                    text, try argument(arguments, 0, "old", name), try argument(arguments, 1, "new", name),
                    limit: limit < 0 ? .max : limit))
        case "join":
            guard let items = arguments.value(0, "iterable") else { throw failure("'join' takes a list") }
            return .string(try joined(try sequence(items).items, separator: text))
        case "find", "rfind", "index", "count", "partition":
            return try search(name, text, try argument(arguments, 0, "sub", name))
        case "removeprefix", "removesuffix":
            let affix = try argument(arguments, 0, "affix", name)
            let scalars = text.unicodeScalars
            if name == "removeprefix" {
                guard text.utf8.starts(with: affix.utf8) else { return .string(text) }
                return .string(String(scalars.dropFirst(affix.unicodeScalars.count)))
            }
            guard text.hasSuffix(scalars: affix) else { return .string(text) }
            return .string(String(scalars.dropLast(affix.unicodeScalars.count)))
        case "zfill": return try zeroFilled(text, arguments)
        default: return .bool(text.isEvery(name))
        }
    }

    private func split(_ text: String, _ arguments: Arguments, fromEnd: Bool) throws(TextError) -> TemplateValue {
        let separator = try optionalText(arguments.value(0, "sep"), "split")
        let given = arguments.value(1, "maxsplit")?.integer ?? -1
        let limit = given < 0 ? .max : given
        guard let separator else {
            if fromEnd, limit != .max { throw unsupported("'rsplit' at white space with a limit") }
            try charge(text.unicodeScalars.count(where: \.isPythonSpace))
            return .list(text.splitAtSpaces(limit: limit).map { .string($0) })
        }
        if separator.utf8.isEmpty { throw failure("the separator is empty") }
        return .list(try split(text, at: separator, limit: limit, fromEnd: fromEnd).map { .string($0) })
    }

    private func search(_ name: String, _ text: String, _ part: String) throws(TextError) -> TemplateValue {
        if part.utf8.isEmpty { throw unsupported("'\(name)' of an empty string") }
        if name == "count" { return .int(Occurrences(of: part, in: text).total) }
        let parts = text.split(scalars: part, limit: 1, fromEnd: name == "rfind")
        guard let head = parts.first, let tail = parts.dropFirst().first else {
            switch name {
            case "partition": return .tuple([text, "", ""].map { .string($0) })
            case "index": throw failure("the substring is not there")
            default: return .int(-1)
            }
        }
        if name == "partition" { return .tuple([head, part, tail].map { .string($0) }) }
        return .int(head.unicodeScalars.count)
    }

    private func zeroFilled(_ text: String, _ arguments: Arguments) throws(TextError) -> TemplateValue {
        guard let width = arguments.value(0, "width")?.integer else { throw failure("'zfill' takes a width") }
        try charge(byteCount: max(width, 0))
        let missing = max(0, width - text.unicodeScalars.count)
        let zeros = String(repeating: "0", count: missing)
        guard let first = text.unicodeScalars.first, first == "-" || first == "+" else { return .string(zeros + text) }
        return .string(String(first) + zeros + String(text.unicodeScalars.dropFirst()))
    }

    private func affixes(_ arguments: Arguments, _ name: String) throws(TextError) -> [String] {
        guard case .list(let list)? = arguments.positional.first else {
            return [try argument(arguments, 0, "prefix", name)]
        }
        var affixes: [String] = []
        for item in list.items {
            guard case .string(let affix) = item else { throw failure("'\(name)' takes strings") }
            try charge(1)
            try charge(byteCount: affix.utf8.count)
            affixes.append(affix)
        }
        return affixes
    }

    // MARK: Arguments and shared work

    func argument(_ arguments: Arguments, _ index: Int, _ name: String, _ user: String) throws(TextError) -> String {
        guard case .string(let text)? = arguments.value(index, name) else {
            throw failure("'\(user)' takes a string as '\(name)'")
        }
        return text
    }

    func optionalText(_ value: TemplateValue?, _ user: String) throws(TextError) -> String? {
        switch value {
        case nil, TemplateValue.none?: return nil
        case .string(let text)?: return text
        case let other?: throw failure("'\(user)' takes a string, not '\(other.typeName)'")
        }
    }

    func stripped(
        _ text: String, _ arguments: Arguments, _ user: String, left: Bool = true, right: Bool = true
    ) throws(TextError) -> String {
        let set = try optionalText(arguments.value(0, "chars"), user)
        try charge(byteCount: set?.utf8.count ?? 0)
        return text.stripped(set, left: left, right: right)
    }

    /// As `String.split`, with its parts counted before they are made.
    func split(
        _ text: String, at separator: String, limit: Int = .max, fromEnd: Bool = false
    ) throws(TextError) -> [String] {
        try charge(byteCount: text.utf8.count)
        try charge(min(Occurrences(of: separator, in: text).total, limit))
        return text.split(scalars: separator, limit: limit, fromEnd: fromEnd)
    }

    func replaced(_ text: String, _ old: String, _ new: String, limit: Int) throws(TextError) -> String {
        // Each byte of the text could become one copy of `new`, and there is one more at the end.
        let cuts = min(limit, text.utf8.count / max(old.utf8.count, 1) + 1)
        let (added, overflow) = cuts.multipliedReportingOverflow(by: new.utf8.count)
        if overflow || added > limits.outputByteCount {
            let found = old.utf8.isEmpty ? cuts : min(Occurrences(of: old, in: text).total, cuts)
            let (exact, overflow) = found.multipliedReportingOverflow(by: new.utf8.count)
            try charge(byteCount: overflow ? .max : exact)
        }
        let result = text.replacing(scalarsOf: old, with: new, limit: limit)
        try charge(byteCount: result.utf8.count)
        return result
    }

    func joined(_ items: [TemplateValue], separator: String) throws(TextError) -> String {
        var result = ""
        for (index, item) in items.enumerated() {
            let text = try text(of: item)
            try charge(1)
            try charge(byteCount: text.utf8.count + separator.utf8.count)
            if index > 0 { result += separator }
            result += text
            try bound(result)
        }
        return result
    }
}

extension String {
    fileprivate func hasSuffix(scalars suffix: String) -> Bool {
        utf8.count >= suffix.utf8.count && utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }

    /// Python's `isdigit` and its like: of every scalar, and there is one.
    fileprivate func isEvery(_ test: String) -> Bool {
        guard !unicodeScalars.isEmpty else { return false }
        func isDigit(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
        }
        func isLetter(_ scalar: Unicode.Scalar) -> Bool { ScalarTable.shared.set(of: scalar.value).meets(.letter) }
        switch test {
        case "isdigit": return unicodeScalars.allSatisfy(isDigit)
        case "isalpha": return unicodeScalars.allSatisfy(isLetter)
        case "isalnum": return unicodeScalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
        case "isspace": return unicodeScalars.allSatisfy(\.isPythonSpace)
        default:
            let cased = unicodeScalars.filter(\.properties.isCased)
            let isRight: (Unicode.Scalar) -> Bool =
                test == "isupper" ? { $0.properties.isUppercase } : { $0.properties.isLowercase }
            return !cased.isEmpty && cased.allSatisfy(isRight)
        }
    }
}
