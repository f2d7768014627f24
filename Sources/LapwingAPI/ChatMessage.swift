/// One message of a conversation.
package struct ChatMessage: Hashable, Sendable, Codable {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    package var role: String
    /// In their order; none where an assistant did nothing but call functions.
    package var parts: [ContentPart]
    package var name: String?
    /// What an assistant called.
    package var toolCalls: [ToolCall] = []
    /// Of a `tool` message: the call that it is the result of.
    package var toolCallID: String?

    package init(role: String, parts: [ContentPart], name: String? = nil) {
        self.role = role
        self.parts = parts
        self.name = name
    }

    package init(role: String, content: String, name: String? = nil) {
        self.init(role: role, parts: [.text(content)], name: name)
    }

    /// All of its text; parts are joined by line breaks, as vLLM does.
    package var content: String {
        parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }
}

package enum ContentPart: Hashable, Sendable, Codable {
    case text(String)
    case image(ChatImage)
}

/// An image as a message holds it. Nothing here fetches or decodes it.
package struct ChatImage: Hashable, Sendable, Codable {
    package enum Source: Hashable, Sendable, Codable {
        /// An `https` address, which the provider fetches.
        case url(String)
        case data(mediaType: String, base64: String)
    }

    package var source: Source
    /// How closely to look: `auto`, `low` or `high`.
    package var detail: String?

    package init(source: Source, detail: String? = nil) {
        self.source = source
        self.detail = detail
    }
}
