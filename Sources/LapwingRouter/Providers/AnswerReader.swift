import LapwingAPI

/// Turns the events of one API's stream into ours, and knows when the answer is whole.
protocol AnswerReader: Sendable {
    /// Nothing of the answer is still to come.
    var isWhole: Bool { get }
    /// Whether an event came that cannot be read, and may have held a part of the answer.
    var hasGap: Bool { get }
    /// The stream's own end mark has come; what follows is not read.
    var isDone: Bool { get }

    /// Of the answer so far, with what is held back.
    var tokenCount: Int { get }

    /// Reads one event's data. Throws what the upstream says went wrong.
    mutating func receive(_ data: [UInt8]) throws(RequestError) -> [GenerationEvent]
    /// The last events, once the stream is over. Throws `upstreamFailed` where a part is missing.
    func completed() throws(RequestError) -> [GenerationEvent]
}
