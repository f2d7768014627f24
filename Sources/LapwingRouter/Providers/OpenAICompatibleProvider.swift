import AsyncHTTPClient
import Foundation
import LapwingAPI
import NIOCore
import NIOHTTP1

/// A model behind one address of an OpenAI-compatible HTTP API: vLLM, SGLang, llama-server, OpenAI and many more.
///
/// Answers always come as a stream, so that one that is not wanted any more can be cut off.
package final class OpenAICompatibleProvider: ChatProvider {
    package struct Options: Sendable {
        package var timeouts = UpstreamTimeouts()
        package var dialect = UpstreamDialect.extended
        /// Most bytes of one event, and of an error's body.
        package var eventByteLimit = 1 << 20
        /// Most bytes of one answer's stream.
        package var answerByteLimit = 16 << 20

        package init() {}
    }

    let model: String
    private let endpoint: UpstreamEndpoint
    let options: Options
    private let client: HTTPClient
    private let clock: any Clock<Duration>
    private let watches: UpstreamWatches

    /// `model` is our name for it, for errors; the request's own model name is what is sent. `client` is the caller's to
    /// shut down.
    package init(
        model: String, endpoint: UpstreamEndpoint, options: Options = Options(), client: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.model = model
        self.endpoint = endpoint
        self.options = options
        self.client = client
        self.clock = clock
        watches = UpstreamWatches(clock: clock)
    }

    /// Throws `unsupported` or `invalid` at once; what the upstream does wrong, the stream throws.
    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        let upstream = try UpstreamRequest(request, dialect: options.dialect)
        let answer = UpstreamAnswer(
            model: model, isChat: upstream.isChat, choiceCount: request.prompts.count * request.choiceCount,
            estimatedPromptTokens: PromptSize.estimatedTokens(of: request.prompts), key: endpoint.key)
        let call = call(
            path: upstream.path, body: try upstream.body(), accept: "text/event-stream", options.timeouts)
        let (stream, output) = GenerationStream.makeStream()
        call.start(answer, into: output)
        return stream
    }

    /// Asks for the list of models, which costs nothing. Throws `RequestError` where nothing comes within ten seconds or the
    /// server is in trouble; one that has no such list, or refuses it, is up.
    package func probe() async throws {
        var timeouts = options.timeouts
        timeouts.firstToken = .seconds(10)
        timeouts.total = timeouts.firstToken
        let call = call(path: "/models", body: nil, accept: "application/json", timeouts)
        do {
            _ = try await call.body(atMost: 4 << 20)
        } catch {
            if FailureClass(RequestError(error)).isBreakage { throw error }
        }
    }

    /// A request, not sent yet; its time begins now. Without a body it only asks.
    func call(path: String, body: Data?, accept: String, _ timeouts: UpstreamTimeouts) -> UpstreamCall {
        var message = HTTPClientRequest(url: endpoint.base + path)
        message.headers.add(name: "accept", value: accept)
        message.headers.add(name: "user-agent", value: "lapwing")
        if let authorization = endpoint.key?.authorization(for: message.url) {
            message.headers.add(name: "authorization", value: authorization)
        }
        if let body {
            message.method = .POST
            message.headers.add(name: "content-type", value: "application/json")
            message.body = .bytes(ByteBuffer(bytes: body))
        }
        return UpstreamCall(
            model: model, message: message, key: endpoint.key, options: options, client: client,
            watch: UpstreamWatch(model: model, timeouts: timeouts, clock: clock), watches: watches)
    }
}

extension HTTPClient {
    /// A client as upstreams need it: no redirects, no silent second connection attempts, many connections to one host.
    package static func forUpstreams(connectTimeout: Duration = .seconds(5)) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .nanoseconds(connectTimeout.nanoseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        // Nobody listens, and each request would pay for what a trace says of it.
        configuration.tracing.tracer = nil
        // Named for debugging, and the one place where a connection's pipeline can be reached.
        configuration.http1_1ConnectionDebugInitializer = KeptConnection.watch
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
