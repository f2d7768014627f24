import AsyncHTTPClient
import Foundation
import LapwingAPI
import NIOCore
import NIOHTTP1
import Synchronization

/// A model behind an OpenAI-compatible HTTP API: vLLM, SGLang, llama-server, OpenAI and many more.
///
/// Answers always come as a stream, so that one that is not wanted any more can be cut off. Several endpoints take turns.
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
    private let endpoints: [UpstreamEndpoint]
    let options: Options
    private let client: HTTPClient
    private let clock: any Clock<Duration>
    private let turn = Atomic<Int>(0)

    /// `model` is our name for it, for errors; the request's own model name is what is sent. `client` is the caller's to
    /// shut down. There is at least one endpoint.
    package init(
        model: String, endpoints: [UpstreamEndpoint], options: Options = Options(), client: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        precondition(!endpoints.isEmpty, "a remote model has at least one endpoint")
        self.model = model
        self.endpoints = endpoints
        self.options = options
        self.client = client
        self.clock = clock
    }

    /// Throws `unsupported` or `invalid` at once; what the upstream does wrong, the stream throws.
    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        let upstream = try UpstreamRequest(request, dialect: options.dialect)
        let answer = UpstreamAnswer(
            model: model, isChat: upstream.isChat, choiceCount: request.prompts.count * request.choiceCount,
            estimatedPromptTokens: PromptSize.estimatedTokens(of: request.prompts))
        let call = call(
            path: upstream.path, body: try upstream.body(), accept: "text/event-stream", options.timeouts)
        let (stream, output) = GenerationStream.makeStream()
        // Owned by the stream: its end, or its being dropped, ends the task.
        let task = Task { await call.run(answer, into: output) }
        output.onTermination = { _ in task.cancel() }
        return stream
    }

    private func nextEndpoint() -> UpstreamEndpoint {
        let count = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return endpoints[count & Int.max % endpoints.count]
    }

    /// A request to the next endpoint, not sent yet; its time begins now.
    func call(path: String, body: Data, accept: String, _ timeouts: UpstreamTimeouts) -> UpstreamCall {
        let endpoint = nextEndpoint()
        var message = HTTPClientRequest(url: endpoint.base + path)
        message.method = .POST
        message.headers.add(name: "content-type", value: "application/json")
        message.headers.add(name: "accept", value: accept)
        message.headers.add(name: "user-agent", value: "lapwing")
        if let authorization = endpoint.key?.authorization(for: message.url) {
            message.headers.add(name: "authorization", value: authorization)
        }
        message.body = .bytes(ByteBuffer(bytes: body))
        return UpstreamCall(
            model: model, message: message, key: endpoint.key, options: options, client: client,
            watch: UpstreamWatch(model: model, timeouts: timeouts, clock: clock))
    }
}

extension HTTPClient {
    /// A client as upstreams need it: no redirects, no silent second connection attempts, many connections to one host.
    package static func forUpstreams(connectTimeout: Duration = .seconds(5)) -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .nanoseconds(connectTimeout.nanoseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        // Named for debugging, and the one place where a connection's pipeline can be reached.
        configuration.http1_1ConnectionDebugInitializer = KeptConnection.watch
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
