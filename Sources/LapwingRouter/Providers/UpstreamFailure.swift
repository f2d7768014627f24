import AsyncHTTPClient
import Foundation
import LapwingAPI
import NIOCore
import NIOHTTP1
import NIOPosix

/// Turns what goes wrong with an upstream into the words that all layers speak.
package enum UpstreamFailure {
    /// Most characters of an upstream's own words that are passed on.
    private static let messageLimit = 300

    /// What a reply with an error status means. `retryAfter` is what `RetryAfter` makes of the header, `body` the beginning of
    /// the body.
    package static func status(
        _ status: Int, retryAfter seconds: Int?, body: [UInt8], model: String, key: UpstreamKey?
    ) -> RequestError {
        let said = message(in: body).map { bounded(key?.redacting($0) ?? $0) }
        switch status {
        case 429:
            return .overloaded(what: "The upstream of '\(model)'", retryAfterSeconds: seconds ?? 1)
        // 529 is Anthropic's, of an API that is overloaded as a whole.
        case 503 where seconds != nil, 529:
            return .unavailable(
                what: model, reason: said ?? "its upstream is overloaded", retryAfterSeconds: seconds ?? 1)
        case 401, 403:
            // Providers repeat parts of the key here, masked each in its own way.
            return .upstreamFailed(model: model, status: status, reason: "it refused the key or the access")
        case 400, 413, 422:
            return .upstreamRefused(
                model: model, isTooLong: isAboutLength(body, said ?? ""), reason: said ?? "it gave no reason")
        case 404:
            return .upstreamFailed(model: model, status: status, reason: said ?? "it has no such model or path")
        case 300..<400:
            return .upstreamFailed(
                model: model, status: status, reason: "it answered with a redirect, which is not followed")
        default:
            return .upstreamFailed(model: model, status: status, reason: said ?? "it gave no reason")
        }
    }

    /// What AsyncHTTPClient and NIO throw. Their descriptions may name addresses, so the words are ours.
    package static func transport(_ error: any Error, model: String, hasAnswered: Bool) -> RequestError {
        func failed(_ reason: String) -> RequestError { .upstreamFailed(model: model, status: nil, reason: reason) }
        let broken =
            hasAnswered
            ? failed("the connection broke")
            : .upstreamUnreachable(model: model, reason: "it hung up before it answered")
        switch error {
        case let error as RequestError: return error
        case is CancellationError: return .cancelled
        case let error as HTTPClientError:
            let connecting: [HTTPClientError] = [
                .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .httpProxyHandshakeTimeout,
            ]
            if error == .cancelled { return .cancelled }
            if connecting.contains(error) {
                return .upstreamTimedOut(model: model, stage: UpstreamStage.connecting.rawValue)
            }
            return error == .remoteConnectionClosed ? broken : failed("the request failed: \(error.shortDescription)")
        case HTTPParserError.invalidEOFState, ChannelError.ioOnClosedChannel, is StaleConnection: return broken
        case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode): return broken
        case is HTTPParserError, is NIOHTTPDecoderError: return failed("what it sent is not HTTP")
        default:
            // NIO's other errors before there is an answer are those of making a connection.
            return hasAnswered ? broken : .upstreamUnreachable(model: model, reason: connecting(error))
        }
    }

    /// Why a connection could not be made.
    private static func connecting(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)).lowercased()
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { connecting($0.error) } ?? "its host name is not known"
        // Those of TLS are kinds of their own.
        default: "\(type(of: error))"
        }
    }

    /// Whether an upstream that found fault with a request found it too long for the model.
    private static func isAboutLength(_ body: [UInt8], _ said: String) -> Bool {
        let error = (try? JSONDecoder().decode(OpenAI.ErrorBody.self, from: Data(body)))?.error
        // OpenAI's, llama-server's and Anthropic's words; vLLM and others have only the sentence.
        if error?.code == "context_length_exceeded" { return true }
        if ["exceed_context_size_error", "request_too_large"].contains(error?.type) { return true }
        let words = said.lowercased()
        return ["context length", "context size", "context window", "context limit", "prompt is too long"]
            .contains(where: words.contains)
    }

    /// An upstream's words made fit for one line of ours.
    package static func bounded(_ text: String) -> String {
        let line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : Character($0) }
        let trimmed = String(line.prefix(messageLimit + 1)).trimmingCharacters(in: .whitespaces)
        let words = trimmed.count > messageLimit ? trimmed.prefix(messageLimit) + "…" : trimmed[...]
        // The sentence that it becomes part of has its own full stop.
        return words.hasSuffix(".") ? String(words.dropLast()) : String(words)
    }

    private static func message(in body: [UInt8]) -> String? {
        if let failure = try? JSONDecoder().decode(OpenAI.ErrorBody.self, from: Data(body)),
            !failure.error.message.isEmpty
        {
            return failure.error.message
        }
        // FastAPI's shape, which several servers built on it let through.
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body))
        return value?["detail"]?.string ?? value?["message"]?.string
    }
}
