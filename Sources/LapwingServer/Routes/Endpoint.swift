import HTTPTypes
import Hummingbird
import LapwingAPI

/// One line of the table of what is served: where, by which method, to whom, and by what code.
struct Endpoint: Sendable {
    typealias Handler = @Sendable (Routes, Exchange, _ rest: Substring) async throws -> Response

    let method: HTTPRequest.Method
    /// A `*` stands for one or more bytes at its place, which are given to the handler as they came.
    let path: String
    /// Every line says it; there is no default to fall back to.
    let access: Access
    let handler: Handler
    /// What stands before `*`; nil for a path without one.
    private let prefix: String?

    init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access,
        _ handler: @escaping @Sendable (Routes, Exchange) async throws -> Response
    ) {
        self.init(method, path, access) { routes, exchange, _ in try await handler(routes, exchange) }
    }

    init(_ method: HTTPRequest.Method, _ path: String, _ access: Access, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.access = access
        self.handler = handler
        prefix = path.hasSuffix("*") ? String(path.dropLast()) : nil
    }

    /// What stands at the place of `*`; empty for a path without one, nil where the path is another.
    func match(_ path: String) -> Substring? {
        guard let prefix else { return path == self.path ? "" : nil }
        guard path.hasPrefix(prefix), path.utf8.count > prefix.utf8.count else { return nil }
        return path.dropFirst(prefix.count)
    }
}

extension Routes {
    /// All that is served. Nothing else answers, and nothing here answers a caller whom its line does not name.
    static let table: [Endpoint] = [
        Endpoint(.post, "/v1/chat/completions", .client) { try await $0.chatCompletions($1) },
        Endpoint(.post, "/v1/completions", .client) { try await $0.completions($1) },
        Endpoint(.post, "/v1/embeddings", .client) { try await $0.embeddings($1) },
        // Cohere's package calls the second version, which differs in nothing that we serve; llama-server has the last.
        Endpoint(.post, "/v1/rerank", .client) { try await $0.rerank($1) },
        Endpoint(.post, "/v2/rerank", .client) { try await $0.rerank($1) },
        Endpoint(.post, "/rerank", .client) { try await $0.rerank($1) },
        Endpoint(.post, "/v1/feedback", .client) { try await $0.takeFeedback($1) },
        Endpoint(.get, "/v1/models", .client) { try await $0.models($1) },
        Endpoint(.get, "/v1/models/*", .client) { try await $0.model($1, id: $2) },
        Endpoint(.post, "/tokenize", .client) { try await $0.tokenize($1) },
        Endpoint(.post, "/detokenize", .client) { try await $0.detokenize($1) },
        Endpoint(.get, "/tokenizer_info", .client) { try await $0.tokenizerInfo($1) },
        Endpoint(.get, "/healthz", .anyone) { try await $0.health($1) },
        Endpoint(.get, "/readyz", .anyone) { try await $0.readiness($1) },
        Endpoint(.get, "/openapi.json", .anyone) { try await $0.openAPI($1) },
        Endpoint(.get, "/metrics", .watch) { try await $0.metricsPage($1) },
        Endpoint(.get, "/admin/v1/keys", .admin) { try await $0.listKeys($1) },
        Endpoint(.post, "/admin/v1/keys", .admin) { try await $0.createKey($1) },
        Endpoint(.get, "/admin/v1/keys/*", .admin) { try await $0.key($1, id: $2) },
        Endpoint(.delete, "/admin/v1/keys/*", .admin) { try await $0.revokeKey($1, id: $2) },
        Endpoint(.post, "/admin/v1/reload", .admin) { try await $0.reload($1) },
    ]
}

/// The table's lines without their code.
package struct AccessRule: Hashable, Sendable {
    package let method: String
    package let path: String
    package let access: Access

    package init(method: String, path: String, access: Access) {
        self.method = method
        self.path = path
        self.access = access
    }

    package static let all = Routes.table.map {
        AccessRule(method: $0.method.rawValue, path: $0.path, access: $0.access)
    }
}
