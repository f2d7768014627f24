/// Who may come through an endpoint's door.
package enum Access: String, Sendable, CaseIterable {
    /// Whoever can reach it: what load balancers ask.
    case anyone
    /// A client's key, or no key as long as none is needed.
    case client
    /// An administrator's key, always.
    case admin
    /// Whoever can reach a server that only this machine reaches; elsewhere an administrator who is bound to no tenant, as
    /// what is watched is of all of them.
    case watch
}

/// What a client shows for itself.
package enum Credential: Sendable {
    case none
    case key(Secret)
    /// Something was sent, and it cannot be a key.
    case unreadable(reason: String)
}

/// Who asks, as their key says.
package struct Caller: Hashable, Sendable {
    /// nil where no key was needed.
    package var key: Key?

    package init(key: Key?) { self.key = key }

    package static let anonymous = Caller(key: nil)

    /// Whether requests may name this route or model.
    package func mayUse(_ model: String) -> Bool { key?.draft.routes?.contains(model) ?? true }

    /// Puts the key's names on a request, over whatever the request says of itself.
    package func sign(_ context: inout RequestContext) {
        guard let key else { return }
        context.keyID = key.id
        context.tenant = key.tenant
        context.tier = key.draft.tier
        if let project = key.draft.project { context.metadata["project"] = project }
    }
}

/// What a key may still ask for in a minute, as rate limit headers say it.
package struct RateStanding: Hashable, Sendable {
    package struct Limit: Hashable, Sendable {
        package var limit: Int
        package var remaining: Int
        /// Until all of it is there again.
        package var reset: Duration

        package init(limit: Int, remaining: Int, reset: Duration) {
            self.limit = limit
            self.remaining = remaining
            self.reset = reset
        }
    }

    package var requests: Limit?
    package var tokens: Limit?

    package init(requests: Limit? = nil, tokens: Limit? = nil) {
        self.requests = requests
        self.tokens = tokens
    }
}

/// The one door of all surfaces: says who asks, and whether they may.
package protocol Gatekeeper: Sendable {
    /// Throws `authenticationFailed` where the credential is no key that holds now, `permissionDenied` where the key is of
    /// another role.
    func identify(_ credential: Credential, for access: Access) throws(RequestError) -> Caller

    /// Counts a request and takes one of the key's places until `leave`. Throws `rateLimited`, and has then taken none.
    func enter(_ caller: Caller) throws(RequestError)
    func leave(_ caller: Caller)

    /// nil where the key has no limit a minute.
    func standing(of caller: Caller) -> RateStanding?
}

/// Lets every client in and no administrator: for a server that nobody but its own process knows of.
package struct OpenDoor: Gatekeeper {
    package init() {}

    package func identify(_ credential: Credential, for access: Access) throws(RequestError) -> Caller {
        guard access != .admin else { throw .permissionDenied(reason: "this server has no administrators") }
        return .anonymous
    }

    package func enter(_ caller: Caller) {}
    package func leave(_ caller: Caller) {}
    package func standing(of caller: Caller) -> RateStanding? { nil }
}
