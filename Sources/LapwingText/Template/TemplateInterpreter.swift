/// Renders one parsed template once. Holds the output and the counts that bound the work.
final class TemplateInterpreter {
    let limits: TemplateLimits
    /// Seconds since 1970, for `strftime_now`.
    let now: Int64
    /// The line of the statement that runs.
    private(set) var line = 0
    var scope: TemplateScope
    var output = ""
    private var steps = 0
    private var depth = 0
    // Scopes that macros keep, and namespaces, can form rings; they are emptied at the end.
    private var keptScopes: [TemplateScope] = []
    var namespaces: [TemplateNamespace] = []

    private enum Flow { case goOn, breakLoop, continueLoop }

    init(variables: [String: TemplateValue], limits: TemplateLimits, now: Int64) {
        self.limits = limits
        self.now = now
        self.scope = TemplateScope(parent: TemplateScope(variables, parent: nil))
    }

    func render(_ statements: [TemplateStatement]) throws(TextError) -> String {
        defer {
            for scope in keptScopes { scope.variables = [:] }
            for namespace in namespaces { namespace.attributes = [:] }
        }
        _ = try run(statements)
        return output
    }

    private func run(_ statements: [TemplateStatement]) throws(TextError) -> Flow {
        for statement in statements {
            let flow = try run(statement)
            if flow != .goOn { return flow }
        }
        return .goOn
    }

