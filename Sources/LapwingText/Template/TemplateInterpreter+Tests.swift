/// `value is test(arguments)`.
extension TemplateInterpreter {
    func test(_ value: TemplateValue, is test: TemplateTest, _ arguments: Arguments) throws(TextError) -> Bool {
        switch test {
        case .defined: if case .undefined = value { return false } else { return true }
        case .undefined: if case .undefined = value { return true } else { return false }
        case .none: if case .none = value { return true } else { return false }
        case .true: if case .bool(true) = value { return true } else { return false }
        case .false: if case .bool(false) = value { return true } else { return false }
        case .boolean: if case .bool = value { return true } else { return false }
        case .integer: if case .int = value { return true } else { return false }
        case .float: if case .double = value { return true } else { return false }
        case .number: return value.number != nil
        case .string: if case .string = value { return true } else { return false }
        case .mapping: if case .dict = value { return true } else { return false }
        case .callable:
            switch value {
            // Jinja's undefined can be called, to fail then.
            case .function, .undefined: return true
            default: return false
            }
        case .iterable, .sequence:
            switch value {
            case .undefined, .string, .list, .dict: return true
            default: return false
            }
        case .odd: return try divides(value, by: .int(2), leaving: 1)
        case .even: return try divides(value, by: .int(2), leaving: 0)
        case .divisibleby: return try divides(value, by: arguments.value(0, "num") ?? .int(0), leaving: 0)
        case .lower, .upper: return try hasCase(test, value)
        case .eq, .equalto, .equalSign: return try compares(test, value, .equal, arguments)
        case .ne, .notEqualSign: return try compares(test, value, .notEqual, arguments)
        case .lt, .lessthan, .lessSign: return try compares(test, value, .less, arguments)
        case .le, .lessOrEqualSign: return try compares(test, value, .lessOrEqual, arguments)
        case .gt, .greaterthan, .greaterSign: return try compares(test, value, .greater, arguments)
        case .ge, .greaterOrEqualSign: return try compares(test, value, .greaterOrEqual, arguments)
        case .in: return try compares(test, value, .isIn, arguments)
        }
    }

    private func divides(
        _ value: TemplateValue, by divisor: TemplateValue, leaving rest: Int
    ) throws(TextError) -> Bool {
        try equal(try apply(.remainder, value, divisor), .int(rest))
    }

    private func hasCase(_ test: TemplateTest, _ value: TemplateValue) throws(TextError) -> Bool {
        let text = try text(of: value)
        try charge(byteCount: text.utf8.count)
        guard text.unicodeScalars.contains(where: \.properties.isCased) else { return false }
        return text.isIdentical(to: test == .lower ? text.lowercased() : text.uppercased())
    }

    private func compares(
        _ test: TemplateTest, _ value: TemplateValue, _ comparison: TemplateExpression.Comparison,
        _ arguments: Arguments
    ) throws(TextError) -> Bool {
        guard let other = arguments.positional.first else {
            throw failure("the test '\(test.rawValue)' takes a value")
        }
        return try holds(comparison, value, other)
    }
}
