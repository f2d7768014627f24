import HTTPTypes
import Hummingbird
import LapwingAPI

extension Routes {
    func embeddings(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let body = try OpenAI.EmbeddingRequest(&reader, options: options)
        var headers = HTTPFields.ignoring(reader.unasked)
        let context = context(exchange, user: body.user, metadata: body.metadata)
        let result = try await exchange.whileClientStays { [services = services(for: exchange)] in
            try await services.embed(EmbeddingRequest(body), context: context)
        }
        if let receipt = result.receipt { headers.set(receipt) }
        let encoding = body.encodingFormat ?? .float
        let list = OpenAI.EmbeddingList(
            data: result.vectors.enumerated().map { OpenAI.Embedding(index: $0, vector: $1, encoding: encoding) },
            model: result.model, usage: OpenAI.EmbeddingUsage(promptTokens: result.usage.promptTokens))
        return try JSONBody.response(list, headers: headers)
    }

    /// `x-lapwing-relevance` says what the scores are.
    func rerank(_ exchange: Exchange) async throws -> Response {
        var reader = try await exchange.fields(options)
        let body = try Cohere.RerankRequest(&reader, options: options)
        var headers = HTTPFields.ignoring(reader.unasked)
        let context = context(exchange, user: body.user, metadata: body.metadata)
        let result = try await exchange.whileClientStays { [services = services(for: exchange)] in
            try await services.rerank(RerankRequest(body), context: context)
        }
        if let receipt = result.receipt { headers.set(receipt) }
        headers.set("x-lapwing-relevance", result.method.rawValue)
        let identity = identity("rerank-", exchange, model: result.model)
        return try JSONBody.response(Cohere.RerankResponse(result, to: body, id: identity.id), headers: headers)
    }
}
