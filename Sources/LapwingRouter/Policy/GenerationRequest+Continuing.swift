import LapwingAPI

extension GenerationRequest {
    /// Asks for what follows `shown`, of which `tokenCount` tokens were written. Of a request with one text prompt or chat.
    func continuing(_ shown: String, tokenCount: Int) -> GenerationRequest {
        var request = self
        request.maxTokens = maxTokens.map { max($0 - tokenCount, 1) }
        switch prompts.first {
        case .messages(let messages):
            request.prompts = [.messages(messages + [ChatMessage(role: "assistant", content: shown)])]
            request.continuesLastMessage = true
        case .text(let text): request.prompts = [.text(text + shown)]
        case .tokens, nil: break
        }
        return request
    }
}
