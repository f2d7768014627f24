extension PoolEndpoint {
    /// An address of an OpenAI-compatible API. `ranks` says whether it may be asked to rerank.
    package init(
        _ endpoint: UpstreamEndpoint, weight: Int = 1, _ provider: OpenAICompatibleProvider,
        ranks: Bool = true
    ) {
        self.init(name: endpoint.name, weight: weight, chat: provider)
        embedding = provider
        reranking = ranks ? provider : nil
        probe = { try await provider.probe() }
    }
}

extension PoolEndpoint {
    /// An address of Anthropic's Messages API, which makes no vectors and ranks nothing.
    package init(_ endpoint: UpstreamEndpoint, weight: Int = 1, _ provider: AnthropicProvider) {
        self.init(name: endpoint.name, weight: weight, chat: provider)
        probe = { try await provider.probe() }
    }
}
