import HTTPTypes
import Hummingbird
import LapwingAPI

/// What is wrong with a request before anybody reads its body.
enum ServerError: Error, Equatable {
    case unknownPath(method: String, path: String)
    case methodNotAllowed(method: String, path: String, allowed: [String])
    case headersTooLarge(byteCount: Int, limit: Int)
    /// The file on the server's own disk; nothing of what is served has changed.
    case configurationRefused(findings: [String])
}

/// The only place where errors become statuses and bodies in the OpenAI API's shape.
struct ErrorResponse {
    let status: HTTPResponse.Status
    let body: OpenAI.ErrorBody
    private var extraHeaders: HTTPFields = [:]
    /// What the log may say beyond the status: never content. nil where the status says it all.
    private(set) var reasonForLog: String?

    /// `promptField` is the name under which the endpoint takes its prompt.
    init(_ error: any Error, promptField: String? = nil) {
        switch error {
        case let error as RequestError: self.init(error, promptField: promptField)
        case let error as ServerError: self.init(error)
        case is CancellationError: self.init(RequestError.cancelled, promptField: nil)
        default:
            // The description of a foreign error may hold content; its type does not.
            self.init(RequestError.internal(reason: "unexpected \(type(of: error))"), promptField: nil)
        }
    }

    private init(
        _ status: HTTPResponse.Status, _ type: String, _ code: String, _ message: String, param: String? = nil
    ) {
        self.status = status
        body = OpenAI.ErrorBody(message: message, type: type, param: param, code: code)
    }

    private init(_ error: RequestError, promptField: String?) {
        let invalid = "invalid_request_error"
        let message = error.description
        switch error {
        case .invalid(let field, _, _):
            self.init(.badRequest, invalid, "invalid_value", message, param: field)
        case .unsupported(let field, _):
            self.init(.badRequest, invalid, "unsupported_parameter", message, param: field)
        case .malformedBody: self.init(.badRequest, invalid, "invalid_json", message)
        case .bodyTooLarge: self.init(.contentTooLarge, invalid, "request_too_large", message)
        case .unknownModel: self.init(.notFound, invalid, "model_not_found", message, param: "model")
        case .contextOverflow:
            self.init(.badRequest, invalid, "context_length_exceeded", message, param: promptField)
        case .tooLong(let field, _, _, _):
            self.init(.badRequest, invalid, "context_length_exceeded", message, param: field)
        case .incapable: self.init(.badRequest, invalid, "unsupported_model", message, param: "model")
        case .authenticationFailed:
            self.init(.unauthorized, invalid, "invalid_api_key", message)
            extraHeaders[.wwwAuthenticate] = "Bearer"
        case .permissionDenied: self.init(.forbidden, "permission_error", "permission_denied", message)
        case .rateLimited(let kind, _, let retryAfter):
            self.init(.tooManyRequests, kind == .tokens ? "tokens" : "requests", "rate_limit_exceeded", message)
            if let retryAfter { extraHeaders[.retryAfter] = "\(retryAfter.wholeSeconds)" } else { refuseForGood() }
        case .budgetExceeded(_, _, _, _, let held, let seconds):
            self.init(.tooManyRequests, "insufficient_quota", "insufficient_quota", message)
            extraHeaders[.retryAfter] = "\(seconds)"
            if held == .zero { refuseForGood() }
        case .unknownKey: self.init(.notFound, invalid, "key_not_found", message)
        case .unknownRequest:
            self.init(.notFound, invalid, "request_not_found", message, param: "request_id")
        case .overloaded(_, let seconds):
            self.init(.tooManyRequests, "rate_limit_error", "rate_limit_exceeded", message)
            extraHeaders[.retryAfter] = "\(seconds)"
        case .unavailable(_, _, let seconds):
            self.init(.serviceUnavailable, "server_error", "unavailable", message)
            extraHeaders[.retryAfter] = "\(seconds)"
        case .upstreamFailed: self.init(.badGateway, "upstream_error", "upstream_failed", message)
        case .upstreamUnreachable: self.init(.badGateway, "upstream_error", "upstream_unreachable", message)
        case .upstreamRefused(_, let isTooLong, _):
            self.init(.badRequest, invalid, isTooLong ? "context_length_exceeded" : "invalid_value", message)
        case .upstreamTimedOut: self.init(.gatewayTimeout, "upstream_error", "upstream_timeout", message)
        case .internal(let reason):
            self.init(.internalServerError, "server_error", "internal_error", message)
            reasonForLog = reason
        case .cancelled: self.init(.clientClosedRequest, "server_error", "cancelled", message)
        }
    }

    /// OpenAI's own clients would send it again at once otherwise.
    private mutating func refuseForGood() { extraHeaders.set("x-should-retry", "false") }

    private init(_ error: ServerError) {
        let invalid = "invalid_request_error"
        switch error {
        case .unknownPath(let method, let path):
            self.init(.notFound, invalid, "unknown_url", "There is no '\(method) \(path)'.")
        case .methodNotAllowed(let method, let path, let allowed):
            let list = allowed.joined(separator: ", ")
            self.init(
                .methodNotAllowed, invalid, "method_not_allowed", "'\(path)' does not take \(method), only \(list).")
            extraHeaders[.allow] = list
        case .headersTooLarge(let byteCount, let limit):
            self.init(
                .requestHeaderFieldsTooLarge, invalid, "headers_too_large",
                "The request's address and headers have \(byteCount) bytes, more than the limit of \(limit).")
        case .configurationRefused(let findings):
            self.init(
                .unprocessableContent, "configuration_error", "configuration_refused",
                "Nothing has changed, as the configuration is wrong: \(findings.joined(separator: "; ")).")
        }
    }

    func response() -> Response {
        // A body of strings always encodes; were it not to, the status still says what happened.
        (try? JSONBody.response(body, status: status, headers: extraHeaders))
            ?? Response(status: status, headers: extraHeaders)
    }
}

extension HTTPResponse.Status {
    /// nginx's status for a client that went away; nobody but the log sees it.
    static let clientClosedRequest = HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
}
