/// What a client allows a route that keeps answers, by `cache-control`.
package enum CacheUse: Hashable, Sendable {
    case allowed
    /// `no-cache`: the models are asked, and what they say takes the kept answer's place.
    case refreshed
    /// `no-store`: the models are asked, and nothing is kept.
    case forbidden
}

/// What a route that keeps answers did with them for one request.
package enum CacheResult: Hashable, Sendable, Codable {
    /// The answer is a kept one.
    case hit(CachedAnswer)
    case miss
    /// The client did not want a kept one.
    case bypass

    /// The word of headers, logs and metrics.
    package var word: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .bypass: "bypass"
        }
    }

    package var cached: CachedAnswer? { if case .hit(let answer) = self { answer } else { nil } }
}

/// Whose answer a kept one is.
package struct CachedAnswer: Hashable, Sendable, Codable {
    /// The request that it was made for.
    package var requestID: String
    /// What the calls of that request cost, which the next one is spared; nil where one had no price.
    package var spared: NanoUSD?

    package init(requestID: String, spared: NanoUSD?) {
        self.requestID = requestID
        self.spared = spared
    }
}
