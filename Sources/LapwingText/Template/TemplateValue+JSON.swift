extension TemplateValue {
    /// What Python's `json.loads` makes of it.
    init(_ tree: JSONTree, limits: TemplateLimits, depth: Int = 0) throws(TextError) {
        guard depth < limits.valueNesting else {
            throw .templateLimit(what: "levels of lists in lists", limit: limits.valueNesting)
        }
        switch tree {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .int(value)
        case .number(let value): self = .double(value)
        case .string(let text): self = .string(text)
        case .array(let elements):
            var items: [TemplateValue] = []
            for element in elements {
                items.append(try TemplateValue(element, limits: limits, depth: depth + 1))
            }
            self = .list(items)
        case .object(let members):
            var dict = TemplateDict()
            var places: [[UInt8]: Int] = [:]
            for (key, member) in members {
                let value = try TemplateValue(member, limits: limits, depth: depth + 1)
                // As Python, whose last value of a key counts and whose first gives the place.
                dict.set(.string(key), value, at: places[Array(key.utf8)])
                if places[Array(key.utf8)] == nil { places[Array(key.utf8)] = dict.pairs.count - 1 }
            }
            self = .dict(dict)
        }
    }
}
