extension OpenAI {
    /// The fields that chat and completion requests have in common; they lie flat beside the others in the JSON.
    package struct SamplingFields: Hashable, Sendable {
        package var temperature: Double?
        package var topP: Double?
        package var n: Int?
        package var maxTokens: Int?
        /// One string is read as a list of one; always written as a list.
        package var stop: [String]?
        package var stream: Bool?
        package var streamOptions: StreamOptions?
        package var presencePenalty: Double?
        package var frequencyPenalty: Double?
        /// Token id, in decimal digits, to bias.
        package var logitBias: [String: Double]?
        package var seed: Int64?
        package var user: String?

        // Of vLLM and llama-server, not of OpenAI.
        package var topK: Int?
        package var minP: Double?
        package var repetitionPenalty: Double?
        package var ignoreEOS: Bool?
        package var cachePrompt: Bool?

        package init() {}
    }
}

extension OpenAI.SamplingFields: Encodable {
    private enum CodingKeys: String, CodingKey {
        case temperature, n, stop, stream, seed, user
        case topP = "top_p"
        case maxTokens = "max_tokens"
        case streamOptions = "stream_options"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case logitBias = "logit_bias"
        case topK = "top_k"
        case minP = "min_p"
        case repetitionPenalty = "repetition_penalty"
        case ignoreEOS = "ignore_eos"
        case cachePrompt = "cache_prompt"
    }
}
