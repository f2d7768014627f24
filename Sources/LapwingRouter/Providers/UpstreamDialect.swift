import LapwingAPI

/// Which fields of a request a model's API, or our own engine, has a word for.
package enum UpstreamDialect: Hashable, Sendable {
    /// Our own engine's.
    case local
    /// OpenAI's own: it refuses fields that it does not know, and its newer models refuse the old name of the token limit.
    case openAI
    /// vLLM's, llama-server's and others': more ways to sample, and the old name of the token limit only.
    case extended
    /// Anthropic's Messages.
    case anthropic

    /// Why `model` cannot be sent the request without losing a part of it; nil where it can.
    package func refusal(of request: GenerationRequest, by model: String) -> RequestError? {
        // Not all servers with vLLM's fields have this one, and those that have not pass over it.
        if let refusal = request.refusal(lacking: [.labels], in: model) { return refusal }
        switch self {
        case .local: return request.refusal(lacking: GenerationRequest.Feature.allCases, in: model)
        case .extended: return Self.echoRefusal(request)
        case .openAI:
            if let field = request.extensionField { return .unknown(field, to: model) }
            return Self.echoRefusal(request)
        case .anthropic: return AnthropicRequest.refusal(of: request, by: model)
        }
    }

    private static func echoRefusal(_ request: GenerationRequest) -> RequestError? {
        guard request.echo else { return nil }
        return .unsupported(
            field: "echo", reason: "a remote model's stream does not tell the prompt's tokens from the answer's")
    }
}

extension RequestError {
    static func unknown(_ field: String, to model: String) -> RequestError {
        .unsupported(field: field, reason: "the API of '\(model)' has no such field")
    }
}

extension GenerationRequest {
    /// The first field that servers have and OpenAI's own API has not.
    fileprivate var extensionField: String? {
        let standard = Sampling()
        let extensions = [
            ("top_k", sampling.topK != nil), ("min_p", sampling.minP != standard.minP),
            ("repetition_penalty", sampling.repetitionPenalty != standard.repetitionPenalty),
            ("ignore_eos", ignoreEOS), ("continue_final_message", continuesLastMessage),
        ]
        return extensions.first { $0.1 }?.0
    }
}
