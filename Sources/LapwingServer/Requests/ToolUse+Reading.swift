import LapwingAPI

extension ToolUse {
    /// nil where the request offers nothing to call.
    init?(_ reader: inout FieldReader, options: ServerOptions) throws(RequestError) {
        let elements = try reader.array("tools") ?? []
        guard elements.count <= options.maxTools else {
            throw .invalid(field: "tools", found: "\(elements.count) tools", expected: "at most \(options.maxTools)")
        }
        var tools: [Tool] = []
        for (index, element) in elements.enumerated() {
            var tool = try FieldReader(element, path: "tools[\(index)]")
            tools.append(try Tool(&tool))
            reader.adopt(tool, as: "tools[]")
        }
        let choice = try Choice(&reader, among: tools)
        let allowsParallelCalls = try reader.boolean("parallel_tool_calls")
        if tools.isEmpty { return nil }
        self.init(tools: tools, choice: choice, allowsParallelCalls: allowsParallelCalls)
    }
}

extension ToolUse.Choice {
    private static let words = ["auto": ToolUse.Choice.auto, "none": .never, "required": .required]
    private static let forms = "'auto', 'none', 'required', or an object that names a function"

    /// nil where nothing is said.
    fileprivate init?(_ reader: inout FieldReader, among tools: [Tool]) throws(RequestError) {
        switch reader.value("tool_choice") {
        case nil: return nil
        case .string(let word)?:
            guard let choice = Self.words[word] else {
                throw .invalid(field: "tool_choice", found: named(word), expected: Self.forms)
            }
            self = choice
        case .object?:
            guard var object = try reader.object("tool_choice") else { return nil }
            try object.requireFunction()
            guard var function = try object.object("function") else {
                throw object.missing("function", expected: "an object")
            }
            self = .function(name: try function.requiredString("name"))
            object.adopt(function)
            reader.adopt(object)
        case let other?: throw reader.wrong("tool_choice", other, expected: Self.forms)
        }
        switch self {
        case .never: break
        case .function(let name) where !tools.contains(where: { $0.name == name }):
            throw .invalid(
                field: "tool_choice.function.name", found: "a name that is none of 'tools'", expected: "one that is")
        case .auto, .required, .function:
            guard tools.isEmpty else { break }
            throw .invalid(
                field: "tool_choice", found: "a choice", expected: "nothing, or 'none', where there are no 'tools'")
        }
    }
}

extension Tool {
    fileprivate init(_ reader: inout FieldReader) throws(RequestError) {
        try reader.requireFunction()
        guard var function = try reader.object("function") else {
            throw reader.missing("function", expected: "an object")
        }
        self.init(name: try function.requiredString("name", atMost: 128))
        description = try function.string("description")
        parameters = try function.schema("parameters")
        isStrict = try function.boolean("strict")
        reader.adopt(function)
        guard !name.isEmpty else {
            throw .invalid(field: function.pathOf("name"), found: "an empty string", expected: "a name")
        }
    }
}

extension ResponseFormat {
    /// nil where any text will do.
    static func read(_ reader: inout FieldReader) throws(RequestError) -> ResponseFormat? {
        guard var format = try reader.object("response_format") else { return nil }
        defer { reader.adopt(format) }
        let type = try format.requiredString("type")
        switch type {
        case "text": return nil
        case "json_object": return .jsonObject
        case "json_schema":
            guard var answer = try format.object("json_schema") else {
                throw format.missing("json_schema", expected: "an object")
            }
            var schema = AnswerSchema(name: try answer.requiredString("name", atMost: 128))
            schema.description = try answer.string("description")
            schema.schema = try answer.schema("schema")
            schema.isStrict = try answer.boolean("strict")
            format.adopt(answer)
            return .jsonSchema(schema)
        default:
            throw .unsupported(
                field: "response_format.type",
                reason: "only 'text', 'json_object' and 'json_schema' are available, not \(named(type))")
        }
    }
}

extension FieldReader {
    /// Refuses whatever is called otherwise than as a function.
    mutating func requireFunction() throws(RequestError) {
        let type = try requiredString("type")
        guard type == "function" else {
            throw .unsupported(
                field: pathOf("type"), reason: "only tools of type 'function' are available, not \(named(type))")
        }
    }

    /// A JSON schema, taken as it is.
    fileprivate mutating func schema(_ key: String) throws(RequestError) -> JSONValue? {
        guard let value = value(key) else { return nil }
        guard case .object = value else { throw wrong(key, value, expected: "an object") }
        return value
    }
}
