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
        /// vLLM's `structured_outputs.choice`, and `guided_choice` before that. Upstreams are told in words.
        package var choices: [String]?

        package init() {}
    }
}

extension OpenAI.SamplingFields {
    /// What is set.
    func write(to members: inout JSONMembers) {
        members["temperature"] = temperature.map(JSONValue.number)
        members["top_p"] = topP.map(JSONValue.number)
        members["n"] = n.map(JSONValue.init)
        members["max_tokens"] = maxTokens.map(JSONValue.init)
        members["stop"] = stop.map { .array($0.map(JSONValue.string)) }
        members["stream"] = stream.map(JSONValue.bool)
        if let includeUsage = streamOptions?.includeUsage {
            members["stream_options"] = ["include_usage": .bool(includeUsage)]
        }
        members["presence_penalty"] = presencePenalty.map(JSONValue.number)
        members["frequency_penalty"] = frequencyPenalty.map(JSONValue.number)
        members["logit_bias"] = logitBias.map { biases in
            var entries = JSONMembers()
            for (token, bias) in biases.sorted(by: { $0.key < $1.key }) { entries[token] = .number(bias) }
            return .object(entries)
        }
        members["seed"] = seed.map(JSONValue.integer)
        members["user"] = user.map(JSONValue.string)
        members["top_k"] = topK.map(JSONValue.init)
        members["min_p"] = minP.map(JSONValue.number)
        members["repetition_penalty"] = repetitionPenalty.map(JSONValue.number)
        members["ignore_eos"] = ignoreEOS.map(JSONValue.bool)
        members["cache_prompt"] = cachePrompt.map(JSONValue.bool)
    }
}
