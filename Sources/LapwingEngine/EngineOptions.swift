import LapwingModel
import LapwingText

/// How an engine uses its machine. The defaults suit one small model on a few cores.
package struct EngineOptions: Sendable {
    /// Tokens of prompt and answer together; nil takes what the model was trained for.
    package var contextLength: Int?
    /// Sequences in the same step.
    package var maxRunning = 8
    /// Sequences that may wait; more are refused with `RequestError.overloaded`.
    package var queueLimit = 256
    /// Prompt tokens a step while nobody generates: long enough to use the cores well, short enough to cancel soon.
    package var prefillChunk = 256
    /// Prompt tokens a step while others generate, and wait for them between two tokens.
    package var prefillChunkBesideGeneration = 64
    /// Whether tokens that repeat earlier text are guessed and checked several a step. Answers are the same, bit for bit.
    package var speculates = true
    /// Pages of the KV cache, as `MemoryPlan` shares them out; nil takes enough for two full contexts. Memory is touched
    /// only as it is used.
    package var pageCount: Int?
    package var kvCache = KVCacheFormat.int8
    /// Takes the place of the template in the weight file.
    package var chatTemplate: NamedTemplate?
    /// Nanoseconds from any fixed moment, never going back.
    package var now: @Sendable () -> UInt64 = EngineOptions.monotonicNanoseconds
    /// Seeds for requests that name none.
    package var freshSeed: @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }

    package init() {}

    private static let launch = ContinuousClock.now

    package static func monotonicNanoseconds() -> UInt64 {
        let (seconds, attoseconds) = launch.duration(to: .now).components
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
