extension GenerationRequest {
    /// What a request may ask of a model beyond text.
    package enum Feature: Hashable, Sendable, CaseIterable {
        case tools, images, responseFormat, labels, reasoningEffort

        /// Why a model that lacks it refuses, as the end of a sentence.
        package func absence(in model: String) -> String {
            switch self {
            case .tools: "'\(model)' does not call tools"
            case .images: "'\(model)' reads nothing but text"
            case .responseFormat: "the output of '\(model)' cannot be constrained"
            case .labels: "'\(model)' writes; a route with 'labels: request' answers with one of the choices"
            case .reasoningEffort: "how long '\(model)' thinks cannot be set"
            }
        }
    }

    /// The first field that asks for it; nil where none does.
    package func field(asking feature: Feature) -> String? {
        switch feature {
        case .tools:
            if toolUse != nil { return "tools" }
            return firstMessage { message in
                if !message.toolCalls.isEmpty { return "tool_calls" }
                return message.role == "tool" ? "role" : nil
            }
        case .images:
            return firstMessage { message in
                message.parts.firstIndex { if case .image = $0 { true } else { false } }.map { "content[\($0)].type" }
            }
        case .responseFormat: return responseFormat == nil ? nil : "response_format"
        case .labels: return labels == nil ? nil : "structured_outputs"
        // A model that does not think takes no effort.
        case .reasoningEffort: return [nil, "none"].contains(reasoningEffort) ? nil : "reasoning_effort"
        }
    }

    /// The refusal of a model that has none of these; nil where the request asks for none.
    package func refusal(lacking features: [Feature], in model: String) -> RequestError? {
        for feature in features {
            if let field = field(asking: feature) {
                return .unsupported(field: field, reason: feature.absence(in: model))
            }
        }
        return nil
    }

    /// The path of the first member of a message of which `member` says one.
    package func firstMessage(_ member: (ChatMessage) -> String?) -> String? {
        for case .messages(let messages) in prompts {
            for (index, message) in messages.enumerated() {
                if let member = member(message) { return "messages[\(index)].\(member)" }
            }
        }
        return nil
    }
}
