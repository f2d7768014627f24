/// Expressions to values. Each kind has a function of its own, which keeps the stack of the recursion small.
extension TemplateInterpreter {
    /// A call's arguments, evaluated.
    struct Arguments {
        var positional: [TemplateValue] = []
        var named: [(name: String, value: TemplateValue)] = []

        /// The argument at `index` or by `name`.
        func value(_ index: Int, _ name: String) -> TemplateValue? {
            index < positional.count ? positional[index] : named.first { $0.name == name }?.value
        }
    }

    func evaluate(_ expression: TemplateExpression) throws(TextError) -> TemplateValue {
        try enter()
        defer { leave() }
        switch expression {
        case .literal(let literal): return value(literal)
        case .name(let name): return try variable(name)
        case .list(let items): return try bounded(.list(try evaluate(items)))
        case .tuple(let items): return try bounded(.tuple(try evaluate(items)))
        case .dict(let pairs): return try dict(pairs)
        case .attribute(let owner, let name): return try attribute(name, of: try evaluate(owner))
        case .item(let owner, let key): return try item(try evaluate(key), of: try evaluate(owner))
        case .slice(let owner, let start, let end, let step): return try slice(owner, start, end, step)
        case .call(let callee, let arguments):
            return try call(try evaluate(callee), try evaluate(arguments), callee: callee)
        case .filter(let value, let filter): return try apply(filter, to: try evaluate(value))
        case .test(let value, let test, let arguments):
            return .bool(try self.test(try evaluate(value), is: test, try evaluate(arguments)))
        case .negative(let operand): return try negated(try evaluate(operand))
        case .positive(let operand): return try unchanged(try evaluate(operand))
        case .arithmetic(let first, let rest): return try arithmetic(first, rest)
        case .concatenation(let operands): return try concatenation(operands)
        case .comparison(let first, let rest): return try comparison(first, rest)
        case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
        case .and(let operands): return try firstOf(operands, thatIs: false)
        case .or(let operands): return try firstOf(operands, thatIs: true)
        case .choice(let value, let condition, let otherwise): return try choice(value, condition, otherwise)
        case .unsupported(let construct): throw unsupported(construct)
        }
    }

    func evaluate(_ arguments: TemplateArguments) throws(TextError) -> Arguments {
        var result = Arguments(positional: try evaluate(arguments.positional))
        for (name, value) in arguments.named { result.named.append((name, try evaluate(value))) }
        return result
    }

