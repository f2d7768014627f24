/// What an expression comes to: Python's plain values, and nothing of the host.
enum TemplateValue {
    /// A name or an item that is not there; `hint` says which.
    case undefined(hint: String)
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case list(TemplateList)
    case dict(TemplateDict)
    case namespace(TemplateNamespace)
    case loop(TemplateLoop)
    indirect case function(TemplateFunction)
}

/// A list or a tuple. Lists cannot be changed in a template, so sharing is by value.
struct TemplateList {
    let items: [TemplateValue]
    let isTuple: Bool
    /// Levels of lists and dicts in it, itself included: bounded, because freeing and printing go down them.
    let nesting: Int

    init(_ items: [TemplateValue], isTuple: Bool = false) {
        self.items = items
        self.isTuple = isTuple
        self.nesting = 1 + items.reduce(0) { max($0, $1.nesting) }
    }
}

/// Keys and values in the order of their first insertion.
struct TemplateDict {
    struct Pair {
        var key: TemplateValue
        var value: TemplateValue
    }

    private(set) var pairs: [Pair] = []
    private(set) var nesting = 1

    /// Keys that differ from one another, such as those of a message.
    init(_ pairs: [(String, TemplateValue)] = []) {
        for (key, value) in pairs { set(.string(key), value, at: nil) }
    }

    /// Sets the value at a place that `TemplateInterpreter.place` found, or adds a pair where there is none.
    mutating func set(_ key: TemplateValue, _ value: TemplateValue, at place: Int?) {
        nesting = max(nesting, 1 + max(key.nesting, value.nesting))
        if let place { pairs[place].value = value } else { pairs.append(Pair(key: key, value: value)) }
    }
}

/// `namespace()`: the one value with attributes that a template may assign.
final class TemplateNamespace {
    var attributes: [String: TemplateValue]

    init(_ attributes: [String: TemplateValue]) { self.attributes = attributes }
}

/// What `loop` is within one round.
struct TemplateLoop {
    let list: TemplateList
    let index: Int

    private var items: [TemplateValue] { list.items }

    func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "index": .int(index + 1)
        case "index0": .int(index)
        case "revindex": .int(items.count - index)
        case "revindex0": .int(items.count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == items.count - 1)
        case "length": .int(items.count)
        // Counts recursive loops, which are not here.
        case "depth": .int(1)
        case "depth0": .int(0)
        case "previtem": index > 0 ? items[index - 1] : .undefined(hint: "there is no previous item")
        case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined(hint: "there is no next item")
        default: nil
        }
    }
}

/// What can be called.
enum TemplateFunction {
    case global(String)
    case macro(TemplateMacro, scope: TemplateScope)
    case method(of: TemplateValue, String)
}

/// The variables of a block. Macros keep the scope that they were defined in.
final class TemplateScope {
    var variables: [String: TemplateValue]
    let parent: TemplateScope?

    init(_ variables: [String: TemplateValue] = [:], parent: TemplateScope?) {
        self.variables = variables
        self.parent = parent
    }

    func value(_ name: String) -> TemplateValue? {
        var scope: TemplateScope? = self
        while let current = scope {
            if let value = current.variables[name] { return value }
            scope = current.parent
        }
        return nil
    }
}

extension TemplateValue {
    static func list(_ items: [TemplateValue]) -> TemplateValue { .list(TemplateList(items)) }
    static func tuple(_ items: [TemplateValue]) -> TemplateValue { .list(TemplateList(items, isTuple: true)) }

    var nesting: Int {
        switch self {
        case .list(let list): list.nesting
        case .dict(let dict): dict.nesting
        case .loop(let loop): loop.list.nesting
        case .function(.method(of: let value, _)): 1 + value.nesting
        default: 0
        }
    }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let text): !text.utf8.isEmpty
        case .list(let list): !list.items.isEmpty
        case .dict(let dict): !dict.pairs.isEmpty
        case .namespace, .loop, .function: true
        }
    }

    /// Python's name of the type, for messages.
    var typeName: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .bool: "bool"
        case .int: "int"
        case .double: "float"
        case .string: "str"
        case .list(let list): list.isTuple ? "tuple" : "list"
        case .dict: "dict"
        case .namespace: "Namespace"
        case .loop: "LoopContext"
        case .function: "function"
        }
    }

    /// A number, with true and false as 1 and 0.
    var number: TemplateNumber? {
        switch self {
        case .bool(let value): .int(value ? 1 : 0)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        default: nil
        }
    }

    /// An integer, with true and false as 1 and 0.
    var integer: Int? {
        if case .int(let value)? = number { value } else { nil }
    }
}

enum TemplateNumber: Equatable {
    case int(Int)
    case double(Double)

    var double: Double {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        }
    }

    static func == (left: TemplateNumber, right: TemplateNumber) -> Bool {
        if case .int(let left) = left, case .int(let right) = right {
            left == right
        } else {
            left.double == right.double
        }
    }
}
