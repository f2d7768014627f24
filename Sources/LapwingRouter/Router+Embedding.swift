import LapwingAPI

/// The model itself, or a route's open one: vectors and scores of two models cannot stand for one another, so nothing
/// escalates.
extension Router: EmbeddingProvider {
    package func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
        let (route, model) = try table.openModel(of: request.model)
        _ = try model.require(\.embedding, for: .embeddings)
        let call = SingleCall(
            endpoint: "embeddings", route: route, model: model, prompts: request.inputs.map(Prompt.init),
            context: context)
        return try await perform(call) { [request] endpoint, context in
            var request = request
            request.model = model.upstreamName
            let provider = try endpoint?.embedding ?? model.require(\.embedding, for: .embeddings)
            var result = try await provider.embed(request, context: context)
            result.model = model.name
            return result
        }
    }
}

extension Router: RerankProvider {
    package func rerank(_ request: RerankRequest, context: RequestContext) async throws -> RerankResult {
        let (route, model) = try table.openModel(of: request.model)
        _ = try model.require(\.reranking, for: .rerank)
        let call = SingleCall(
            endpoint: "rerank", route: route, model: model, prompts: request.texts.map(Prompt.text),
            mostTokens: request.mostTokens, context: context)
        return try await perform(call) { [request] endpoint, context in
            var request = request
            request.model = model.upstreamName
            let provider = try endpoint?.reranking ?? model.require(\.reranking, for: .rerank)
            var result = try await provider.rerank(request, context: context)
            result.model = model.name
            return result
        }
    }
}

extension Prompt {
    init(_ input: EmbeddingInput) {
        switch input {
        case .text(let text): self = .text(text)
        case .tokens(let tokens): self = .tokens(tokens)
        }
    }
}

extension RerankRequest {
    /// What is read: the query with the documents.
    var texts: [String] { [query] + documents }

    /// A cross-encoder reads the query again with each document.
    fileprivate var mostTokens: Int {
        PromptSize.mostTokens(of: documents.map(Prompt.text)) + documents.count * query.utf8.count
    }
}
