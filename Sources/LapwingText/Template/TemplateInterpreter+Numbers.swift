/// Filters from and to numbers.
extension TemplateInterpreter {
    func number(
        _ filter: TemplateFilter, _ value: TemplateValue, _ arguments: Arguments
    ) throws(TextError) -> TemplateValue {
        if case .undefined(let hint) = value { throw failure(hint) }
        if case .string(let text) = value { try charge(byteCount: text.utf8.count) }
        switch filter {
        case .int: return integer(value, arguments) ?? arguments.value(0, "default") ?? .int(0)
        case .float:
            if let number = value.number { return .double(number.double) }
            let parsed: Double? = if case .string(let text) = value { Double(text.stripped()) } else { nil }
            return parsed.map { .double($0) } ?? arguments.value(0, "default") ?? .double(0)
        default: break
        }
        guard let number = value.number else {
            throw failure("'\(filter.rawValue)' takes a number, not '\(value.typeName)'")
        }
        if filter == .abs {
            switch number {
            case .int(let value):
                guard value != .min else { throw failure("the result of 'abs' is too large") }
                return .int(abs(value))
            case .double(let value): return .double(abs(value))
            }
        }
        guard (arguments.value(0, "precision")?.integer ?? 0) == 0, arguments.value(1, "method") == nil else {
            throw unsupported("'round' with a precision or a method")
        }
        return .double(number.double.rounded(.toNearestOrEven))
    }

    private func integer(_ value: TemplateValue, _ arguments: Arguments) -> TemplateValue? {
        switch value.number {
        case .int(let number)?: return .int(number)
        case .double(let number)?: return Int(exactly: number.rounded(.towardZero)).map { .int($0) }
        case nil: break
        }
        guard case .string(let text) = value else { return nil }
        let base = arguments.value(1, "base")?.integer ?? 10
        var digits = text.stripped().replacing(scalarsOf: "_", with: "")
        if base == 16, digits.hasPrefix("0x") { digits.removeFirst(2) }
        if (2...36).contains(base), let number = Int(digits, radix: base) { return .int(number) }
        return Double(digits).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .int($0) }
    }
}
