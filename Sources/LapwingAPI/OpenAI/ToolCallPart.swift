extension OpenAI {
    /// A call in an answer: whole in a body, in pieces with their index in a stream.
    struct ToolCallPart: Hashable, Sendable, Codable {
        struct Function: Hashable, Sendable, Codable {
            var name: String?
            var arguments: String?
        }

        var index: Int?
        var id: String?
        var type: String?
        var function: Function?

        init(_ delta: ToolCallDelta) {
            index = delta.index
            id = delta.id
            type = delta.id == nil ? nil : "function"
            function = Function(name: delta.name, arguments: delta.arguments)
        }

        init(_ call: ToolCall) {
            id = call.id
            type = "function"
            function = Function(name: call.name, arguments: call.arguments)
        }

        func delta(at index: Int) -> ToolCallDelta {
            ToolCallDelta(index: index, id: id, name: function?.name, arguments: function?.arguments ?? "")
        }

        var call: ToolCall {
            ToolCall(id: id ?? "", name: function?.name ?? "", arguments: function?.arguments ?? "")
        }
    }
}
