import LapwingAPI

/// A model as the router calls it: who answers for it, where, under which name and at what price.
package struct ModelBinding: Sendable {
    package enum Location: Hashable, Sendable {
        /// In this process: its calls cost machine time.
        case local
        /// Behind HTTP: its calls cost what the provider asks.
        case remote
    }

    /// The name in requests, receipts and the ledger.
    package var name: String
    /// Chats and completions; nil where it serves none. Where there is a pool, its endpoints are called instead.
    package var provider: (any ChatProvider)?
    package var embedding: (any EmbeddingProvider)?
    package var reranking: (any RerankProvider)?
    package var scoring: (any ScoringProvider)?
    package var tokenizing: (any TokenizingProvider)?
    package var location: Location
    /// The endpoints that answer for it, where failures are made good; nil for a model in this process.
    package var pool: ModelPool?
    /// Models that answer in its place, in turn, where it gives no answer and the route names no others.
    package var fallback: [String] = []
    /// How answers to requests that name it are kept; nil keeps none.
    package var cache: AnswerCache.Options?
    /// The name that the provider knows it by.
    package var upstreamName: String
    /// The names that price tables may know it by, the best first.
    package var listedNames: [String]
    /// What its provider understands.
    package var dialect: UpstreamDialect
    package var contextLength: Int?
    /// How many calls that may be billed one call of ours may come to, as where a pool tries another endpoint.
    package var mostAttempts = 1
    /// Whether it is asked for log-probabilities; some upstreams refuse such requests.
    package var reportsLogProbabilities = true
    /// Why it cannot be called, such as a key that is not set; nil where it can.
    package var unavailable: String?

    package init(
        name: String, provider: (any ChatProvider)?, scoring: (any ScoringProvider)? = nil,
        tokenizing: (any TokenizingProvider)? = nil, location: Location, upstreamName: String? = nil,
        contextLength: Int? = nil, unavailable: String? = nil
    ) {
        self.name = name
        self.provider = provider
        self.scoring = scoring
        self.tokenizing = tokenizing
        self.location = location
        dialect = location == .local ? .local : .extended
        self.upstreamName = upstreamName ?? name
        listedNames = [self.upstreamName]
        self.contextLength = contextLength
        self.unavailable = unavailable
    }
}

extension ModelBinding {
    package var capabilities: [ModelCapability] {
        ModelCapability.allCases.filter { capability in
            switch capability {
            case .chat: provider != nil
            case .embeddings: embedding != nil
            case .rerank: reranking != nil
            }
        }
    }

    /// Why it cannot be asked; nil where nothing of the request would be lost.
    func refusal(of request: GenerationRequest) -> RequestError? { dialect.refusal(of: request, by: name) }

    /// Who serves it. Throws `incapable` where nobody does.
    package func require<Provider>(
        _ path: KeyPath<ModelBinding, Provider?>, for capability: ModelCapability
    ) throws(RequestError) -> Provider {
        guard let provider = self[keyPath: path] else {
            throw .incapable(model: name, of: capability, serves: capabilities)
        }
        return provider
    }
}
