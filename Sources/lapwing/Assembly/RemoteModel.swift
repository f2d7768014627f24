import AsyncHTTPClient
import LapwingAPI
import LapwingRouter
import Logging

extension ModelBinding {
    /// A model that runs elsewhere: one provider for each of its endpoints, in a pool that begins with what `earlier` knows.
    init(
        _ model: Configuration.Model, _ remote: Configuration.Remote, after earlier: ModelPool? = nil,
        clients: UpstreamClients, logger: Logger
    ) throws {
        guard model.unavailable == nil else {
            self.init(unavailable: model, location: .remote)
            (upstreamName, listedNames) = (remote.upstream, remote.listedNames)
            return
        }
        let client = clients.client(connectTimeout: remote.timeouts.connect)
        let endpoints = try remote.endpoints.map { try remote.poolEndpoint($0, model: model.name, client: client) }
        self.init(
            name: model.name, provider: endpoints.first?.chat, location: .remote,
            upstreamName: remote.upstream)
        pool = ModelPool(endpoints, options: remote.pool, after: earlier) { endpoint, turn in
            let metadata: Logger.Metadata = ["model": "\(model.name)", "endpoint": "\(endpoint)"]
            switch turn {
            case .leftAlone:
                logger.warning("an endpoint fails and is left alone for a while", metadata: metadata)
            case .wellAgain: logger.notice("an endpoint is well again", metadata: metadata)
            }
        }
        mostAttempts = remote.pool.mostCalls
        fallback = remote.fallback
        contextLength = remote.context
        embedding = endpoints.first?.embedding
        reranking = endpoints.first?.reranking
        listedNames = remote.listedNames
        dialect = remote.provider.dialect
        reportsLogProbabilities = remote.reportsLogProbabilities
    }
}

extension Configuration.Remote {
    fileprivate func poolEndpoint(_ endpoint: Configuration.Endpoint, model: String, client: HTTPClient) throws
        -> PoolEndpoint
    {
        var options = UpstreamOptions()
        options.timeouts = timeouts
        let address = try address(endpoint.url, model: model)
        if provider == .anthropic {
            let chat = AnthropicProvider(model: model, endpoint: address, options: options, client: client)
            return PoolEndpoint(address, weight: endpoint.weight, chat)
        }
        let chat = OpenAICompatibleProvider(
            model: model, endpoint: address, dialect: provider.dialect, options: options, client: client)
        // OpenAI's own API ranks nothing.
        return PoolEndpoint(address, weight: endpoint.weight, chat, ranks: provider == .openAICompatible)
    }

    private func address(_ url: String, model: String) throws -> UpstreamEndpoint {
        switch provider {
        case .openAI, .openAICompatible: try UpstreamEndpoint(url: url, key: key, model: model)
        case .azure:
            try UpstreamEndpoint(azure: url, deployment: upstream, version: apiVersion, key: key, model: model)
        case .anthropic: try UpstreamEndpoint(url: url, key: key, form: AnthropicProvider.keyForm, model: model)
        }
    }
}

extension Configuration.Remote.Provider {
    fileprivate var dialect: UpstreamDialect {
        switch self {
        case .openAI, .azure: .openAI
        case .openAICompatible: .extended
        case .anthropic: .anthropic
        }
    }
}
