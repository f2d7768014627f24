import LapwingAPI
import LapwingStore

extension RequestError {
    /// The short word that an entry keeps of an error; it never holds content.
    var ledgerCode: String {
        switch self {
        case .invalid, .malformedBody, .bodyTooLarge: "invalid_request"
        case .unsupported: "unsupported_parameter"
        case .unknownModel: "model_not_found"
        case .contextOverflow, .tooLong: "context_length_exceeded"
        case .incapable: "unsupported_model"
        case .authenticationFailed: "authentication_failed"
        case .permissionDenied: "permission_denied"
        case .rateLimited: "rate_limited"
        case .budgetExceeded: "insufficient_quota"
        case .unknownKey: "key_not_found"
        case .unknownRequest: "request_not_found"
        case .overloaded: "overloaded"
        case .unavailable: "unavailable"
        case .upstreamFailed(_, let status, _): status.map { "upstream_\($0)" } ?? "upstream_failed"
        case .upstreamRefused(_, let isTooLong, _): isTooLong ? "context_length_exceeded" : "upstream_refused"
        case .upstreamUnreachable: "upstream_unreachable"
        case .upstreamTimedOut: "upstream_timeout"
        case .internal: "internal_error"
        case .cancelled: "cancelled"
        }
    }

    /// Whether a provider that answered so has read nothing that it would bill. One that was slow or broke off may have.
    var isRefusal: Bool {
        switch self {
        case .upstreamFailed(_, let status, _): status != nil
        case .upstreamTimedOut(_, let stage): stage == UpstreamStage.connecting.rawValue
        case .internal, .cancelled: false
        default: true
        }
    }

    /// What a provider threw, in the words that all layers speak.
    init(_ error: any Error) {
        self =
            switch error {
            case let error as RequestError: error
            case is CancellationError: .cancelled
            default: .internal(reason: "a provider threw \(type(of: error))")
            }
    }

    /// A ledger that cannot be written refuses the request, since nothing is answered that is not kept.
    init(ledger error: any Error) {
        let what = "ledger"
        self =
            switch error as? StoreError {
            case .queueFull: .overloaded(what: "The ledger's queue", retryAfterSeconds: 1)
            case .diskFull: .unavailable(what: what, reason: "the disk is full", retryAfterSeconds: 60)
            case .duplicateRequest: .internal(reason: "the request id is in the ledger already")
            default: .unavailable(what: what, reason: "it cannot be written", retryAfterSeconds: 5)
            }
    }
}