    private func run(_ statement: TemplateStatement) throws(TextError) -> Flow {
        try enter()
        defer { leave() }
        line = statement.line
        switch statement.kind {
        case .text(let text): try write(text)
        case .output(let expression): try write(try text(of: try evaluate(expression)))
        case .condition(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTrue { return try run(branch.body) }
            return try run(otherwise)
        case .loop(let loop): return try run(loop)
        case .assign(let target, let expression): try assign(try evaluate(expression), to: target)
        case .capture(let target, let filters, let body):
            try assign(try filtered(try capture(body, scope: scope), filters), to: target)
        case .macro(let macro):
            scope.variables[macro.name] = .function(.macro(macro, scope: keep(scope)))
        case .callBlock(let caller, let call): try runCallBlock(caller, call)
        case .filterBlock(let filters, let body):
            let inner = TemplateScope(parent: scope)
            try write(try text(of: try filtered(try capture(body, scope: inner), filters)))
        case .with(let assignments, let body): return try runWith(assignments, body)
        case .group(let body): return try run(body)
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .goOn
    }

    private func run(_ loop: TemplateStatement.Loop) throws(TextError) -> Flow {
        var list = try sequence(try evaluate(loop.items))
        let outer = scope
        defer { scope = outer }
        if let filter = loop.filter {
            var kept: [TemplateValue] = []
            for item in list.items {
                scope = TemplateScope(parent: outer)
                try assign(item, to: loop.target)
                if try evaluate(filter).isTrue { kept.append(item) }
            }
            list = TemplateList(kept)
        }
        if list.items.isEmpty {
            scope = TemplateScope(parent: outer)
            return try run(loop.otherwise)
        }
        for (index, item) in list.items.enumerated() {
            try charge(1)
            let state = TemplateLoop(list: list, index: index)
            scope = TemplateScope(["loop": .loop(state)], parent: outer)
            try assign(item, to: loop.target)
            if try run(loop.body) == .breakLoop { break }
        }
        return .goOn
    }

    private func runWith(
        _ assignments: [(TemplateStatement.Target, TemplateExpression)], _ body: [TemplateStatement]
    ) throws(TextError) -> Flow {
        let outer = scope
        let inner = TemplateScope(parent: outer)
        defer { scope = outer }
        for (target, expression) in assignments {
            scope = outer
            let value = try evaluate(expression)
            scope = inner
            try assign(value, to: target)
        }
        scope = inner
        return try run(body)
    }

    private func runCallBlock(_ caller: TemplateMacro, _ call: TemplateExpression) throws(TextError) {
        guard case .call(let callee, let arguments) = call else { return }
        let function = try evaluate(callee)
        var values = try evaluate(arguments)
        values.named.append(("caller", .function(.macro(caller, scope: keep(scope)))))
        try write(try text(of: try self.call(function, values, callee: callee)))
    }

    /// Runs a macro's body in a scope of its own under the one it was defined in.
    func run(_ macro: TemplateMacro, in definition: TemplateScope, _ arguments: Arguments) throws(TextError) -> String {
        let inner = TemplateScope(parent: definition)
        var named = arguments.named
        guard arguments.positional.count <= macro.parameters.count else {
            throw failure("the macro '\(macro.name)' takes at most \(macro.parameters.count) arguments")
        }
        let outer = scope
        defer { scope = outer }
        scope = inner
        for (index, parameter) in macro.parameters.enumerated() {
            try charge(1 + named.count)
            let value: TemplateValue
            if index < arguments.positional.count {
                value = arguments.positional[index]
            } else if let given = named.firstIndex(where: { $0.name == parameter.name }) {
                value = named.remove(at: given).value
            } else if let defaultValue = parameter.defaultValue {
                value = try evaluate(defaultValue)
            } else {
                value = .undefined(hint: "parameter '\(parameter.name)' was not provided")
            }
            inner.variables[parameter.name] = value
        }
        if let caller = named.firstIndex(where: { $0.name == "caller" }) {
            inner.variables["caller"] = named.remove(at: caller).value
        }
        if let extra = named.first {
            throw failure("the macro '\(macro.name)' takes no argument '\(extra.name)'")
        }
        return try captured { () throws(TextError) in _ = try run(macro.body) }
    }

    private func capture(_ body: [TemplateStatement], scope inner: TemplateScope) throws(TextError) -> TemplateValue {
        let outer = scope
        defer { scope = outer }
        scope = inner
        return .string(try captured { () throws(TextError) in _ = try run(body) })
    }

    private func captured(_ body: () throws(TextError) -> Void) throws(TextError) -> String {
        let outer = output
        output = ""
        defer { output = outer }
        try body()
        return output
    }

    private func filtered(
        _ value: TemplateValue, _ filters: [TemplateStatement.FilterCall]
    ) throws(TextError) -> TemplateValue {
        var value = value
        for filter in filters { value = try apply(filter, to: value) }
        return value
    }

    private func assign(_ value: TemplateValue, to target: TemplateStatement.Target) throws(TextError) {
        switch target {
        case .name(let name): scope.variables[name] = value
        case .attribute(let owner, let attribute):
            guard case .namespace(let namespace)? = scope.value(owner) else {
                throw failure("'\(owner)' is not a namespace, so '\(owner).\(attribute)' cannot be assigned")
            }
            namespace.attributes[attribute] = value
        case .tuple(let targets):
            let items = try sequence(value).items
            guard items.count == targets.count else {
                throw failure("\(items.count) values cannot be assigned to \(targets.count) names")
            }
            for (item, target) in zip(items, targets) { try assign(item, to: target) }
        }
    }

    private func keep(_ scope: TemplateScope) -> TemplateScope {
        keptScopes.append(scope)
        return scope
    }
}

// MARK: Bounds

extension TemplateInterpreter {
    func enter() throws(TextError) {
        depth += 1
        if depth > limits.depth { throw .templateLimit(what: "levels of evaluation", limit: limits.depth) }
        try charge(1)
    }

    func leave() { depth -= 1 }

    func charge(_ count: Int) throws(TextError) {
        steps += count
        if steps > limits.steps { throw .templateLimit(what: "steps", limit: limits.steps) }
    }

    /// Counts work on a text, and refuses one that is too long before it is made.
    func charge(byteCount: Int) throws(TextError) {
        try bound(byteCount: byteCount)
        try charge(byteCount / 32)
    }

    /// Refuses a text that has grown too long.
    func bound(_ text: String) throws(TextError) { try bound(byteCount: text.utf8.count) }

    private func bound(byteCount: Int) throws(TextError) {
        if byteCount > limits.outputByteCount {
            throw .templateLimit(what: "bytes of text", limit: limits.outputByteCount)
        }
    }

    /// A list or a dict, if its levels are within bounds.
    func bounded(_ value: TemplateValue) throws(TextError) -> TemplateValue {
        guard value.nesting <= limits.valueNesting else {
            throw .templateLimit(what: "levels of lists in lists", limit: limits.valueNesting)
        }
        return value
    }

    func write(_ text: String) throws(TextError) {
        try bound(byteCount: output.utf8.count + text.utf8.count)
        try charge(byteCount: text.utf8.count)
        output += text
    }

    func failure(_ reason: String) -> TextError { .templateEvaluation(line: line, reason: reason) }

    func unsupported(_ construct: String) -> TextError { .templateUnsupported(line: line, construct: construct) }
}
