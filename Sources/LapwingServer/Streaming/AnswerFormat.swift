import LapwingAPI

/// What all objects of one answer have in common.
struct AnswerIdentity: Sendable {
    let id: String
    /// Seconds since 1970.
    let created: Int
    /// The model that was asked for, until the answer says which one it is.
    var model: String
}

/// Turns a provider's events into the chunks of one API's stream.
protocol StreamFormat: Sendable {
    associatedtype Chunk: StreamChunk

    var envelope: StreamEnvelope<Chunk> { get set }

    /// What to send now. A choice's end is left to the envelope, which says it last.
    mutating func chunks(for event: GenerationEvent) -> [Chunk]
}

/// Gathers a provider's events into the body of one API's answer.
protocol BodyFormat: Sendable {
    associatedtype Body: Encodable & Sendable

    mutating func add(_ event: GenerationEvent)
    func body(model: String, usage: Usage, receipt: Receipt?) -> Body
}

extension OpenAI.Usage {
    init(_ usage: LapwingAPI.Usage) {
        self.init(
            promptTokens: usage.promptTokens, completionTokens: usage.completionTokens,
            cachedTokens: usage.cachedPromptTokens)
    }
}

/// JSON has no infinity; this stands for a probability of zero, as in vLLM.
let lowestLogProbability = -9999.0

func finite(_ logProbability: Double) -> Double {
    logProbability >= lowestLogProbability ? min(logProbability, 0) : lowestLogProbability
}

/// A token as text. One that is only part of a character is spelt out, as the OpenAI API does: `bytes:\xe2\x82`.
func tokenText(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    return bytes.reduce(into: "bytes:") { text, byte in
        text += byte < 16 ? "\\x0" : "\\x"
        text += String(byte, radix: 16)
    }
}
