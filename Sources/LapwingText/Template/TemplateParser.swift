/// Tokens to statements: recursive descent over the tags.
struct TemplateParser {
    private let tokens: [TemplateToken]
    private let limits: TemplateLimits
    private var position = 0
    private var nesting = 0
    private var loopNesting = 0
    var conditionNesting = 0

    static func parse(_ source: String, limits: TemplateLimits) throws(TextError) -> [TemplateStatement] {
        guard source.utf8.count <= limits.sourceByteCount else {
            throw .templateLimit(what: "bytes of source", limit: limits.sourceByteCount)
        }
        var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source), limits: limits)
        return try parser.statements(until: [], opener: nil)
    }

    private init(tokens: [TemplateToken], limits: TemplateLimits) {
        self.tokens = tokens
        self.limits = limits
    }

    /// Statements up to a block tag with one of the names, whose name is taken and whose rest is not.
    private mutating func statements(until ends: Set<String>, opener: String?) throws(TextError) -> [TemplateStatement]
    {
        try enter()
        defer { leave() }
        var statements: [TemplateStatement] = []
        while true {
            let line = line
            switch kind {
            case .end:
                guard let opener else { return statements }
                throw .templateSyntax(line: line, reason: "the template ended inside '\(opener)'")
            case .text(let text):
                take()
                statements.append(TemplateStatement(kind: .text(text), line: line))
            case .outputBegin:
                take()
                let value = try tuple()
                try expectOutputEnd()
                statements.append(TemplateStatement(kind: .output(value), line: line))
            default:
                take()
                let name = try takeName("a tag's name")
                if ends.contains(name) {
                    position -= 1
                    return statements
                }
                statements.append(TemplateStatement(kind: try block(name, line: line), line: line))
            }
        }
    }

    private mutating func block(_ name: String, line: Int) throws(TextError) -> TemplateStatement.Kind {
        switch name {
        case "if": return try condition()
        case "for": return try loop()
        case "set": return try assignment()
        case "macro": return .macro(try macro())
        case "call": return try callBlock()
        case "filter":
            let filters = try filterChain()
            return .filterBlock(filters, body: try ownBody(until: "endfilter", opener: name))
        case "with": return try with()
        case "generation": return .group(try body(until: "endgeneration", opener: name))
        case "break", "continue":
            guard loopNesting > 0 else { throw .templateSyntax(line: line, reason: "'\(name)' is outside a loop") }
            try expectBlockEnd()
            return name == "break" ? .breakLoop : .continueLoop
        default:
            throw .templateUnsupported(line: line, construct: "the tag '\(name)'")
        }
    }

    /// The rest of this tag, the statements after it, and the tag that ends them.
    private mutating func body(until end: String, opener: String) throws(TextError) -> [TemplateStatement] {
        try expectBlockEnd()
        let body = try statements(until: [end], opener: opener)
        take()
        try expectBlockEnd()
        return body
    }

    private mutating func condition() throws(TextError) -> TemplateStatement.Kind {
        conditionNesting += 1
        defer { conditionNesting -= 1 }
        var branches: [TemplateStatement.Branch] = []
        while true {
            let condition = try tuple(allowsChoice: false)
            try expectBlockEnd()
            let body = try statements(until: ["elif", "else", "endif"], opener: "if")
            branches.append(TemplateStatement.Branch(condition: condition, body: body))
            let next = try takeName("a tag's name")
            if next == "elif" { continue }
            let otherwise = next == "else" ? try self.body(until: "endif", opener: "else") : []
            if next == "endif" { try expectBlockEnd() }
            return .condition(branches, otherwise: otherwise)
        }
    }

    private mutating func loop() throws(TextError) -> TemplateStatement.Kind {
        let target = try targets()
        guard takeName(ifOneOf: ["in"]) != nil else { throw unexpected("'in'") }
        let items = try tuple(allowsChoice: false)
        let filter = takeName(ifOneOf: ["if"]) == nil ? nil : try expression()
        if case .name("recursive") = kind {
            throw .templateUnsupported(line: line, construct: "a recursive loop")
        }
        try expectBlockEnd()
        loopNesting += 1
        let body = try statements(until: ["else", "endfor"], opener: "for")
        loopNesting -= 1
        var otherwise: [TemplateStatement] = []
        if try takeName("a tag's name") == "else" {
            otherwise = try self.body(until: "endfor", opener: "else")
        } else {
            try expectBlockEnd()
        }
        return .loop(
            TemplateStatement.Loop(target: target, items: items, filter: filter, body: body, otherwise: otherwise))
    }

    private mutating func assignment() throws(TextError) -> TemplateStatement.Kind {
        let target = try targets()
        if takeSymbol("=") {
            let value = try tuple()
            try expectBlockEnd()
            return .assign(target, value)
        }
        if case .tuple = target { throw unexpected("'='") }
        let filters = takeSymbol("|") ? try filterChain() : []
        return .capture(target, filters: filters, body: try ownBody(until: "endset", opener: "set"))
    }

    private mutating func macro() throws(TextError) -> TemplateMacro {
        let name = try takeName("the macro's name")
        return TemplateMacro(
            name: name, parameters: try parameters(), body: try ownBody(until: "endmacro", opener: "macro"))
    }

    private mutating func callBlock() throws(TextError) -> TemplateStatement.Kind {
        var parameters: [TemplateMacro.Parameter] = []
        if case .symbol("(") = kind { parameters = try self.parameters() }
        let line = line
        let call = try expression()
        guard case .call = call else { throw .templateSyntax(line: line, reason: "'call' needs a call") }
        let body = try ownBody(until: "endcall", opener: "call")
        return .callBlock(caller: TemplateMacro(name: "caller", parameters: parameters, body: body), call: call)
    }

    /// As `body`, for statements whose text is a value; they cannot leave a loop around them.
    private mutating func ownBody(until end: String, opener: String) throws(TextError) -> [TemplateStatement] {
        let outerLoops = loopNesting
        loopNesting = 0
        defer { loopNesting = outerLoops }
        return try body(until: end, opener: opener)
    }

    private mutating func with() throws(TextError) -> TemplateStatement.Kind {
        var assignments: [(TemplateStatement.Target, TemplateExpression)] = []
        while kind != .blockEnd {
            if !assignments.isEmpty, !takeSymbol(",") { throw unexpected("','") }
            let name = TemplateStatement.Target.name(try takeName("a name"))
            guard takeSymbol("=") else { throw unexpected("'='") }
            assignments.append((name, try expression()))
        }
        return .with(assignments, body: try body(until: "endwith", opener: "with"))
    }

    private mutating func parameters() throws(TextError) -> [TemplateMacro.Parameter] {
        guard takeSymbol("(") else { throw unexpected("'('") }
        var parameters: [TemplateMacro.Parameter] = []
        while !takeSymbol(")") {
            if !parameters.isEmpty, !takeSymbol(",") { throw unexpected("','") }
            let name = try takeName("a parameter's name")
            let defaultValue = takeSymbol("=") ? try expression() : nil
            if defaultValue == nil, parameters.last?.defaultValue != nil { throw unexpected("a default value") }
            parameters.append(TemplateMacro.Parameter(name: name, defaultValue: defaultValue))
        }
        return parameters
    }

    /// One name, `namespace.attribute`, or several with commas between.
    private mutating func targets() throws(TextError) -> TemplateStatement.Target {
        let parenthesized = takeSymbol("(")
        var targets: [TemplateStatement.Target] = []
        var isTuple = false
        while case .name(let name) = kind {
            take()
            if takeSymbol(".") {
                targets.append(.attribute(of: name, try takeName("an attribute's name")))
            } else {
                targets.append(.name(name))
            }
            guard takeSymbol(",") else { break }
            isTuple = true
        }
        if parenthesized, !takeSymbol(")") { throw unexpected("')'") }
        guard let first = targets.first else { throw unexpected("a name to assign to") }
        return isTuple ? .tuple(targets) : first
    }

    private mutating func filterChain() throws(TextError) -> [TemplateStatement.FilterCall] {
        var filters = [try filterCall()]
        while takeSymbol("|") { filters.append(try filterCall()) }
        return filters
    }
}

