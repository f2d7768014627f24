import LapwingAPI

extension EmbeddingProvider {
    /// The vectors of texts; of one that is longer than the model reads, that of its beginning. Fitting and serving must read
    /// alike. Throws `RequestError`.
    package func embedBeginnings(
        of texts: [String], model: String, context: RequestContext
    ) async throws -> EmbeddingResult {
        func embed(_ texts: [String]) async throws -> EmbeddingResult {
            try await self.embed(EmbeddingRequest(model: model, inputs: texts.map { .text($0) }), context: context)
        }
        do { return try await embed(texts) } catch let error as RequestError {
            guard case .tooLong = error else { throw error }
            guard let text = texts.first, texts.count == 1 else {
                var whole = EmbeddingResult(
                    model: model, vectors: [], usage: Usage(promptTokens: 0, completionTokens: 0))
                for text in texts {
                    let found = try await embedBeginnings(of: [text], model: model, context: context)
                    whole.vectors += found.vectors
                    whole.usage.promptTokens += found.usage.promptTokens
                    whole.usage.computeNanoseconds = found.usage.computeNanoseconds.map {
                        $0 + (whole.usage.computeNanoseconds ?? 0)
                    }
                }
                return whole
            }
            guard text.count > 1 else { throw error }
            return try await embedBeginnings(
                of: [String(text.prefix(text.count / 2))], model: model, context: context)
        }
    }
}
