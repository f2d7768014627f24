extension EndpointPool {
    /// Takes over what another pool has found out about endpoints of the same name; its calls in progress stay its own.
    ///
    /// Who `isProbed` is told again when an endpoint that is down comes up; others would never hear of it.
    package mutating func recall(_ earlier: EndpointPool, at now: Duration, isProbed: Bool) {
        for index in members.indices {
            guard let known = earlier.members.first(where: { $0.name == members[index].name }) else { continue }
            members[index].breaker = known.breaker.taken(over: options.breaker, at: now)
            members[index].restsUntil = known.restsUntil
            members[index].latency = known.latency
            members[index].recoveredAt = known.recoveredAt
            guard isProbed else { continue }
            (members[index].isDown, members[index].failedProbes) = (known.isDown, known.failedProbes)
        }
    }
}
