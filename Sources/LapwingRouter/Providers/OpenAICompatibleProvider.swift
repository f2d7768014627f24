import AsyncHTTPClient
import LapwingAPI
import NIOCore

/// A model behind one address of an OpenAI-compatible HTTP API: vLLM, SGLang, llama-server, OpenAI and many more.
package final class OpenAICompatibleProvider: ChatProvider {
    let upstream: UpstreamClient
    private let dialect: UpstreamDialect

    /// `model` is our name for it, for errors; the request's own model name is what is sent. `client` is the caller's to
    /// shut down.
    package init(
        model: String, endpoint: UpstreamEndpoint, dialect: UpstreamDialect = .extended,
        options: UpstreamOptions = UpstreamOptions(), client: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        upstream = UpstreamClient(model: model, endpoint: endpoint, options: options, http: client, clock: clock)
        self.dialect = dialect
    }

    /// Throws `unsupported` or `invalid` at once; what the upstream does wrong, the stream throws.
    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        let asked = try UpstreamRequest(request, dialect: dialect)
        let answer = UpstreamAnswer(
            model: upstream.model, isChat: asked.isChat, choiceCount: request.prompts.count * request.choiceCount,
            estimatedPromptTokens: PromptSize.billableTokens(of: request), key: upstream.endpoint.key)
        return upstream.stream(answer, body: asked.body, to: asked.path)
    }

    /// Whether it is up; see `UpstreamClient`.
    package func probe() async throws { try await upstream.probe() }
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
