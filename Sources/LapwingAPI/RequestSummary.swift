/// What a request came to, for logs and metrics: names of the configuration, words and figures, and nothing that the
/// client wrote.
package struct RequestSummary: Sendable {
    /// The ledger's word: `completed`, `aborted`, `cancelled`, `failed`.
    package var status: String
    package var route: String
    /// The model whose answer it was, or the one asked first.
    package var model: String
    package var decision: Decision?
    package var cache: CacheResult?
    /// Over all calls.
    package var promptTokens = 0
    package var completionTokens = 0
    package var cost = NanoUSD.zero
    package var callCount = 0
    package var unpricedCalls = 0
    package var firstToken: Duration?
    /// How long at least one call was in progress.
    package var upstream = Duration.zero

    package init(status: String, route: String, model: String) {
        self.status = status
        self.route = route
        self.model = model
    }
}
