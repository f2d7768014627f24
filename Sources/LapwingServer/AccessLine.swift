import HTTPTypes
import LapwingAPI
import Logging

/// What the log says of a request: our own words, names of the configuration and figures.
struct AccessLine {
    /// The line of the table of paths.
    var path: String
    var status: Int
    var duration: Duration
    /// nil where it was not admitted, or its client went away before it was entered.
    var summary: RequestSummary?

    /// Figures are numbers, so that a log of JSON has them as such.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "path": "\(path)", "status": .stringConvertible(status), "duration_ms": Self.milliseconds(duration),
        ]
        guard let summary else { return metadata }
        metadata["route"] = "\(summary.route)"
        metadata["model"] = "\(summary.model)"
        metadata["outcome"] = "\(summary.status)"
        metadata["decision"] = summary.decision.map { "\($0.rawValue)" }
        metadata["cache"] = summary.cache.map { "\($0.word)" }
        metadata["calls"] = .stringConvertible(summary.callCount)
        metadata["tokens_in"] = .stringConvertible(summary.promptTokens)
        metadata["tokens_out"] = .stringConvertible(summary.completionTokens)
        // Of those that have a price; where none has, it is not free.
        if summary.unpricedCalls < max(summary.callCount, 1) { metadata["cost_usd"] = .stringConvertible(summary.cost) }
        if summary.unpricedCalls > 0 { metadata["unpriced_calls"] = .stringConvertible(summary.unpricedCalls) }
        metadata["first_token_ms"] = summary.firstToken.map(Self.milliseconds)
        metadata["upstream_ms"] = Self.milliseconds(summary.upstream)
        metadata["added_ms"] = Self.milliseconds(max(.zero, duration - summary.upstream))
        return metadata
    }

    /// A method is a client's word too.
    static func known(_ method: HTTPRequest.Method) -> String {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .delete, .options, .patch, .trace, .connect]
        return known.contains(method) ? method.rawValue : "(other)"
    }

    /// To the microsecond.
    private static func milliseconds(_ duration: Duration) -> Logger.MetadataValue {
        .stringConvertible((duration / .microseconds(1)).rounded() / 1000)
    }
}
