import LapwingAPI
import LapwingText

/// A request whose values are in range and whose prompts are tokens that fit the context.
struct CheckedRequest: Sendable {
    struct Prompt: Sendable {
        var tokens: [TokenID]
        var maxTokens: Int
    }

    let request: GenerationRequest
    let prompts: [Prompt]

    /// More alternatives than this are of no use to anyone and cost a pass over the vocabulary each.
    private static let topLimit = 100

    /// What no model here does.
    private static let lacking = GenerationRequest.Feature.allCases

    init(_ request: GenerationRequest, encoder: PromptEncoder) throws(RequestError) {
        if let refusal = request.refusal(lacking: Self.lacking, in: request.model) { throw refusal }
        try Self.check(request)
        try Self.check(request.sampling, vocabularySize: encoder.tokenizer.vocabularySize)
        self.request = request
        var prompts: [Prompt] = []
        for (index, prompt) in request.prompts.enumerated() {
            let field =
                if case .messages = prompt { "messages" } else {
                    request.prompts.count == 1 ? "prompt" : "prompt[\(index)]"
                }
            let tokens = try encoder.encode(prompt, field: field, continuing: request.continuesLastMessage)
            let room = encoder.contextLength - tokens.count
            guard room >= request.maxTokens ?? 1 else {
                throw .contextOverflow(
                    promptTokens: tokens.count, maxTokens: request.maxTokens, contextLength: encoder.contextLength)
            }
            prompts.append(Prompt(tokens: tokens, maxTokens: request.maxTokens ?? room))
        }
        self.prompts = prompts
    }

    private static func check(_ request: GenerationRequest) throws(RequestError) {
        if request.prompts.isEmpty { throw .invalid(field: "prompt", found: "none", expected: "at least one") }
        try check(request.choiceCount, "n", 1...Int.max, "1 or more")
        if let maxTokens = request.maxTokens { try check(maxTokens, "max_tokens", 0...Int.max, "0 or more") }
        if let top = request.topLogProbabilities {
            try check(top, "top_logprobs", 0...topLimit, "0 to \(topLimit)")
        }
    }

    private static func check(_ sampling: Sampling, vocabularySize: Int) throws(RequestError) {
        // Logits are floats: what is finite as a double may be infinite or zero as one of those.
        let most = Double(Float.greatestFiniteMagnitude)
        let finite = -most...most
        let positive = Double(Float.leastNormalMagnitude)...most
        try check(sampling.temperature, "temperature", 0...most, "0 or more")
        try check(sampling.topP, "top_p", 0...1, "0 to 1")
        try check(sampling.minP, "min_p", 0...1, "0 to 1")
        if let topK = sampling.topK { try check(topK, "top_k", 1...Int.max, "1 or more") }
        try check(sampling.repetitionPenalty, "repetition_penalty", positive, "more than 0")
        try check(sampling.presencePenalty, "presence_penalty", finite, "a finite number")
        try check(sampling.frequencyPenalty, "frequency_penalty", finite, "a finite number")
        for (token, bias) in sampling.logitBias {
            let expected = "token ids from 0 to \(vocabularySize - 1)"
            try check(Int(token), "logit_bias", 0...vocabularySize - 1, expected)
            try check(bias, "logit_bias.\(token)", finite, "a finite number")
        }
    }

    private static func check<T: Comparable>(
        _ value: T, _ field: String, _ range: ClosedRange<T>, _ expected: String
    ) throws(RequestError) {
        guard range.contains(value) else { throw .invalid(field: field, found: "\(value)", expected: expected) }
    }
}
