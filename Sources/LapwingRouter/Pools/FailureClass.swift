import LapwingAPI

/// What may be done about a call that failed, and what it says about the endpoint.
package struct FailureClass: Hashable, Sendable {
    package enum Remedy: Hashable, Sendable {
        /// The same model again, at any of its endpoints, or else the next model.
        case retry
        /// The same, but not at the endpoint that was silent: asking it again would only multiply the wait.
        case retryElsewhere
        /// The next model only.
        case nextModel
        /// A model with a longer context.
        case longerContext
        /// The request itself is at fault, or nobody waits any more.
        case final
    }

    package var remedy: Remedy
    /// Whether it counts against the endpoint.
    package var isBreakage = false
    /// How long the endpoint asked to be left alone.
    package var rest: Duration?

    package init(_ error: RequestError) {
        switch error {
        case .overloaded(_, let seconds):
            remedy = .retry
            rest = .seconds(seconds)
        case .unavailable(_, _, let seconds):
            (remedy, isBreakage) = (.retry, true)
            rest = .seconds(seconds)
        case .upstreamUnreachable: (remedy, isBreakage) = (.retry, true)
        case .upstreamFailed(_, let status, _):
            // 408 is a server that gave up waiting for us; 429 and 503 with their times are cases of their own.
            let isPassing = status.map { $0 >= 500 || $0 == 408 } ?? true
            (remedy, isBreakage) = (isPassing ? .retry : .nextModel, isPassing)
        case .upstreamTimedOut(_, let stage):
            switch UpstreamStage(rawValue: stage) {
            case .connecting: (remedy, isBreakage) = (.retry, true)
            case .firstToken, .betweenTokens: (remedy, isBreakage) = (.retryElsewhere, true)
            case .total, nil: remedy = .final
            }
        case .upstreamRefused(_, isTooLong: true, _), .contextOverflow: remedy = .longerContext
        default: remedy = .final
        }
    }
}
