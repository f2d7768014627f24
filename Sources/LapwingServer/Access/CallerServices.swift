import LapwingAPI

/// Everything that is served, as one caller gets it: of the models that their key may name, and signed with its names.
///
/// Handlers have no other way to the services, so that none can forget either.
struct CallerServices: ServingProvider {
    let services: any ServingProvider
    let caller: Caller

    func generate(
        _ request: GenerationRequest, context: LapwingAPI.RequestContext
    ) async throws -> GenerationStream {
        try check(request.model)
        return try await services.generate(request, context: signed(context))
    }

    func embed(
        _ request: EmbeddingRequest, context: LapwingAPI.RequestContext
    ) async throws -> EmbeddingResult {
        try check(request.model)
        return try await services.embed(request, context: signed(context))
    }

    func rerank(_ request: RerankRequest, context: LapwingAPI.RequestContext) async throws -> RerankResult {
        try check(request.model)
        return try await services.rerank(request, context: signed(context))
    }

    func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        try check(model)
        return try await services.tokenize(text, model: model, addSpecialTokens: addSpecialTokens)
    }

    func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        try check(model)
        return try await services.detokenize(tokens, model: model)
    }

    func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        try check(model)
        return try await services.tokenizerDescription(model: model)
    }

    func models() async -> [ModelCard] { await services.models().filter { caller.mayUse($0.name) } }

    func readiness() async -> Readiness { await services.readiness() }

    /// Says the same of a model that there is and of one that there is not.
    private func check(_ model: String) throws(RequestError) {
        guard !caller.mayUse(model) else { return }
        let names = (caller.key?.draft.routes ?? []).joined(separator: ", ")
        throw .permissionDenied(reason: "the key is for \(names.isEmpty ? "no model" : names), not for '\(model)'")
    }

    private func signed(_ context: LapwingAPI.RequestContext) -> LapwingAPI.RequestContext {
        var context = context
        caller.sign(&context)
        return context
    }
}
