/// Calls: macros and the few global functions.
extension TemplateInterpreter {
    static let globals: Set<String> = ["range", "dict", "namespace", "raise_exception", "strftime_now"]

    private static let rangeLimit = 100_000

    func call(
        _ function: TemplateValue, _ arguments: Arguments, callee: TemplateExpression
    ) throws(TextError) -> TemplateValue {
        switch function {
        case .function(.macro(let macro, let definition)): return .string(try run(macro, in: definition, arguments))
        case .function(.global(let name)): return try bounded(try callGlobal(name, arguments))
        case .function(.method(let owner, let name)): return try bounded(try callMethod(name, of: owner, arguments))
        case .undefined(let hint):
            if case .attribute(_, let name) = callee { throw unsupported("the method '\(name)' (\(hint))") }
            if case .name(let name) = callee { throw unsupported("the function '\(name)'") }
            throw failure(hint)
        case .loop: throw unsupported("a recursive loop")
        default: throw failure("a value of type '\(function.typeName)' cannot be called")
        }
    }

    private func callGlobal(_ name: String, _ arguments: Arguments) throws(TextError) -> TemplateValue {
        switch name {
        case "range": return try range(arguments)
        case "dict": return .dict(try dict(arguments))
        case "namespace":
            var attributes: [String: TemplateValue] = [:]
            for pair in try dict(arguments).pairs {
                let name = try text(of: pair.key)
                try charge(byteCount: name.utf8.count)
                attributes[name] = pair.value
            }
            let namespace = TemplateNamespace(attributes)
            namespaces.append(namespace)
            try charge(8)
            return .namespace(namespace)
        case "raise_exception":
            throw .templateRaised(message: try text(of: arguments.value(0, "message") ?? .string("")))
        default:
            guard case .string(let format)? = arguments.value(0, "format") else {
                throw failure("'strftime_now' takes a format")
            }
            // Two bytes, such as `%F`, become ten at most.
            try charge(byteCount: format.utf8.count * 5)
            guard let text = CalendarTime(secondsSince1970: now).formatted(format) else {
                throw unsupported("the time format '\(format.prefix(40))'")
            }
            return .string(text)
        }
    }

    private func dict(_ arguments: Arguments) throws(TextError) -> TemplateDict {
        var dict = TemplateDict()
        switch arguments.positional.first {
        case .dict(let given)?: dict = given
        case nil: break
        case let other?: throw failure("a dict cannot be made of a value of type '\(other.typeName)'")
        }
        for (name, value) in arguments.named {
            try charge(1)
            dict.set(.string(name), value, at: try place(of: .string(name), in: dict))
        }
        return dict
    }

    private func range(_ arguments: Arguments) throws(TextError) -> TemplateValue {
        let bounds = arguments.positional.compactMap(\.integer)
        guard (1...3).contains(bounds.count), bounds.count == arguments.positional.count else {
            throw failure("'range' takes one to three integers")
        }
        let start = bounds.count == 1 ? 0 : bounds[0]
        let end = bounds.count == 1 ? bounds[0] : bounds[1]
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw failure("a range's step cannot be zero") }
        var items: [TemplateValue] = []
        for value in stride(from: start, to: end, by: step) {
            guard items.count < TemplateInterpreter.rangeLimit else {
                throw .templateLimit(what: "items of a range", limit: TemplateInterpreter.rangeLimit)
            }
            items.append(.int(value))
        }
        try charge(items.count)
        return .list(items)
    }
}
