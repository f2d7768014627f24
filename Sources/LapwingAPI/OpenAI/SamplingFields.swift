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

extension OpenAI.SamplingFields: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
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

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        temperature = try container.decodeIfPresent(Double.self, forKey: .temperature)
        topP = try container.decodeIfPresent(Double.self, forKey: .topP)
        n = try container.decodeIfPresent(Int.self, forKey: .n)
        maxTokens = try container.decodeIfPresent(Int.self, forKey: .maxTokens)
        if let one = try? container.decodeIfPresent(String.self, forKey: .stop) {
            stop = [one]
        } else {
            stop = try container.decodeIfPresent([String].self, forKey: .stop)
        }
        stream = try container.decodeIfPresent(Bool.self, forKey: .stream)
        streamOptions = try container.decodeIfPresent(OpenAI.StreamOptions.self, forKey: .streamOptions)
        presencePenalty = try container.decodeIfPresent(Double.self, forKey: .presencePenalty)
        frequencyPenalty = try container.decodeIfPresent(Double.self, forKey: .frequencyPenalty)
        logitBias = try container.decodeIfPresent([String: Double].self, forKey: .logitBias)
        seed = try container.decodeIfPresent(Int64.self, forKey: .seed)
        user = try container.decodeIfPresent(String.self, forKey: .user)
        topK = try container.decodeIfPresent(Int.self, forKey: .topK)
        minP = try container.decodeIfPresent(Double.self, forKey: .minP)
        repetitionPenalty = try container.decodeIfPresent(Double.self, forKey: .repetitionPenalty)
        ignoreEOS = try container.decodeIfPresent(Bool.self, forKey: .ignoreEOS)
        cachePrompt = try container.decodeIfPresent(Bool.self, forKey: .cachePrompt)
    }
}
