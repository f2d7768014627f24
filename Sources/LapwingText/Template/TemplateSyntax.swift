/// A parsed template: plain values that any number of threads may render from.
struct TemplateStatement: Sendable {
    indirect enum Kind: Sendable {
        case text(String)
        case output(TemplateExpression)
        case condition([Branch], otherwise: [TemplateStatement])
        case loop(Loop)
        case assign(Target, TemplateExpression)
        /// `{% set x | filters %}…{% endset %}`
        case capture(Target, filters: [FilterCall], body: [TemplateStatement])
        case macro(TemplateMacro)
        /// `{% call(parameters) callee(…) %}…{% endcall %}`
        case callBlock(caller: TemplateMacro, call: TemplateExpression)
        case filterBlock([FilterCall], body: [TemplateStatement])
        case with([(Target, TemplateExpression)], body: [TemplateStatement])
        /// `{% generation %}…{% endgeneration %}` marks text for training and is otherwise nothing.
        case group([TemplateStatement])
        case breakLoop
        case continueLoop
    }

    struct Branch: Sendable {
        var condition: TemplateExpression
        var body: [TemplateStatement]
    }

    struct Loop: Sendable {
        var target: Target
        var items: TemplateExpression
        var filter: TemplateExpression?
        var body: [TemplateStatement]
        var otherwise: [TemplateStatement]
    }

    /// What is assigned to.
    enum Target: Sendable {
        case name(String)
        case attribute(of: String, String)
        case tuple([Target])
    }

    struct FilterCall: Sendable {
        var filter: TemplateFilter
        var arguments: TemplateArguments
    }

    var kind: Kind
    var line: Int
}

/// A macro's definition, or the body of a call block.
struct TemplateMacro: Sendable {
    struct Parameter: Sendable {
        var name: String
        var defaultValue: TemplateExpression?
    }

    var name: String
    var parameters: [Parameter]
    var body: [TemplateStatement]
}

struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
}

indirect enum TemplateExpression: Sendable {
    enum Literal: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        case double(Double)
        case string(String)
    }

    enum Arithmetic: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case floorDivide = "//"
        case remainder = "%"
        case power = "**"
    }

    enum Comparison: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
        case isNotIn = "not in"
    }

    case literal(Literal)
    case name(String)
    case list([TemplateExpression])
    case tuple([TemplateExpression])
    case dict([(key: TemplateExpression, value: TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, step: TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, TemplateStatement.FilterCall)
    case test(TemplateExpression, TemplateTest, TemplateArguments)
    case negative(TemplateExpression)
    case positive(TemplateExpression)
    /// One or more operators of the same rank, from left to right.
    case arithmetic(TemplateExpression, [(Arithmetic, TemplateExpression)])
    case concatenation([TemplateExpression])
    /// Chained as in Python: `a < b < c`.
    case comparison(TemplateExpression, [(Comparison, TemplateExpression)])
    case not(TemplateExpression)
    case and([TemplateExpression])
    case or([TemplateExpression])
    case choice(TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?)
    /// What this interpreter does not have; fails when it is reached.
    case unsupported(String)
}

/// The filters, by their names in templates.
enum TemplateFilter: String, Sendable {
    case `default`, d
    case trim, upper, lower, capitalize, title, replace, indent, string, safe, wordcount
    case tojson
    case int, float, abs, round
    case length, count
    case list, first, last, items, join, reverse, map, select, reject, selectattr, rejectattr
    case sort, unique, min, max, sum, dictsort
}

/// The tests of `is`, by their names in templates.
enum TemplateTest: String, Sendable {
    case defined, undefined, none, `true`, `false`, boolean, integer, float, number, string, mapping, callable
    case iterable, sequence
    case odd, even, divisibleby
    case lower, upper
    case eq, equalto, ne, lt, lessthan, le, gt, greaterthan, ge, `in`
    // `select` and its like take the operators' signs as well.
    case equalSign = "=="
    case notEqualSign = "!="
    case lessSign = "<"
    case lessOrEqualSign = "<="
    case greaterSign = ">"
    case greaterOrEqualSign = ">="
}
