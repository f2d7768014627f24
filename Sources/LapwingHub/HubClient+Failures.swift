import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension HubClient {
    /// What an answer other than the one hoped for means. Returned where trying again does not help, as `Passing` where it may.
    func failure(
        _ response: HTTPClientResponse, _ url: URL, _ repository: String
    ) async throws -> any Error {
        let status = Int(response.status.code)
        let code = response.headers.first(name: "x-error-code") ?? ""
        let message = response.headers.first(name: "x-error-message") ?? response.status.reasonPhrase
        let reason = String(message.prefix(200))
        switch (status, code) {
        case (_, "GatedRepo"): return HubError.gated(repository: repository, hasToken: hasToken)
        case (_, "RepoNotFound"): return HubError.repositoryNotFound(repository: repository, hasToken: hasToken)
        // The hub says 401 for what does not exist too, so that nobody learns the names of private models.
        case (401, _):
            return hasToken
                ? HubError.badToken(repository: repository)
                : HubError.repositoryNotFound(repository: repository, hasToken: false)
        case (403, _): return HubError.forbidden(repository: repository, hasToken: hasToken, reason: reason)
        case (404, _): return HubError.repositoryNotFound(repository: repository, hasToken: hasToken)
        case (408, _), (429, _), (500..., _):
            return Passing(response)
        default: return HubError.refused(url: url.shown, status: status, reason: reason)
        }
    }

    /// Runs `body` until it succeeds, fails for good, or has failed `retries.attempts` times.
    func retrying<Value>(_ url: URL, _ body: () async throws -> Value) async throws -> Value {
        var attempt = 1
        while true {
            do {
                return try await body()
            } catch let error as HubError {
                throw error
            } catch {
                try await wait(after: error, attempt: attempt, url: url)
                attempt += 1
            }
        }
    }

    /// Waits before the next attempt; throws where there is to be none.
    func wait(after error: any Error, attempt: Int, url: URL) async throws {
        try Task.checkCancellation()
        if error is CancellationError { throw error }
        guard attempt < retries.attempts else {
            throw HubError.unreachable(url: url.shown, attempts: attempt, reason: Self.reason(error))
        }
        try await retries.sleep((error as? Passing)?.wait ?? retries.delay(after: attempt))
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let passing as Passing: passing.reason
        case let error as HTTPClientError: error.shortDescription
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case is ChannelError, is HTTPParserError: "the connection broke off"
        default: "\(error)"
        }
    }
}

/// A failure that may pass by itself.
struct Passing: Error {
    var reason: String
    /// How long the other side asked to wait.
    var wait: Duration?
}

extension Passing {
    init(_ response: HTTPClientResponse, of url: URL? = nil) {
        let seconds = response.headers.first(name: "retry-after").flatMap { Int($0) }
        self.init(
            reason: "status \(response.status.code)" + (url?.host().map { " of \($0)" } ?? ""),
            wait: seconds.map { .seconds(min(max($0, 0), 120)) })
    }
}
