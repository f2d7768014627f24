/// Arithmetic, comparison and printing, as Python does them.
extension TemplateInterpreter {
    func apply(
        _ operation: TemplateExpression.Arithmetic, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TextError) -> TemplateValue {
        for case .undefined(let hint) in [left, right] { throw failure(hint) }
        if let left = left.number, let right = right.number { return try compute(operation, left, right) }
        switch (operation, left, right) {
        case (.add, .string(let left), .string(let right)):
            try charge(byteCount: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.add, .list(let left), .list(let right)) where left.isTuple == right.isTuple:
            try charge(left.items.count + right.items.count)
            return .list(TemplateList(left.items + right.items, isTuple: left.isTuple))
        case (.multiply, .string(let text), _):
            if let count = right.integer { return try repeated(text, count) }
        case (.multiply, _, .string(let text)):
            if let count = left.integer { return try repeated(text, count) }
        case (.multiply, .list(let list), _):
            if let count = right.integer { return try repeated(list, count) }
        case (.multiply, _, .list(let list)):
            if let count = left.integer { return try repeated(list, count) }
        case (.remainder, .string, _): throw unsupported("formatting with '%'")
        default: break
        }
        throw failure("'\(operation.rawValue)' does not take '\(left.typeName)' and '\(right.typeName)'")
    }

