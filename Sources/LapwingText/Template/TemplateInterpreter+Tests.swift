/// `value is test(arguments)`.
extension TemplateInterpreter {
    func test(_ value: TemplateValue, is name: String, _ arguments: Arguments) throws(TextError) -> Bool {
        switch name {
        case "defined", "undefined":
            if case .undefined = value { return name == "undefined" }
            return name == "defined"
        case "none": if case .none = value { return true } else { return false }
        case "true": if case .bool(true) = value { return true } else { return false }
        case "false": if case .bool(false) = value { return true } else { return false }
        case "boolean": if case .bool = value { return true } else { return false }
        case "integer": if case .int = value { return true } else { return false }
        case "float": if case .double = value { return true } else { return false }
        case "number": return value.number != nil
        case "string": if case .string = value { return true } else { return false }
        case "mapping": if case .dict = value { return true } else { return false }
        case "callable":
            switch value {
            // Jinja's undefined can be called, to fail then.
            case .function, .undefined: return true
            default: return false
            }
        case "iterable", "sequence":
            switch value {
            case .undefined, .string, .list, .dict: return true
            default: return false
            }
        case "odd", "even", "divisibleby": return try divides(name, value, arguments)
        case "lower", "upper": return try hasCase(name, value)
        default: return try compares(name, value, arguments)
        }
    }

    private func divides(_ name: String, _ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> Bool {
        let divisor = name == "divisibleby" ? arguments.value(0, "num") ?? .int(0) : .int(2)
        let rest = try apply(.remainder, value, divisor)
        return try equal(rest, .int(name == "odd" ? 1 : 0))
    }

    private func hasCase(_ name: String, _ value: TemplateValue) throws(TextError) -> Bool {
        let text = try text(of: value)
        let cased = text.unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && text.isIdentical(to: name == "lower" ? text.lowercased() : text.uppercased())
    }

    private func compares(_ name: String, _ value: TemplateValue, _ arguments: Arguments) throws(TextError) -> Bool {
        let comparison: TemplateExpression.Comparison
        switch name {
        case "eq", "equalto", "==": comparison = .equal
        case "ne", "!=": comparison = .notEqual
        case "lt", "lessthan", "<": comparison = .less
        case "le", "<=": comparison = .lessOrEqual
        case "gt", "greaterthan", ">": comparison = .greater
        case "ge", ">=": comparison = .greaterOrEqual
        case "in": comparison = .isIn
        default: throw unsupported("the test '\(name)'")
        }
        guard let other = arguments.positional.first else { throw failure("the test '\(name)' takes a value") }
        return try holds(comparison, value, other)
    }
}
