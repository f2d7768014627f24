import LapwingAPI

/// How many tokens a prompt comes to, for calls that ended before their provider said.
enum PromptSize {
    /// Bytes of English text in a token of today's vocabularies of 32 to 200 thousand.
    private static let bytesPerToken = 4
    /// What a chat template puts around each message.
    private static let tokensPerMessage = 4

    static func estimatedTokens(of prompts: [Prompt]) -> Int {
        prompts.reduce(0) { $0 + estimatedTokens(of: $1) }
    }

    /// More than any tokenizer makes of it: a token spells a byte at least, and what a template puts around a message is
    /// short.
    static func mostTokens(of prompts: [Prompt]) -> Int {
        prompts.reduce(0) { sum, prompt in
            sum + mostTemplateTokens
                + {
                    switch prompt {
                    case .messages(let messages):
                        messages.reduce(0) { $0 + mostTokens(of: $1) }
                    case .text(let text): text.utf8.count
                    case .tokens(let tokens): tokens.count
                    }
                }()
        }
    }

    static func mostTokens(of message: ChatMessage) -> Int {
        message.content.utf8.count + message.role.utf8.count + (message.name?.utf8.count ?? 0) + mostTemplateTokens
    }

    /// Around a message, or before a prompt.
    private static let mostTemplateTokens = 16

    private static func estimatedTokens(of prompt: Prompt) -> Int {
        switch prompt {
        case .messages(let messages):
            messages.reduce(0) { $0 + estimatedTokens(of: $1.content) + tokensPerMessage }
        case .text(let text): estimatedTokens(of: text)
        case .tokens(let tokens): tokens.count
        }
    }

    private static func estimatedTokens(of text: String) -> Int {
        (text.utf8.count + bytesPerToken - 1) / bytesPerToken
    }
}
