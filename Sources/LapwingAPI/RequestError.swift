/// Why a request cannot be answered. Each case carries what was found and what was expected.
///
/// The HTTP status and body are made in `LapwingServer/ErrorResponse.swift`.
package enum RequestError: Error, Hashable, Sendable {
    /// A field's value is wrong. `field` is a path such as `messages[0].role`.
    case invalid(field: String, found: String, expected: String)
    /// A field that we know and cannot honour.
    case unsupported(field: String, reason: String)
    case malformedBody(reason: String)
    case bodyTooLarge(limit: Int)
    case unknownModel(name: String, known: [String])
    /// The prompt alone, or with `maxTokens`, is longer than the model's context. Nothing is truncated.
    case contextOverflow(promptTokens: Int, maxTokens: Int?, contextLength: Int)
    /// One text of a request is longer than the model reads at once. `addition` says what is read with it, such as ` with the query`.
    case tooLong(field: String, with: String = "", tokens: Int, limit: Int)
    /// The model serves other things than was asked of it.
    case incapable(model: String, of: ModelCapability, serves: [ModelCapability])
    case authenticationFailed(reason: String)
    case permissionDenied(reason: String)
    /// The key's limit is used up; with no `retryAfter` the request is larger than all of it.
    case rateLimited(RateLimitKind, limit: Int, retryAfter: Duration?)
    /// The key's budget does not hold what the request may cost. `held` is what requests in progress hold, where the request
    /// could be paid once they have ended.
    case budgetExceeded(
        BudgetPeriod, limit: NanoUSD, left: NanoUSD, needed: NanoUSD, held: NanoUSD = .zero, retryAfterSeconds: Int)
    case unknownKey(id: String)
    /// Of which something was to be said; it is another tenant's, or was never answered, or is long ago.
    case unknownRequest(id: String)
    /// A bounded queue is full.
    case overloaded(what: String, retryAfterSeconds: Int)
    /// Known but not to be used now: a key that is not set, a model that is still loading, a server that is draining.
    case unavailable(what: String, reason: String, retryAfterSeconds: Int)
    /// An upstream answered with an error.
    case upstreamFailed(model: String, status: Int?, reason: String)
    case upstreamTimedOut(model: String, stage: String)
    /// An upstream found fault with the request itself: the client's matter, and no use in trying again.
    case upstreamRefused(model: String, isTooLong: Bool, reason: String)
    /// No connection could be made, or it ended before any of an answer.
    case upstreamUnreachable(model: String, reason: String)
    /// Our own fault; the reason is for the log and must not hold content.
    case `internal`(reason: String)
    case cancelled
}

/// What a key's limit counts.
package enum RateLimitKind: String, Hashable, Sendable {
    case requests, tokens, concurrent

    fileprivate var words: String {
        switch self {
        case .requests: "requests a minute"
        case .tokens: "tokens a minute"
        case .concurrent: "requests at once"
        }
    }
}

extension Duration {
    /// Rounded up, as `Retry-After` must be; at least 1.
    package var wholeSeconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(clamping: attoseconds > 0 ? seconds + 1 : seconds))
    }
}

extension RequestError: CustomStringConvertible {
    /// One sentence that says what was found and what was expected.
    package var description: String {
        switch self {
        case .invalid(let field, let found, let expected):
            "Invalid value for '\(field)': found \(found), expected \(expected)."
        case .unsupported(let field, let reason): "'\(field)' is not supported: \(reason)."
        case .malformedBody(let reason): "The request body is not valid JSON: \(reason)."
        case .bodyTooLarge(let limit): "The request body is larger than the limit of \(limit) bytes."
        case .unknownModel(let name, let known):
            "The model '\(name)' does not exist. Known models and routes: \(known.joined(separator: ", "))."
        case .contextOverflow(let promptTokens, let maxTokens, let contextLength):
            if let maxTokens {
                "The context length is \(contextLength) tokens, but \(promptTokens) prompt tokens and \(maxTokens) tokens to generate were requested."
            } else {
                "The context length is \(contextLength) tokens, but the prompt has \(promptTokens)."
            }
        case .tooLong(let field, let addition, let tokens, let limit):
            "'\(field)' has \(tokens) tokens\(addition), more than the \(limit) that the model reads at once."
        case .incapable(let model, let asked, let served):
            served.isEmpty
                ? "The model '\(model)' does not serve \(asked.rawValue)."
                : "The model '\(model)' does not serve \(asked.rawValue), only \(served.map(\.rawValue).joined(separator: " and "))."
        case .authenticationFailed(let reason): "Authentication failed: \(reason)."
        case .permissionDenied(let reason): "Permission denied: \(reason)."
        case .rateLimited(let kind, let limit, let retryAfter):
            if let retryAfter {
                "The key's limit of \(limit) \(kind.words) is reached; try again in \(retryAfter.wholeSeconds) s."
            } else {
                "The request may take more than the key's limit of \(limit) \(kind.words); ask for fewer."
            }
        case .budgetExceeded(let period, let limit, let left, let needed, let held, _):
            "The request may cost up to $\(needed) with all that may be tried for it, and $\(left) of the key's budget of "
                + "$\(limit) a \(period.rawValue) is left"
                + (held == .zero ? "." : " while requests in progress hold $\(held); try again when they have ended.")
        case .unknownKey(let id): "There is no key '\(id)'."
        case .unknownRequest(let id):
            "No answer to a request '\(id)' is known; expected the x-lapwing-request-id of an answer that is not too old."
        case .overloaded(let what, let seconds): "\(what) is full; try again in \(seconds) s."
        case .unavailable(let what, let reason, _): "'\(what)' is unavailable: \(reason)."
        case .upstreamFailed(let model, let status, let reason):
            "The upstream of '\(model)' failed\(status.map { " with status \($0)" } ?? ""): \(reason)."
        case .upstreamTimedOut(let model, let stage): "The upstream of '\(model)' timed out \(stage)."
        case .upstreamRefused(let model, _, let reason): "The upstream of '\(model)' refused the request: \(reason)."
        case .upstreamUnreachable(let model, let reason):
            "The upstream of '\(model)' cannot be reached: \(reason)."
        case .internal: "Internal error; the server's log has the details under this request's id."
        case .cancelled: "The request was cancelled."
        }
    }
}
