import LapwingAPI

/// How many tokens a prompt comes to, for calls that ended before their provider said.
enum PromptSize {
    /// Bytes of English text in a token of today's vocabularies of 32 to 200 thousand.
    private static let bytesPerToken = 4
    /// What a chat template puts around each message.
    private static let tokensPerMessage = 4
    /// Of an image of a thousand pixels a side, at OpenAI's and Anthropic's reckoning.
    private static let tokensPerImage = 1000

    /// Around a message, before a prompt, or around a tool.
    private static let mostTemplateTokens = 16
    /// More than any provider counts for one: OpenAI's gpt-4o-mini counts up to 2,833 + 8 × 5,667, the others far less.
    static let mostImageTokens = 50_000
    /// What providers tell a model about tools at all; Anthropic's is the longest.
    private static let mostToolPreambleTokens = 1024

    /// Of a call that ended before its provider said what it billed: an image counts as much as it may have cost, so that
    /// nobody spends more than their budget by going away.
    static func billableTokens(of request: GenerationRequest) -> Int {
        let images = request.prompts.reduce(0) { sum, prompt in
            guard case .messages(let messages) = prompt else { return sum }
            return messages.reduce(sum) { $0 + $1.imageCount }
        }
        return estimatedTokens(of: request) + images * (mostImageTokens - tokensPerImage)
    }

    static func estimatedTokens(of request: GenerationRequest) -> Int {
        estimatedTokens(of: request.prompts) + tokens(in: request.schemaByteCount)
    }

    static func estimatedTokens(of prompts: [Prompt]) -> Int {
        prompts.reduce(0) { sum, prompt in
            switch prompt {
            case .messages(let messages): sum + messages.reduce(0) { $0 + estimatedTokens(of: $1) }
            case .text(let text): sum + tokens(in: text.utf8.count)
            case .tokens(let tokens): sum + tokens.count
            }
        }
    }

    /// More than any tokenizer makes of it: a token spells a byte at least, and what a template puts around a message is
    /// short.
    static func mostTokens(of request: GenerationRequest) -> Int {
        var tools = request.toolUse.map { mostToolPreambleTokens + $0.tools.count * mostTemplateTokens } ?? 0
        // Anthropic's tells the model about the schema in words of its own.
        if request.responseFormat != nil { tools += mostToolPreambleTokens }
        return mostTokens(of: request.prompts) + request.schemaByteCount + tools
    }

    static func mostTokens(of prompts: [Prompt]) -> Int {
        prompts.reduce(0) { sum, prompt in
            switch prompt {
            case .messages(let messages): sum + mostTemplateTokens + messages.reduce(0) { $0 + mostTokens(of: $1) }
            case .text(let text): sum + mostTemplateTokens + text.utf8.count
            case .tokens(let tokens): sum + mostTemplateTokens + tokens.count
            }
        }
    }

    static func mostTokens(of message: ChatMessage) -> Int {
        message.textByteCount + message.role.utf8.count + (message.name?.utf8.count ?? 0)
            + message.imageCount * mostImageTokens + (1 + message.toolCalls.count) * mostTemplateTokens
    }

    private static func estimatedTokens(of message: ChatMessage) -> Int {
        tokens(in: message.textByteCount) + message.imageCount * tokensPerImage + tokensPerMessage
    }

    /// Of English text.
    static func tokens(in byteCount: Int) -> Int { (byteCount + bytesPerToken - 1) / bytesPerToken }
}

extension ChatMessage {
    /// Of all that a model reads as text.
    fileprivate var textByteCount: Int {
        toolCalls.reduce(content.utf8.count + (toolCallID?.utf8.count ?? 0)) { sum, call in
            sum + call.id.utf8.count + call.name.utf8.count + call.arguments.utf8.count
        }
    }

    fileprivate var imageCount: Int { parts.count { if case .image = $0 { true } else { false } } }
}

extension GenerationRequest {
    /// Of the tools and of the answer's schema as JSON.
    fileprivate var schemaByteCount: Int {
        [toolUse?.json, responseFormat?.json].reduce(0) { $0 + ($1?.text.count ?? 0) }
    }
}