    private func repeated(_ text: String, _ count: Int) throws(TextError) -> TemplateValue {
        let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(count, 0))
        try charge(byteCount: overflow ? .max : bytes)
        return .string(bytes == 0 ? "" : String(repeating: text, count: count))
    }

    private func repeated(_ list: TemplateList, _ count: Int) throws(TextError) -> TemplateValue {
        let (total, overflow) = list.items.count.multipliedReportingOverflow(by: max(count, 0))
        guard !overflow, total <= limits.steps else { throw .templateLimit(what: "steps", limit: limits.steps) }
        try charge(total)
        let items = (0..<(total == 0 ? 0 : count)).flatMap { _ in list.items }
        return .list(TemplateList(items, isTuple: list.isTuple))
    }

    private func compute(
        _ operation: TemplateExpression.Arithmetic, _ left: TemplateNumber, _ right: TemplateNumber
    ) throws(TextError) -> TemplateValue {
        let isDivision = operation == .divide || operation == .floorDivide || operation == .remainder
        if isDivision, right.double == 0 { throw failure("division by zero") }
        if case .int(let left) = left, case .int(let right) = right, operation != .divide {
            if operation == .power, right < 0 {
                guard left != 0 else { throw failure("0 cannot be raised to a negative power") }
                return .double(TemplateInterpreter.power(Double(left), right))
            }
            guard let result = TemplateInterpreter.integer(operation, left, right) else {
                throw failure("the result of '\(operation.rawValue)' is too large")
            }
            return .int(result)
        }
        let (a, b) = (left.double, right.double)
        switch operation {
        case .add: return .double(a + b)
        case .subtract: return .double(a - b)
        case .multiply: return .double(a * b)
        case .divide: return .double(a / b)
        case .floorDivide: return .double((a / b).rounded(.down))
        case .remainder:
            let rest = a.truncatingRemainder(dividingBy: b)
            if rest == 0 { return .double(b < 0 ? -0.0 : 0.0) }
            return .double((rest < 0) != (b < 0) ? rest + b : rest)
        case .power:
            guard case .int(let exponent) = right else { throw unsupported("a fractional power") }
            return .double(TemplateInterpreter.power(a, exponent))
        }
    }

    /// nil where the result passes 64 bits; division rounds down.
    private static func integer(_ operation: TemplateExpression.Arithmetic, _ left: Int, _ right: Int) -> Int? {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = left.addingReportingOverflow(right)
        case .subtract: result = left.subtractingReportingOverflow(right)
        case .multiply: result = left.multipliedReportingOverflow(by: right)
        case .divide, .floorDivide, .remainder:
            guard left != .min || right != -1 else { return nil }
            let (quotient, rest) = left.quotientAndRemainder(dividingBy: right)
            let isBelow = rest != 0 && (rest < 0) != (right < 0)
            return operation == .remainder ? (isBelow ? rest + right : rest) : (isBelow ? quotient - 1 : quotient)
        case .power:
            var (base, exponent, product) = (left, right, 1)
            while exponent > 0 {
                if exponent & 1 == 1 {
                    let (next, overflow) = product.multipliedReportingOverflow(by: base)
                    if overflow { return nil }
                    product = next
                }
                exponent >>= 1
                if exponent == 0 { break }
                let (square, overflow) = base.multipliedReportingOverflow(by: base)
                if overflow { return nil }
                base = square
            }
            return product
        }
        return result.overflow ? nil : result.partialValue
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var square = base
        var rest = exponent.magnitude
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return exponent < 0 ? 1 / result : result
    }

    func negated(_ value: TemplateValue) throws(TextError) -> TemplateValue {
        try apply(.subtract, .int(0), try unchanged(value))
    }

    func unchanged(_ value: TemplateValue) throws(TextError) -> TemplateValue {
        if case .undefined(let hint) = value { throw failure(hint) }
        switch value.number {
        case .int(let number): return .int(number)
        case .double(let number): return .double(number)
        case nil: throw failure("a sign does not take '\(value.typeName)'")
        }
    }

    // MARK: Comparison

    func holds(
        _ comparison: TemplateExpression.Comparison, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TextError) -> Bool {
        switch comparison {
        case .equal: return try equal(left, right)
        case .notEqual: return try !equal(left, right)
        case .less: return try isLess(left, right)
        case .greater: return try isLess(right, left)
        // Not the opposite of the other order: nothing holds for not-a-number.
        case .lessOrEqual: return try isLess(left, right) ? true : equal(left, right)
        case .greaterOrEqual: return try isLess(right, left) ? true : equal(left, right)
        case .isIn: return try contains(right, left)
        case .isNotIn: return try !contains(right, left)
        }
    }

    func equal(_ left: TemplateValue, _ right: TemplateValue) throws(TextError) -> Bool {
        try charge(1)
        if let left = left.number, let right = right.number { return left == right }
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)):
            guard left.utf8.count == right.utf8.count else { return false }
            try charge(byteCount: left.utf8.count)
            return left.isIdentical(to: right)
        case (.list(let left), .list(let right)):
            guard left.items.count == right.items.count, left.isTuple == right.isTuple else { return false }
            for (left, right) in zip(left.items, right.items) where try !equal(left, right) { return false }
            return true
        case (.dict(let left), .dict(let right)):
            guard left.pairs.count == right.pairs.count else { return false }
            for pair in left.pairs {
                guard let other = try value(of: pair.key, in: right), try equal(pair.value, other) else {
                    return false
                }
            }
            return true
        case (.namespace(let left), .namespace(let right)): return left === right
        default: return false
        }
    }

    func isLess(_ left: TemplateValue, _ right: TemplateValue) throws(TextError) -> Bool {
        try charge(1)
        for case .undefined(let hint) in [left, right] { throw failure(hint) }
        if let a = left.number, let b = right.number {
            if case .int(let a) = a, case .int(let b) = b { return a < b }
            return a.double < b.double
        }
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try charge(byteCount: min(left.utf8.count, right.utf8.count))
            return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
        case (.list(let left), .list(let right)) where left.isTuple == right.isTuple:
            for (left, right) in zip(left.items, right.items) where try !equal(left, right) {
                return try isLess(left, right)
            }
            return left.items.count < right.items.count
        default: throw failure("'\(left.typeName)' and '\(right.typeName)' have no order")
        }
    }

    func contains(_ container: TemplateValue, _ value: TemplateValue) throws(TextError) -> Bool {
        switch container {
        case .undefined: return false
        case .string(let text):
            guard case .string(let part) = value else { throw failure("only a string can be in a string") }
            try charge(byteCount: text.utf8.count)
            return text.contains(scalarsOf: part)
        case .list(let list):
            for item in list.items where try equal(item, value) { return true }
            return false
        case .dict(let dict):
            try requireKey(value)
            return try place(of: value, in: dict) != nil
        default: throw failure("a value of type '\(container.typeName)' contains nothing")
        }
    }

    // MARK: Parts

    /// Lists and dicts can be no keys.
    func requireKey(_ value: TemplateValue) throws(TextError) {
        try charge(1)
        switch value {
        case .string, .none, .bool, .int, .double, .undefined: return
        case .list(let list) where list.isTuple: for item in list.items { try requireKey(item) }
        default: throw failure("a value of type '\(value.typeName)' can be no key")
        }
    }

    /// Where the pair with the key is. Goes along the row, because there are few.
    func place(of key: TemplateValue, in dict: TemplateDict) throws(TextError) -> Int? {
        for (place, pair) in dict.pairs.enumerated() where try equal(pair.key, key) { return place }
        return nil
    }

    func value(of key: TemplateValue, in dict: TemplateDict) throws(TextError) -> TemplateValue? {
        try place(of: key, in: dict).map { dict.pairs[$0].value }
    }

    /// What a loop goes over.
    func sequence(_ value: TemplateValue) throws(TextError) -> TemplateList {
        switch value {
        case .undefined: return TemplateList([])
        case .list(let list): return list
        case .dict(let dict):
            try charge(dict.pairs.count)
            return TemplateList(dict.pairs.map(\.key))
        case .string(let text):
            try charge(text.utf8.count)
            return TemplateList(text.unicodeScalars.map { .string(String($0)) })
        default: throw failure("a value of type '\(value.typeName)' cannot be iterated over")
        }
    }

    // MARK: Printing

    /// Python's `str`.
    func text(of value: TemplateValue) throws(TextError) -> String {
        switch value {
        case .undefined: return ""
        case .string(let text): return text
        default: return try literal(of: value)
        }
    }

    /// Python's `repr`.
    func literal(of value: TemplateValue) throws(TextError) -> String {
        try charge(1)
        switch value {
        case .undefined: return "Undefined"
        case .none: return "None"
        case .bool(let value): return value ? "True" : "False"
        case .int(let value): return String(value)
        case .double(let value): return value.pythonLiteral
        case .string(let text):
            try charge(byteCount: text.utf8.count)
            return text.pythonLiteral
        case .list(let list):
            let items = try joinedLiterals(of: list.items)
            return list.isTuple ? "(\(items)\(list.items.count == 1 ? "," : ""))" : "[\(items)]"
        case .dict(let dict):
            var result = ""
            for pair in dict.pairs {
                if !result.isEmpty { result += ", " }
                result += try literal(of: pair.key) + ": " + literal(of: pair.value)
                try bound(result)
            }
            return "{\(result)}"
        case .namespace, .loop, .function: throw unsupported("printing a value of type '\(value.typeName)'")
        }
    }

    private func joinedLiterals(of items: [TemplateValue]) throws(TextError) -> String {
        var result = ""
        for (index, item) in items.enumerated() {
            if index > 0 { result += ", " }
            result += try literal(of: item)
            try bound(result)
        }
        return result
    }
}
