/// What a model may call, and whether it must.
package struct ToolUse: Hashable, Sendable, Encodable {
    package enum Choice: Hashable, Sendable, Encodable {
        /// Whether to call anything, and what, is up to the model.
        case auto
        case never
        /// One of them at least.
        case required
        case function(name: String)
    }

    /// At least one.
    package var tools: [Tool]
    /// nil is `auto`.
    package var choice: Choice?
    /// Whether one answer may make several calls; nil leaves it to the API.
    package var allowsParallelCalls: Bool?

    package init(tools: [Tool], choice: Choice? = nil, allowsParallelCalls: Bool? = nil) {
        self.tools = tools
        self.choice = choice
        self.allowsParallelCalls = allowsParallelCalls
    }
}

/// A function that a model may call.
package struct Tool: Hashable, Sendable, Encodable {
    package var name: String
    package var description: String?
    /// A JSON schema of its arguments; nil where it takes none.
    package var parameters: JSONValue?
    /// Whether the arguments must keep to the schema; nil leaves it to the API.
    package var isStrict: Bool?

    package init(
        name: String, description: String? = nil, parameters: JSONValue? = nil, isStrict: Bool? = nil
    ) {
        self.name = name
        self.description = description
        self.parameters = parameters
        self.isStrict = isStrict
    }
}

/// A call that an assistant made in an earlier message.
package struct ToolCall: Hashable, Sendable, Codable {
    package var id: String
    package var name: String
    /// JSON text, as the model wrote it.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// What an answer's text must be.
package enum ResponseFormat: Hashable, Sendable, Encodable {
    /// Any JSON object.
    case jsonObject
    case jsonSchema(AnswerSchema)
}

/// A JSON schema that an answer is to keep to.
package struct AnswerSchema: Hashable, Sendable, Encodable {
    package var name: String
    package var description: String?
    package var schema: JSONValue?
    /// nil leaves it to the API.
    package var isStrict: Bool?

    package init(name: String, description: String? = nil, schema: JSONValue? = nil, isStrict: Bool? = nil) {
        self.name = name
        self.description = description
        self.schema = schema
        self.isStrict = isStrict
    }
}
