import Foundation

extension EndpointPool {
    /// An endpoint may have this many times its share of the calls in progress before affinity passes it over
    /// (consistent hashing with bounded loads, Mirrokni et al. 2018).
    private static let mostLoad = 1.25
    /// So few calls overload nobody, whatever its share.
    private static let freeCalls = 8
    /// The part of its share that an endpoint gets as soon as it is well again.
    private static let firstShare = 0.1

    /// `candidates` may all be used now, and there is at least one.
    mutating func choose(among candidates: [Int], prefix: UInt64?, at now: Duration) -> Int {
        guard candidates.count > 1 else { return candidates[0] }
        let shares = candidates.map { (endpoint: $0, share: share(of: $0, at: now)) }
        if let prefix, let fit = bestFit(prefix, among: shares) { return fit }
        switch options.balance {
        case .weighted: return nextTurn(among: shares)
        case .leastLoaded:
            let loads = loads(of: shares, at: now)
            let least = loads.min() ?? 0
            return nextTurn(among: zip(shares, loads).filter { $0.1 <= least }.map(\.0))
        }
    }

    /// Its weight, or a part of it that grows after a recovery.
    private mutating func share(of endpoint: Int, at now: Duration) -> Double {
        guard let recoveredAt = members[endpoint].recoveredAt else { return members[endpoint].weight }
        let part = (now - recoveredAt) / options.slowStart
        guard part < 1 else {
            members[endpoint].recoveredAt = nil
            return members[endpoint].weight
        }
        return members[endpoint].weight * max(part, Self.firstShare)
    }

    private func bestFit(_ prefix: UInt64, among shares: [(endpoint: Int, share: Double)]) -> Int? {
        let total = Double(shares.reduce(1) { $0 + members[$1.endpoint].inFlight })
        let sum = shares.reduce(0) { $0 + $1.share }
        let free = shares.filter { endpoint, share in
            let most = Int((Self.mostLoad * total * share / sum).rounded(.up))
            return members[endpoint].inFlight < max(most, Self.freeCalls)
        }
        return free.max { fit(prefix, $0.endpoint) < fit(prefix, $1.endpoint) }?.endpoint
    }

    private func fit(_ prefix: UInt64, _ endpoint: Int) -> Double {
        PromptPrefix.fit(prefix, name: members[endpoint].name, weight: members[endpoint].weight)
    }

    /// Calls in progress for each share, and one more for each doubling of the quickest one's latency. Whole doublings
    /// only, because first tokens differ with their prompts.
    private func loads(of shares: [(endpoint: Int, share: Double)], at now: Duration) -> [Double] {
        let latencies = shares.map { members[$0.endpoint].latency.seconds(at: now) }
        let quickest = latencies.compactMap(\.self).min() ?? 0
        return zip(shares, latencies).map { share, latency in
            let doublings = latency.map { quickest > 0 ? log2($0 / quickest).rounded(.down) : 0 } ?? 0
            return Double(members[share.endpoint].inFlight) / share.share + doublings
        }
    }

    /// Smooth weighted round robin: each is owed its share a turn, and who is owed most is next.
    private mutating func nextTurn(among shares: [(endpoint: Int, share: Double)]) -> Int {
        var next = shares[0].endpoint
        for (endpoint, share) in shares {
            members[endpoint].credit += share
            if members[endpoint].credit > members[next].credit { next = endpoint }
        }
        members[next].credit -= shares.reduce(0) { $0 + $1.share }
        return next
    }
}