    private func evaluate(_ expressions: [TemplateExpression]) throws(TextError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    private func value(_ literal: TemplateExpression.Literal) -> TemplateValue {
        switch literal {
        case .none: .none
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        case .string(let text): .string(text)
        }
    }

    private func variable(_ name: String) throws(TextError) -> TemplateValue {
        try charge(byteCount: name.utf8.count)
        if let value = scope.value(name) { return value }
        return TemplateInterpreter.globals.contains(name)
            ? .function(.global(name)) : .undefined(hint: "'\(name)' is undefined")
    }

    private func dict(
        _ pairs: [(key: TemplateExpression, value: TemplateExpression)]
    ) throws(TextError) -> TemplateValue {
        var dict = TemplateDict()
        for (key, value) in pairs {
            let key = try evaluate(key)
            try requireKey(key)
            dict.set(key, try evaluate(value), at: try place(of: key, in: dict))
        }
        return try bounded(.dict(dict))
    }

    private func choice(
        _ value: TemplateExpression, _ condition: TemplateExpression, _ otherwise: TemplateExpression?
    ) throws(TextError) -> TemplateValue {
        if try evaluate(condition).isTrue { return try evaluate(value) }
        if let otherwise { return try evaluate(otherwise) }
        return .undefined(hint: "the inline 'if' was false and has no 'else'")
    }

    /// `and` and `or`: the first operand that decides, else the last.
    private func firstOf(_ operands: [TemplateExpression], thatIs truth: Bool) throws(TextError) -> TemplateValue {
        var value = TemplateValue.none
        for operand in operands {
            value = try evaluate(operand)
            if value.isTrue == truth { break }
        }
        return value
    }

    private func concatenation(_ operands: [TemplateExpression]) throws(TextError) -> TemplateValue {
        var result = ""
        for operand in operands {
            let text = try text(of: try evaluate(operand))
            try charge(byteCount: result.utf8.count + text.utf8.count)
            result += text
        }
        return .string(result)
    }

    private func arithmetic(
        _ first: TemplateExpression, _ rest: [(TemplateExpression.Arithmetic, TemplateExpression)]
    ) throws(TextError) -> TemplateValue {
        var value = try evaluate(first)
        for (operation, operand) in rest { value = try apply(operation, value, try evaluate(operand)) }
        return value
    }

    private func comparison(
        _ first: TemplateExpression, _ rest: [(TemplateExpression.Comparison, TemplateExpression)]
    ) throws(TextError) -> TemplateValue {
        var left = try evaluate(first)
        for (comparison, operand) in rest {
            let right = try evaluate(operand)
            guard try holds(comparison, left, right) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    // MARK: Parts of values

    func attribute(_ name: String, of owner: TemplateValue) throws(TextError) -> TemplateValue {
        // Names are hashed.
        try charge(byteCount: name.utf8.count)
        switch owner {
        case .undefined(let hint): throw failure(hint)
        case .namespace(let namespace):
            if let value = namespace.attributes[name] { return value }
        case .loop(let loop):
            if let value = loop.attribute(name) { return value }
        default: break
        }
        if TemplateInterpreter.hasMethod(name, owner) { return .function(.method(of: owner, name)) }
        if case .dict(let dict) = owner, let value = try value(of: .string(name), in: dict) { return value }
        if name.utf8.first == UInt8(ascii: "_") { throw unsupported("the attribute '\(name)'") }
        return .undefined(hint: "'\(owner.typeName) object' has no attribute '\(name)'")
    }

    func item(_ key: TemplateValue, of owner: TemplateValue) throws(TextError) -> TemplateValue {
        switch owner {
        case .undefined(let hint): throw failure(hint)
        case .dict(let dict):
            if let value = try value(of: key, in: dict) { return value }
        case .list(let list):
            if let index = key.integer, let place = place(index, count: list.items.count) { return list.items[place] }
        case .string(let text):
            if let index = key.integer {
                try charge(byteCount: text.utf8.count)
                let scalars = Array(text.unicodeScalars)
                if let place = place(index, count: scalars.count) { return .string(String(scalars[place])) }
            }
        default: break
        }
        if case .string(let name) = key {
            if case .dict = owner {} else { return try attribute(name, of: owner) }
        }
        return .undefined(hint: "'\(owner.typeName) object' has no such item")
    }

    private func place(_ index: Int, count: Int) -> Int? {
        let place = index < 0 ? index + count : index
        return place >= 0 && place < count ? place : nil
    }

    private func slice(
        _ owner: TemplateExpression, _ start: TemplateExpression?, _ end: TemplateExpression?,
        _ step: TemplateExpression?
    ) throws(TextError) -> TemplateValue {
        let owner = try evaluate(owner)
        let step = try sliceEnd(step) ?? 1
        let start = try sliceEnd(start)
        let end = try sliceEnd(end)
        guard step != 0 else { throw failure("a slice's step cannot be zero") }
        switch owner {
        case .undefined(let hint): throw failure(hint)
        case .list(let list):
            try charge(list.items.count)
            let places = places(start, end, step, count: list.items.count)
            return .list(TemplateList(places.map { list.items[$0] }, isTuple: list.isTuple))
        case .string(let text):
            try charge(byteCount: text.utf8.count)
            let scalars = Array(text.unicodeScalars)
            return .string(String(scalars: places(start, end, step, count: scalars.count).map { scalars[$0] }))
        default: throw failure("a value of type '\(owner.typeName)' cannot be sliced")
        }
    }

    private func sliceEnd(_ expression: TemplateExpression?) throws(TextError) -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression)
        if case .none = value { return nil }
        guard let index = value.integer else { throw failure("a slice's ends must be integers") }
        return index
    }

    /// The places that Python's `start:end:step` takes of `count` items.
    private func places(_ start: Int?, _ end: Int?, _ step: Int, count: Int) -> [Int] {
        func clamped(_ bound: Int, _ low: Int, _ high: Int) -> Int {
            min(max(bound < 0 ? bound &+ count : bound, low), high)
        }
        if step > 0 {
            let from = start.map { clamped($0, 0, count) } ?? 0
            let to = end.map { clamped($0, 0, count) } ?? count
            return Array(stride(from: from, to: to, by: min(step, count + 1)))
        }
        let from = start.map { clamped($0, -1, count - 1) } ?? count - 1
        let to = end.map { clamped($0, -1, count - 1) } ?? -1
        return Array(stride(from: from, to: to, by: max(step, -count - 1)))
    }
}
