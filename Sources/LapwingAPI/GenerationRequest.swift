/// A token's index in its model's vocabulary.
package typealias TokenID = Int32

/// What the model is to continue.
package enum Prompt: Hashable, Sendable, Codable {
    /// Rendered with the model's chat template.
    case messages([ChatMessage])
    /// Tokenized as it stands; special tokens in the text are parsed.
    case text(String)
    /// Given to the model as it stands, with no beginning-of-sequence token added.
    case tokens([TokenID])
}

/// How the next token is drawn. The defaults are the OpenAI API's.
package struct Sampling: Hashable, Sendable, Encodable {
    /// 0 takes the most probable token.
    package var temperature: Double = 1
    package var topP: Double = 1
    /// Keeps the k most probable tokens; nil keeps all.
    package var topK: Int?
    /// Drops tokens less probable than this share of the most probable one.
    package var minP: Double = 0
    /// Same seed and request, same answer. nil draws a fresh seed.
    package var seed: UInt64?
    /// Divides positive and multiplies negative logits of tokens already seen (Keskar et al. 2019, CTRL); 1 is off.
    package var repetitionPenalty: Double = 1
    package var presencePenalty: Double = 0
    package var frequencyPenalty: Double = 0
    /// Added to a token's logit before anything else.
    package var logitBias: [TokenID: Double] = [:]

    package init() {}
}

/// One request to generate text, in the one shape that all providers take.
///
/// Encodable without a word of ours, so that what is kept for equal requests cannot forget a field.
package struct GenerationRequest: Sendable, Encodable {
    /// The name of a route or of a model.
    package var model: String
    /// One for a chat; the completions API allows several. Choice `p * choiceCount + i` is answer `i` to prompt `p`.
    package var prompts: [Prompt]
    package var sampling = Sampling()
    /// Most tokens an answer may have; nil means what is left of the context.
    package var maxTokens: Int?
    /// The answer ends before the first of these; the string itself is not part of it.
    package var stop: [String] = []
    package var choiceCount = 1
    /// How many alternatives to report with each token; nil reports no log-probabilities at all.
    package var topLogProbabilities: Int?
    /// The same for the prompt's tokens, where fewer will do; nil means as many.
    package var promptTopLogProbabilities: Int?
    /// Also report the prompt's own tokens (`GenerationEvent.prompt`), with log-probabilities where those are asked for.
    package var echo = false
    /// Keep generating past end-of-sequence tokens, to `maxTokens`.
    package var ignoreEOS = false
    /// The last message is the beginning of an assistant's answer, which is to be gone on with.
    package var continuesLastMessage = false
    /// The functions that the model may call; nil where it may call none.
    package var toolUse: ToolUse?
    /// What the answer's text must be; nil is any text.
    package var responseFormat: ResponseFormat?
    /// What the answer is to be one of; nil leaves that to the route.
    package var labels: [String]?
    /// How long the model may think first, in its API's words, such as `low`; nil leaves it to the model.
    package var reasoningEffort: String?
    /// Whether the prompt may be read from and left in the prefix cache.
    package var cachePrompt = true
    /// Whether the client reads the answer as a stream. The answer is the same.
    package var stream = false

    package init(model: String, prompts: [Prompt]) {
        self.model = model
        self.prompts = prompts
    }
}

/// Who asks, and under which name the request is kept. Travels with every provider call.
package struct RequestContext: Sendable {
    package var requestID: String
    package var keyID: String?
    package var tenant: String = "default"
    package var tier: String = "default"
    package var user: String?
    /// Free labels such as `feature` and `project`, kept in the ledger.
    package var metadata: [String: String] = [:]
    /// Whether a kept answer will do, where the route keeps answers.
    package var cache = CacheUse.allowed
    /// Told of machine time as it is spent, in nanoseconds: a call that is cut off has no last event to say it. Must not
    /// wait.
    package var onCompute: (@Sendable (Int64) -> Void)?
    /// Told what the request came to once that is in the ledger. Must not wait.
    package var onEnd: (@Sendable (RequestSummary) -> Void)?

    package init(requestID: String) { self.requestID = requestID }
}
