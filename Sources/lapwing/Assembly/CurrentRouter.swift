import LapwingAPI
import LapwingRouter
import LapwingServer

/// The router that an assembly has at the moment of a request.
struct CurrentRouter: ServingProvider {
    let assembly: Assembly
    private var router: Router { assembly.router }

    func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        try await router.generate(request, context: context)
    }

    func embed(_ request: EmbeddingRequest, context: RequestContext) async throws -> EmbeddingResult {
        try await router.embed(request, context: context)
    }

    func rerank(_ request: RerankRequest, context: RequestContext) async throws -> RerankResult {
        try await router.rerank(request, context: context)
    }

    func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID] {
        try await router.tokenize(text, model: model, addSpecialTokens: addSpecialTokens)
    }

    func detokenize(_ tokens: [TokenID], model: String) async throws -> String {
        try await router.detokenize(tokens, model: model)
    }

    func tokenizerDescription(model: String) async throws -> TokenizerDescription {
        try await router.tokenizerDescription(model: model)
    }

    func models() async -> [ModelCard] { await router.models() }

    func readiness() async -> Readiness { await router.readiness() }
}
