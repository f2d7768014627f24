import AsyncHTTPClient
import LapwingAPI

/// A model behind one address of Anthropic's Messages API.
package final class AnthropicProvider: ChatProvider {
    /// The version of the API whose words these are: the last that has `temperature`, `top_p` and `top_k`. A version stays as
    /// it is (https://platform.claude.com/docs/en/api/versioning).
    private static let version = "2023-06-01"
    /// The header that its key goes into.
    package static let keyForm = UpstreamKey.Form.header("x-api-key")

    private let upstream: UpstreamClient

    /// As `OpenAICompatibleProvider`; the endpoint's base ends before `/messages`, as in `https://api.anthropic.com/v1`.
    package init(
        model: String, endpoint: UpstreamEndpoint, options: UpstreamOptions = UpstreamOptions(), client: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        upstream = UpstreamClient(
            model: model, endpoint: endpoint, options: options, http: client, clock: clock,
            headers: [("anthropic-version", Self.version)])
    }

    /// Throws `unsupported` or `invalid` at once; what the upstream does wrong, the stream throws.
    package func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream {
        let body = try AnthropicRequest(request).json.text
        let answer = AnthropicAnswer(
            model: upstream.model, estimatedPromptTokens: PromptSize.billableTokens(of: request),
            key: upstream.endpoint.key)
        return upstream.stream(answer, body: body, to: "/messages")
    }

    /// Whether it is up; see `UpstreamClient`.
    package func probe() async throws { try await upstream.probe() }
}
