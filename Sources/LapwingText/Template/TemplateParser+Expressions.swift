/// Expressions, by Jinja's ranks: choice, or, and, not, comparison, + and -, ~, * / // %, **, signs, postfix and filters.
extension TemplateParser {
    /// An expression, or several with commas between, which are a tuple.
    mutating func tuple(allowsChoice: Bool = true) throws(TextError) -> TemplateExpression {
        let first = try allowsChoice ? expression() : disjunction()
        guard case .symbol(",") = kind else { return first }
        var items = [first]
        while takeSymbol(",") {
            switch kind {
            case .outputEnd, .blockEnd, .symbol(")"), .symbol("="): return .tuple(items)
            default: items.append(try allowsChoice ? expression() : disjunction())
            }
        }
        return .tuple(items)
    }

    mutating func expression() throws(TextError) -> TemplateExpression {
        try enter()
        defer { leave() }
        var value = try disjunction()
        var choices = 0
        while takeName(ifOneOf: ["if"]) != nil {
            try enter()
            choices += 1
            let condition = try disjunction()
            let otherwise = takeName(ifOneOf: ["else"]) == nil ? nil : try expression()
            value = .choice(value, condition: condition, otherwise: otherwise)
        }
        for _ in 0..<choices { leave() }
        return value
    }

    private mutating func disjunction() throws(TextError) -> TemplateExpression {
        var operands = [try conjunction()]
        while takeName(ifOneOf: ["or"]) != nil { operands.append(try conjunction()) }
        return operands.count == 1 ? operands[0] : .or(operands)
    }

    private mutating func conjunction() throws(TextError) -> TemplateExpression {
        var operands = [try negation()]
        while takeName(ifOneOf: ["and"]) != nil { operands.append(try negation()) }
        return operands.count == 1 ? operands[0] : .and(operands)
    }

    private mutating func negation() throws(TextError) -> TemplateExpression {
        guard !isNext("not", then: "in"), takeName(ifOneOf: ["not"]) != nil else { return try comparison() }
        try enter()
        defer { leave() }
        return .not(try negation())
    }

    private mutating func comparison() throws(TextError) -> TemplateExpression {
        let first = try sum()
        var rest: [(TemplateExpression.Comparison, TemplateExpression)] = []
        while let comparison = takeComparison() { rest.append((comparison, try sum())) }
        return rest.isEmpty ? first : .comparison(first, rest)
    }

    private mutating func takeComparison() -> TemplateExpression.Comparison? {
        if isNext("not", then: "in") {
            take()
            take()
            return .isNotIn
        }
        if takeName(ifOneOf: ["in"]) != nil { return .isIn }
        guard case .symbol(let symbol) = kind, let comparison = TemplateExpression.Comparison(rawValue: symbol) else {
            return nil
        }
        take()
        return comparison
    }

    private mutating func takeArithmetic(_ symbols: Set<String>) -> TemplateExpression.Arithmetic? {
        guard case .symbol(let symbol) = kind, symbols.contains(symbol) else { return nil }
        take()
        return TemplateExpression.Arithmetic(rawValue: symbol)
    }

    private mutating func sum() throws(TextError) -> TemplateExpression {
        let first = try concatenation()
        var rest: [(TemplateExpression.Arithmetic, TemplateExpression)] = []
        while let operation = takeArithmetic(["+", "-"]) { rest.append((operation, try concatenation())) }
        return rest.isEmpty ? first : .arithmetic(first, rest)
    }

    private mutating func concatenation() throws(TextError) -> TemplateExpression {
        var operands = [try product()]
        while takeSymbol("~") { operands.append(try product()) }
        return operands.count == 1 ? operands[0] : .concatenation(operands)
    }

    private mutating func product() throws(TextError) -> TemplateExpression {
        let first = try power()
        var rest: [(TemplateExpression.Arithmetic, TemplateExpression)] = []
        while let operation = takeArithmetic(["*", "/", "//", "%"]) { rest.append((operation, try power())) }
        return rest.isEmpty ? first : .arithmetic(first, rest)
    }

    /// From left to right, as in Jinja and unlike Python.
    private mutating func power() throws(TextError) -> TemplateExpression {
        let first = try signed(withFilters: true)
        var rest: [(TemplateExpression.Arithmetic, TemplateExpression)] = []
        while let operation = takeArithmetic(["**"]) { rest.append((operation, try signed(withFilters: true))) }
        return rest.isEmpty ? first : .arithmetic(first, rest)
    }

    private mutating func signed(withFilters: Bool) throws(TextError) -> TemplateExpression {
        try enter()
        defer { leave() }
        var value: TemplateExpression
        if takeSymbol("-") {
            value = .negative(try signed(withFilters: false))
        } else if takeSymbol("+") {
            value = .positive(try signed(withFilters: false))
        } else {
            value = try postfixed(try primary())
        }
        return withFilters ? try filtered(value) : value
    }

    private mutating func primary() throws(TextError) -> TemplateExpression {
        switch kind {
        case .name(let name):
            take()
            switch name {
            case "true", "True": return .literal(.bool(true))
            case "false", "False": return .literal(.bool(false))
            case "none", "None": return .literal(.none)
            default: return .name(name)
            }
        case .string(let text):
            take()
            var text = text
            while case .string(let more) = kind {
                take()
                text += more
            }
            return .literal(.string(text))
        case .integer(let value):
            take()
            return .literal(.int(value))
        case .double(let value):
            take()
            return .literal(.double(value))
        case .symbol("("): return try parenthesized()
        case .symbol("["):
            take()
            return .list(try items(until: "]"))
        case .symbol("{"): return try dict()
        default: throw unexpected("an expression")
        }
    }

