import LapwingAPI

extension Router: ScoringProvider {
    /// Scores with the model itself or a route's open one; entered and priced as any other call.
    package func score(_ request: ScoringRequest, context: RequestContext) async throws -> ScoringResult {
        let (route, model, provider) = try scorer(of: request.model)
        let call = SingleCall(
            endpoint: "score", route: route, model: model,
            prompts: [.tokens(request.prompt + request.continuations.flatMap(\.self))], context: context)
        return try await perform(call) { [request] _, context in
            var request = request
            request.model = model.upstreamName
            return try await provider.score(request, context: context)
        }
    }

    package func encode(_ prompt: Prompt, model: String) async throws -> [TokenID] {
        let (_, model, provider) = try scorer(of: model)
        return try await provider.encode(prompt, model: model.upstreamName)
    }

    private func scorer(of name: String) throws(RequestError) -> (Route, ModelBinding, any ScoringProvider) {
        let (route, model) = try table.openModel(of: name)
        guard let provider = model.scoring else {
            throw .unsupported(field: "model", reason: "'\(model.name)' does not score given text")
        }
        return (route, model, provider)
    }
}

extension Router: TokenizingProvider {
    package func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        let (provider, name) = try tokenizer(of: model)
        return try await provider.tokenize(text, model: name, addSpecialTokens: addSpecialTokens)
    }

    package func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        let (provider, name) = try tokenizer(of: model)
        return try await provider.detokenize(tokens, model: name)
    }

    package func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        let (provider, name) = try tokenizer(of: model)
        return try await provider.tokenizerDescription(model: name)
    }

    /// A route's tokens are its open model's.
    private func tokenizer(of name: String) throws(RequestError) -> (any TokenizingProvider, String) {
        let (_, model) = try table.openModel(of: name)
        guard let provider = model.tokenizing else {
            throw .unsupported(field: "model", reason: "the tokenizer of '\(model.name)' is not known here")
        }
        return (provider, model.upstreamName)
    }
}
