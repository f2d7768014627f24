import HTTPTypes
import Hummingbird
import LapwingAPI
import Logging
import NIOCore

/// The connection that a request came over.
package struct ConnectionContext: InitializableFromSource, Sendable {
    let channel: any Channel
    let logger: Logger

    package init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}

/// Every request comes in here and every answer leaves here: named, limited, let in, routed, and logged.
package struct Responder: HTTPResponder {
    let routes: Routes
    let live: LiveOptions
    let gatekeeper: any Gatekeeper
    let requestIDs: RequestIDGenerator
    let connections: Connections
    let logger: Logger

    package func respond(to request: Request, context: ConnectionContext) async throws -> Response {
        let routes = routes.keeping(to: live.current)
        let exchange = Exchange(
            request: request, id: requestIDs.next(), client: connections.presence(of: context.channel),
            bodies: routes.bodies, metrics: routes.metrics, logger: logger)
        let stopwatch = Stopwatch(routes.time.clock)
        var response: Response
        do {
            response = try await answer(exchange, routes)
        } catch let error as UnreadableBody {
            throw error.cause
        } catch {
            let failure = ErrorResponse(error, promptField: Self.promptField(request.uri.path))
            exchange.note(failure)
            response = failure.response()
        }
        if request.method == .head { response = response.createHeadResponse() }
        if let standing = exchange.standing { response.headers.set(standing) }
        response.headers.set("x-lapwing-request-id", exchange.id)
        response.headers.set("x-request-id", saneRequestID(request.headers.value("x-request-id")) ?? exchange.id)
        return logged(response, exchange: exchange, stopwatch: stopwatch)
    }

    private func answer(_ exchange: Exchange, _ routes: Routes) async throws -> Response {
        let byteCount = exchange.request.headers.reduce(exchange.request.uri.string.utf8.count) {
            $0 + $1.name.rawName.utf8.count + $1.value.utf8.count
        }
        let limit = routes.options.maxHeaderBytes
        guard byteCount <= limit else { throw ServerError.headersTooLarge(byteCount: byteCount, limit: limit) }
        let (endpoint, rest) = try routes.endpoint(for: exchange.request.method, path: exchange.request.uri.path)
        // Before the body is read, and before any code that knows what the path means.
        try exchange.pass(gatekeeper, to: endpoint.access)
        return try await endpoint.handler(routes, exchange, rest)
    }

    /// A body of known length is as good as written; a stream is logged at its end.
    private func logged(_ response: Response, exchange: Exchange, stopwatch: Stopwatch) -> Response {
        let status = response.status
        guard response.body.contentLength == nil else {
            exchange.end(status: status, duration: stopwatch.elapsed())
            return response
        }
        var response = response
        let body = response.body
        response.body = ResponseBody { writer in
            defer { exchange.end(status: status, duration: stopwatch.elapsed()) }
            try await body.write(writer)
        }
        return response
    }

    private static func promptField(_ path: String) -> String? {
        switch path {
        case "/v1/chat/completions": "messages"
        case "/v1/completions": "prompt"
        case "/v1/embeddings": "input"
        default: nil
        }
    }
}
