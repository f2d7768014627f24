/// How long an upstream may take for each part of an answer.
package struct UpstreamTimeouts: Hashable, Sendable {
    /// The client's own; `HTTPClient.forUpstreams` takes it.
    package var connect: Duration = .seconds(5)
    /// From sending the request to the first token, connecting included.
    package var firstToken: Duration = .seconds(60)
    package var betweenTokens: Duration = .seconds(30)
    package var total: Duration = .seconds(600)
    /// From the last choice's end to the end of the stream; then the answer counts as it is.
    package var afterWhole: Duration = .seconds(2)

    package init() {}
}

/// What an upstream was doing when its time was up, as the end of a sentence.
enum UpstreamStage: String, Sendable {
    case connecting = "while connecting"
    case firstToken = "before the first token"
    case betweenTokens = "between two tokens"
    case total = "before the answer was whole"
}
