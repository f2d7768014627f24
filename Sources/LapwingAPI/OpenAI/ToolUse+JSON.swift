/// How the OpenAI API writes tools, their calls, and what an answer must be.
extension ToolUse {
    func write(to members: inout JSONMembers) {
        members["tools"] = json
        members["tool_choice"] = choice?.json
        members["parallel_tool_calls"] = allowsParallelCalls.map(JSONValue.bool)
    }

    /// The value of `tools`.
    package var json: JSONValue { .array(tools.map(\.json)) }
}

extension ToolUse.Choice {
    fileprivate var json: JSONValue {
        switch self {
        case .auto: "auto"
        case .never: "none"
        case .required: "required"
        case .function(let name): ["type": "function", "function": ["name": .string(name)]]
        }
    }
}

extension Tool {
    fileprivate var json: JSONValue {
        var function: JSONMembers = ["name": .string(name)]
        function["description"] = description.map(JSONValue.string)
        function["parameters"] = parameters
        function["strict"] = isStrict.map(JSONValue.bool)
        return ["type": "function", "function": .object(function)]
    }
}

extension ToolCall {
    var json: JSONValue {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }
}

extension ResponseFormat {
    /// The value of `response_format`.
    package var json: JSONValue {
        switch self {
        case .jsonObject: return ["type": "json_object"]
        case .jsonSchema(let answer):
            var members: JSONMembers = ["name": .string(answer.name)]
            members["description"] = answer.description.map(JSONValue.string)
            members["schema"] = answer.schema
            members["strict"] = answer.isStrict.map(JSONValue.bool)
            return ["type": "json_schema", "json_schema": .object(members)]
        }
    }
}
