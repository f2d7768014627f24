import HTTPTypes
import Hummingbird
import LapwingAPI

/// Everything that the server serves; the router supplies it, and tests supply a script.
package typealias ServingProvider = ChatProvider & EmbeddingProvider & RerankProvider & TokenizingProvider
    & CatalogProvider

/// Which handler answers which path and method.
struct Routes: Sendable {
    typealias Handler = @Sendable (Exchange) async throws -> Response

    let services: any ServingProvider
    let options: ServerOptions
    let time: ServerTime
    let answers: AnswerService
    let bodies: BodyBudget
    /// Seconds since 1970; `created` of every model.
    let startedAt: Int

    init(services: any ServingProvider, options: ServerOptions, time: ServerTime) {
        self.services = services
        self.options = options
        self.time = time
        answers = AnswerService(provider: services, clock: time.clock, keepAlive: options.keepAlive)
        bodies = BodyBudget(options)
        startedAt = Int(time.milliseconds() / 1000)
    }

    /// Throws `ServerError` where nothing is served under the path, or not by that method. HEAD goes wherever GET goes.
    func handler(for method: HTTPRequest.Method, path: String) throws(ServerError) -> Handler {
        let byMethod = handlers(at: path)
        guard !byMethod.isEmpty else { throw .unknownPath(method: method.rawValue, path: path) }
        let key = method == .head ? .get : method
        guard let handler = byMethod.first(where: { $0.method == key })?.handler else {
            var allowed = byMethod.map(\.method.rawValue)
            if allowed.contains("GET") { allowed.append("HEAD") }
            throw .methodNotAllowed(method: method.rawValue, path: path, allowed: allowed)
        }
        return handler
    }

    private func handlers(at path: String) -> [(method: HTTPRequest.Method, handler: Handler)] {
        let models = "/v1/models/"
        return switch path {
        case "/v1/chat/completions": [(.post, chatCompletions)]
        case "/v1/completions": [(.post, completions)]
        case "/v1/embeddings": [(.post, embeddings)]
        // Cohere's package calls the second version, which differs in nothing that we serve; llama-server has the last.
        case "/v1/rerank", "/v2/rerank", "/rerank": [(.post, rerank)]
        case "/v1/models": [(.get, self.models)]
        case "/tokenize": [(.post, tokenize)]
        case "/detokenize": [(.post, detokenize)]
        case "/tokenizer_info": [(.get, tokenizerInfo)]
        case "/healthz": [(.get, health)]
        case "/readyz": [(.get, readiness)]
        case _ where path.hasPrefix(models) && path.utf8.count > models.utf8.count:
            [(.get, { try await model($0, id: path.dropFirst(models.count)) })]
        default: []
        }
    }
}
