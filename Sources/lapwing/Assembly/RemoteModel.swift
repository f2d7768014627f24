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
        var options = OpenAICompatibleProvider.Options()
        options.dialect = remote.provider.dialect
        options.timeouts = remote.timeouts
        let client = clients.client(connectTimeout: remote.timeouts.connect)
        let endpoints = try remote.endpoints.map { endpoint in
            let address = try UpstreamEndpoint(url: endpoint.url, key: remote.key, model: model.name)
            let provider = OpenAICompatibleProvider(
                model: model.name, endpoint: address, options: options, client: client)
            // OpenAI's own API ranks nothing.
            return PoolEndpoint(
                address, weight: endpoint.weight, provider, ranks: remote.provider != .openAI)
        }
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

extension Configuration.Remote.Provider {
    fileprivate var dialect: UpstreamDialect {
        switch self {
        case .openAI: .openAI
        case .openAICompatible: .extended
        }
    }
}
