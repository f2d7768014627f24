import LapwingAPI

extension GenerationEvent {
    /// How many tokens were written for it, as far as one can see.
    var tokenCount: Int {
        switch self {
        case .delta(_, let text, let tokens): tokens.isEmpty ? Self.tokenCount(of: text) : tokens.count
        case .reasoning(_, let text): Self.tokenCount(of: text)
        case .toolCall(_, let call): max(1, Self.tokenCount(of: call.arguments))
        case .committed, .prompt, .checked, .finished, .completed: 0
        }
    }

    /// Most servers send a token at a time, which few are longer than this; others send many together.
    private static let longestTokenByteCount = 16

    private static func tokenCount(of text: String) -> Int {
        let count = text.utf8.count
        if count == 0 { return 0 }
        return count <= longestTokenByteCount ? 1 : PromptSize.tokens(in: count)
    }
}
