extension GenerationRequest {
    /// The same, asked of a model that writes: it is told which labels it is to answer with, after what the request's own
    /// system message says. Token ids stay as they are.
    package func naming(_ labels: [String]) -> GenerationRequest {
        // Where one has a comma, nobody could tell where it ends.
        let isListed = labels.contains { $0.contains(",") }
        let instruction =
            "Answer with one of these labels, exactly as it is written, and nothing else:"
            + (isListed ? labels.map { "\n- \($0)" }.joined() : " " + labels.joined(separator: ", "))
        var request = self
        request.labels = nil
        request.prompts = prompts.map { prompt in
            switch prompt {
            case .messages(let messages):
                let place = messages.prefix { $0.role == "system" || $0.role == "developer" }.count
                let told = ChatMessage(role: "system", content: instruction)
                return .messages(messages[..<place] + [told] + messages[place...])
            case .text(let text): return .text("\(instruction)\n\n\(text)")
            case .tokens: return prompt
            }
        }
        return request
    }
}