// MARK: Tokens

extension TemplateParser {
    var kind: TemplateToken.Kind { tokens[min(position, tokens.count - 1)].kind }
    var line: Int { tokens[min(position, tokens.count - 1)].line }

    mutating func take() { position += 1 }

    mutating func takeSymbol(_ symbol: String) -> Bool {
        guard kind == .symbol(symbol) else { return false }
        take()
        return true
    }

    mutating func takeName(ifOneOf names: Set<String>) -> String? {
        guard case .name(let name) = kind, names.contains(name) else { return nil }
        take()
        return name
    }

    mutating func takeName(_ expected: String) throws(TextError) -> String {
        guard case .name(let name) = kind else { throw unexpected(expected) }
        take()
        return name
    }

    /// Whether the next token is `name` and the one after it `follower`.
    func isNext(_ name: String, then follower: String) -> Bool {
        position + 1 < tokens.count && kind == .name(name) && tokens[position + 1].kind == .name(follower)
    }

    private mutating func expectBlockEnd() throws(TextError) {
        guard kind == .blockEnd else { throw unexpected("the end of the tag") }
        take()
    }

    private mutating func expectOutputEnd() throws(TextError) {
        guard kind == .outputEnd else { throw unexpected("the end of the tag") }
        take()
    }

    func unexpected(_ expected: String) -> TextError {
        let found =
            switch kind {
            case .text, .outputBegin, .blockBegin: "text"
            case .outputEnd, .blockEnd: "the end of the tag"
            case .name(let name): "'\(name)'"
            case .string(let text): "the string '\(text.prefix(40))'"
            case .integer(let value): "\(value)"
            case .double(let value): "\(value)"
            case .symbol(let symbol): "'\(symbol)'"
            case .end: "the end of the template"
            }
        return .templateSyntax(line: line, reason: "found \(found), expected \(expected)")
    }

    mutating func enter() throws(TextError) {
        nesting += 1
        if nesting > limits.nesting {
            throw .templateLimit(what: "levels of nesting in the source", limit: limits.nesting)
        }
    }

    mutating func leave() { nesting -= 1 }
}
