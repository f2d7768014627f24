import LapwingAPI

/// Which fields an OpenAI-compatible server understands.
package enum UpstreamDialect: Hashable, Sendable {
    /// OpenAI's own: it refuses fields that it does not know, and its newer models refuse the old name of the token limit.
    case openAI
    /// vLLM's, llama-server's and others': more ways to sample, and the old name of the token limit only.
    case extended

    /// The name of the first field of the request that cannot be said; nil where all can.
    package func lacks(_ request: GenerationRequest) -> String? {
        guard self == .openAI else { return nil }
        let standard = Sampling()
        let extensions = [
            ("top_k", request.sampling.topK != nil), ("min_p", request.sampling.minP != standard.minP),
            ("repetition_penalty", request.sampling.repetitionPenalty != standard.repetitionPenalty),
            ("ignore_eos", request.ignoreEOS), ("continue_final_message", request.continuesLastMessage),
        ]
        return extensions.first { $0.1 }?.0
    }
}