    private mutating func parenthesized() throws(TextError) -> TemplateExpression {
        take()
        if takeSymbol(")") { return .tuple([]) }
        let value = try tuple()
        guard takeSymbol(")") else { throw unexpected("')'") }
        return value
    }

    private mutating func items(until closer: String) throws(TextError) -> [TemplateExpression] {
        var items: [TemplateExpression] = []
        while !takeSymbol(closer) {
            if !items.isEmpty {
                guard takeSymbol(",") else { throw unexpected("',' or '\(closer)'") }
                if takeSymbol(closer) { break }
            }
            items.append(try expression())
        }
        return items
    }

    private mutating func dict() throws(TextError) -> TemplateExpression {
        take()
        var pairs: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !takeSymbol("}") {
            if !pairs.isEmpty {
                guard takeSymbol(",") else { throw unexpected("',' or '}'") }
                if takeSymbol("}") { break }
            }
            let key = try expression()
            guard takeSymbol(":") else { throw unexpected("':'") }
            pairs.append((key, try expression()))
        }
        return .dict(pairs)
    }
}

// MARK: Postfix

extension TemplateParser {
    /// Attributes, items, slices and calls.
    private mutating func postfixed(_ value: TemplateExpression) throws(TextError) -> TemplateExpression {
        var value = value
        var links = 0
        while true {
            if takeSymbol(".") {
                value = try attribute(of: value)
            } else if takeSymbol("[") {
                value = try subscripted(value)
            } else if kind == .symbol("(") {
                value = .call(value, try arguments())
            } else {
                break
            }
            try enter()
            links += 1
        }
        for _ in 0..<links { leave() }
        return value
    }

    private mutating func attribute(of value: TemplateExpression) throws(TextError) -> TemplateExpression {
        if case .integer(let index) = kind {
            take()
            return .item(value, .literal(.int(index)))
        }
        return .attribute(value, try takeName("an attribute's name"))
    }

    private mutating func subscripted(_ value: TemplateExpression) throws(TextError) -> TemplateExpression {
        let bounded: Set<TemplateToken.Kind> = [.symbol(":"), .symbol("]")]
        let start = bounded.contains(kind) ? nil : try tuple()
        guard takeSymbol(":") else {
            guard let start, takeSymbol("]") else { throw unexpected("']'") }
            return .item(value, start)
        }
        let end = bounded.contains(kind) ? nil : try expression()
        var step: TemplateExpression?
        if takeSymbol(":"), kind != .symbol("]") { step = try expression() }
        guard takeSymbol("]") else { throw unexpected("']'") }
        return .slice(value, start, end, step: step)
    }

    /// Filters, tests, and calls of what they give.
    private mutating func filtered(_ value: TemplateExpression) throws(TextError) -> TemplateExpression {
        var value = value
        var links = 0
        while true {
            if takeSymbol("|") {
                value = try filter(value)
            } else if takeName(ifOneOf: ["is"]) != nil {
                value = try test(value)
            } else if kind == .symbol("(") {
                value = .call(value, try arguments())
            } else {
                break
            }
            try enter()
            links += 1
        }
        for _ in 0..<links { leave() }
        return value
    }

    private mutating func filter(_ value: TemplateExpression) throws(TextError) -> TemplateExpression {
        guard conditionNesting > 0, case .name(let name) = kind, TemplateFilter(rawValue: name) == nil else {
            return .filter(value, try filterCall())
        }
        // As in Jinja2, a branch that is not taken may use filters that only other engines have.
        take()
        if kind == .symbol("(") { _ = try arguments() }
        return .unsupported("the filter '\(name)'")
    }

    mutating func filterCall() throws(TextError) -> TemplateStatement.FilterCall {
        let line = line
        let name = try takeName("a filter's name")
        guard let filter = TemplateFilter(rawValue: name) else {
            throw .templateUnsupported(line: line, construct: "the filter '\(name)'")
        }
        let arguments = kind == .symbol("(") ? try arguments() : TemplateArguments()
        return TemplateStatement.FilterCall(filter: filter, arguments: arguments)
    }

    private mutating func test(_ value: TemplateExpression) throws(TextError) -> TemplateExpression {
        let isNegated = takeName(ifOneOf: ["not"]) != nil
        let line = line
        let name = try takeName("a test's name")
        guard let test = TemplateTest(rawValue: name) else {
            throw .templateUnsupported(line: line, construct: "the test '\(name)'")
        }
        var arguments = TemplateArguments()
        switch kind {
        case .symbol("("): arguments = try self.arguments()
        case .name("else"), .name("or"), .name("and"): break
        case .name("is"): throw unexpected("something other than a second test")
        case .name, .string, .integer, .double, .symbol("["), .symbol("{"):
            arguments.positional = [try postfixed(try primary())]
        default: break
        }
        return isNegated ? .not(.test(value, test, arguments)) : .test(value, test, arguments)
    }

    private mutating func arguments() throws(TextError) -> TemplateArguments {
        take()
        var arguments = TemplateArguments()
        var isFirst = true
        while !takeSymbol(")") {
            if !isFirst {
                guard takeSymbol(",") else { throw unexpected("',' or ')'") }
                if takeSymbol(")") { break }
            }
            isFirst = false
            if kind == .symbol("*") || kind == .symbol("**") {
                throw .templateUnsupported(line: line, construct: "an unpacked argument")
            }
            let line = line
            let value = try expression()
            if case .name(let name) = value, takeSymbol("=") {
                arguments.named.append((name, try expression()))
            } else if arguments.named.isEmpty {
                arguments.positional.append(value)
            } else {
                throw .templateSyntax(line: line, reason: "a positional argument follows a named one")
            }
        }
        return arguments
    }
}
