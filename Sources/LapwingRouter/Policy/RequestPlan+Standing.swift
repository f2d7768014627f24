extension RequestPlan {
    /// Why a closed model is not called that the route would call.
    package enum Withheld: String, Sendable {
        /// It cannot be.
        case unavailable
        /// The route has spent what it may today.
        case spendLimit = "spend_limit"
    }

    /// Whatever the answer's probability, it is not sure enough: the side that is safe where a calibrator is not.
    mutating func escalateAll() {
        guard policy.threshold != nil else { return }
        policy.threshold = Route.escalatesAll
        policy.unknown = .escalate
    }

    /// Nothing more may be spent: the answer is marked as one that would escalate, and kept.
    mutating func stopEscalating() {
        guard policy.mayEscalate else { return }
        escalation = nil
        escalationFallbacks = []
        policy.mayEscalate = false
        withheld = .spendLimit
    }
}
