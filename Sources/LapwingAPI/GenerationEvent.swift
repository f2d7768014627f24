/// A token as the model chose or was given it.
package struct ScoredToken: Hashable, Sendable {
    package var id: TokenID
    /// The token's own bytes; one character may span several tokens.
    package var bytes: [UInt8]
    /// Natural logarithm of the probability under the unmodified distribution. nil for a sequence's first token.
    package var logProbability: Double?
    /// The most probable tokens at this position, best first. Empty unless asked for.
    package var top: [TokenAlternative]
    /// False for a control token: its bytes are its name, which an answer's text never holds.
    package var isText: Bool
    /// Of a label that is a whole answer, where it was scored; nil for all else.
    package var comparison: LabelComparison?

    package init(
        id: TokenID, bytes: [UInt8], logProbability: Double?, top: [TokenAlternative] = [], isText: Bool = true
    ) {
        self.id = id
        self.bytes = bytes
        self.logProbability = logProbability
        self.top = top
        self.isText = isText
    }
}

/// A token that might have been chosen.
package struct TokenAlternative: Hashable, Sendable {
    package var id: TokenID
    package var bytes: [UInt8]
    package var logProbability: Double

    package init(id: TokenID, bytes: [UInt8], logProbability: Double) {
        self.id = id
        self.bytes = bytes
        self.logProbability = logProbability
    }
}

/// Why an answer ended, in the OpenAI API's words.
package enum FinishReason: String, Sendable, Codable {
    /// An end-of-sequence token or a stop string.
    case stop
    /// `maxTokens` or the end of the context.
    case length
    case contentFilter = "content_filter"
    /// The model waits for what the functions that it called give.
    case toolCalls = "tool_calls"
}

/// Tokens read and written by one call.
package struct Usage: Hashable, Sendable, Codable {
    package var promptTokens: Int
    /// Of the prompt's tokens, those that a cache spared.
    package var cachedPromptTokens: Int
    package var completionTokens: Int
    /// Nanoseconds of machine time: this call's share of the steps that it was part of. nil for a call over HTTP.
    package var computeNanoseconds: Int64?
    /// True where the provider did not report usage and the figures are our estimate.
    package var isEstimated: Bool

    package init(
        promptTokens: Int, cachedPromptTokens: Int = 0, completionTokens: Int, computeNanoseconds: Int64? = nil,
        isEstimated: Bool = false
    ) {
        self.promptTokens = promptTokens
        self.cachedPromptTokens = cachedPromptTokens
        self.completionTokens = completionTokens
        self.computeNanoseconds = computeNanoseconds
        self.isEstimated = isEstimated
    }
}

/// A part of a call that an answer makes of a function. The first of each call names it, and the arguments come in pieces.
package struct ToolCallDelta: Hashable, Sendable {
    /// Which of the answer's calls it is, from 0.
    package var index: Int
    package var id: String?
    package var name: String?
    /// JSON text, whole once all pieces are put together.
    package var arguments: String

    package init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// What a provider says while it answers. Order: `committed`?, then per choice `prompt`?, any of `reasoning`, `delta` and
/// `toolCall`, `checked`? and `finished`, then `completed`.
package enum GenerationEvent: Sendable {
    /// The router's first event: the answer that follows is the one that will be kept. Providers below it do not send this.
    case committed(Commitment)
    /// The prompt's own tokens, when `echo` asked for them.
    case prompt(choice: Int, tokens: [ScoredToken])
    /// New text, whole characters only, and the tokens that were drawn; either may be empty while the other waits.
    case delta(choice: Int, text: String, tokens: [ScoredToken])
    /// New text of what the model thinks before it answers. It is no part of the answer, and is billed like it.
    case reasoning(choice: Int, text: String)
    case toolCall(choice: Int, ToolCallDelta)
    /// What the model makes of the answer that it has just given. No client sees it.
    case checked(choice: Int, AnswerChecks)
    case finished(choice: Int, reason: FinishReason)
    /// The last event. The receipt is the router's; a bare provider sends none.
    case completed(model: String, usage: Usage, receipt: Receipt?)
}

/// A running answer. Dropping the iterator cancels the work behind it.
package typealias GenerationStream = AsyncThrowingStream<GenerationEvent, any Error>
