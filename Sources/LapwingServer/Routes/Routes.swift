import HTTPTypes
import Hummingbird
import LapwingAPI

/// Everything that the server serves; the router supplies it, and tests supply a script.
package typealias ServingProvider = ChatProvider & EmbeddingProvider & RerankProvider & TokenizingProvider
    & CatalogProvider

/// What handlers are made of. Which of them answers what is in `Routes.table`.
struct Routes: Sendable {
    /// For `services(for:)` alone.
    private let services: any ServingProvider
    let operations: (any Operations)?
    let feedback: (any FeedbackTaking)?
    private(set) var options: ServerOptions
    let time: ServerTime
    let bodies: BodyBudget
    let metrics: ServerMetrics
    /// Seconds since 1970; `created` of every model.
    let startedAt: Int

    init(
        services: any ServingProvider, operations: (any Operations)?, feedback: (any FeedbackTaking)?,
        options: ServerOptions, time: ServerTime, metrics: ServerMetrics
    ) {
        self.metrics = metrics
        self.services = services
        self.operations = operations
        self.feedback = feedback
        self.options = options
        self.time = time
        bodies = BodyBudget()
        startedAt = Int(time.milliseconds() / 1000)
    }

    /// The same with other options.
    func keeping(to options: ServerOptions) -> Routes {
        var routes = self
        routes.options = options
        return routes
    }

    /// What is served, as this caller may have it.
    func services(for exchange: Exchange) -> CallerServices {
        CallerServices(services: services, caller: exchange.caller)
    }

    func answers(for exchange: Exchange) -> AnswerService {
        AnswerService(provider: services(for: exchange), clock: time.clock, keepAlive: options.keepAlive)
    }

    /// The table's own path for what a request names: what may be logged, as anything may stand in a path, keys too.
    static func pattern(of path: String) -> String { table.first { $0.match(path) != nil }?.path ?? "(none)" }

    /// Throws `ServerError` where nothing is served under the path, or not by that method. HEAD goes wherever GET goes.
    func endpoint(
        for method: HTTPRequest.Method, path: String
    ) throws(ServerError) -> (endpoint: Endpoint, rest: Substring) {
        let there = Self.table.compactMap { endpoint in endpoint.match(path).map { (endpoint, $0) } }
        guard !there.isEmpty else { throw .unknownPath(method: method.rawValue, path: path) }
        let key = method == .head ? .get : method
        guard let found = there.first(where: { $0.0.method == key }) else {
            var allowed = there.map(\.0.method.rawValue)
            if allowed.contains("GET") { allowed.append("HEAD") }
            throw .methodNotAllowed(method: method.rawValue, path: path, allowed: allowed)
        }
        return found
    }
}
