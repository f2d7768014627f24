/// Answers prompts. The engine, an HTTP upstream and the router all conform, so that they can stand for one another.
package protocol ChatProvider: Sendable {
    /// Starts an answer. Throws `RequestError` before any event where the request cannot be taken;
    /// the stream throws the same type where it fails later.
    func generate(_ request: GenerationRequest, context: RequestContext) async throws -> GenerationStream
}

/// Log-probabilities of given text, exact, in one pass.
package protocol ScoringProvider: Sendable {
    /// For each continuation, the log-probability of each of its tokens after `prompt`.
    func score(_ request: ScoringRequest, context: RequestContext) async throws -> ScoringResult
    /// The tokens after which the model would begin its answer, a conversation put into its chat template: what a score's
    /// prompt is where it is not given as tokens.
    func encode(_ prompt: Prompt, model: String) async throws -> [TokenID]
}

/// Text to a model's tokens and back.
package protocol TokenizingProvider: Sendable {
    func tokenize(_ text: String, model: String, addSpecialTokens: Bool) async throws -> [TokenID]
    func detokenize(_ tokens: [TokenID], model: String) async throws -> String
    func tokenizerDescription(model: String) async throws -> TokenizerDescription
}

/// The models and routes that requests may name.
package protocol CatalogProvider: Sendable {
    func models() async -> [ModelCard]
    /// Whether requests can be taken now, and if not, why.
    func readiness() async -> Readiness
}

package struct ScoringRequest: Sendable {
    package var model: String
    package var prompt: [TokenID]
    package var continuations: [[TokenID]]

    package init(model: String, prompt: [TokenID], continuations: [[TokenID]]) {
        self.model = model
        self.prompt = prompt
        self.continuations = continuations
    }
}

package struct ScoringResult: Sendable {
    package struct Continuation: Sendable {
        package var logProbabilities: [Double]
        /// Whether every token is the most probable one at its place.
        package var isGreedy: Bool

        package init(logProbabilities: [Double], isGreedy: Bool) {
            self.logProbabilities = logProbabilities
            self.isGreedy = isGreedy
        }
    }

    package var continuations: [Continuation]
    package var usage: Usage
    /// The router's; a bare provider gives none.
    package var receipt: Receipt?

    package init(continuations: [Continuation], usage: Usage, receipt: Receipt? = nil) {
        self.continuations = continuations
        self.usage = usage
        self.receipt = receipt
    }
}

package struct TokenizerDescription: Sendable {
    package var bosToken: String?
    package var eosToken: String?
    package var padToken: String?
    package var chatTemplate: String?
    package var vocabularySize: Int
    package var contextLength: Int

    package init(
        bosToken: String?, eosToken: String?, padToken: String?, chatTemplate: String?, vocabularySize: Int,
        contextLength: Int
    ) {
        self.bosToken = bosToken
        self.eosToken = eosToken
        self.padToken = padToken
        self.chatTemplate = chatTemplate
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
    }
}

/// An entry of `/v1/models`.
package struct ModelCard: Hashable, Sendable {
    package enum Kind: String, Sendable { case route, local, remote }

    package var name: String
    package var kind: Kind
    package var contextLength: Int?
    /// Why requests to it are refused for now, such as an unset key; nil when it is available.
    package var unavailable: String?
    /// What it serves; nil where that is not known, as behind another server.
    package var capabilities: [ModelCapability]?
    /// What whoever runs it should know of how it serves, such as that its calibration has drifted; nil where all is well.
    package var notice: String?

    package init(
        name: String, kind: Kind, contextLength: Int? = nil, unavailable: String? = nil,
        capabilities: [ModelCapability]? = nil
    ) {
        self.name = name
        self.kind = kind
        self.contextLength = contextLength
        self.unavailable = unavailable
        self.capabilities = capabilities
    }
}

package enum Readiness: Hashable, Sendable {
    case ready
    case notReady(reason: String)
}
