/// What an engine is doing and has done since it was made.
package struct EngineStatistics: Hashable, Sendable {
    package var runningSequences = 0
    package var queuedSequences = 0
    package var pageCount = 0
    package var usedPages = 0
    /// Pages that hold prefixes for requests to come.
    package var idlePages = 0
    package var steps: UInt64 = 0
    /// Tokens that went through the model.
    package var computedTokens: UInt64 = 0
    /// Prompt tokens that the prefix cache spared.
    package var cachedTokens: UInt64 = 0
    package var generatedTokens: UInt64 = 0
    /// Guessed tokens that went through the model, and those of them that were drawn then.
    package var draftedTokens: UInt64 = 0
    package var acceptedTokens: UInt64 = 0
    /// Times that a sequence had to wait again, so that an older one found room.
    package var putBackSequences: UInt64 = 0
    /// Time spent in steps.
    package var busyNanoseconds: UInt64 = 0
    package var isDraining = false

    package init() {}
}
