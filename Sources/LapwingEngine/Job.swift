import LapwingAPI

/// A request in work: what it has used, which of its sequences are still open, and where the result goes.
struct Job {
    enum Reply {
        case stream(GenerationStream.Continuation)
        case scores(CheckedContinuation<ScoringResult, any Error>, [ScoringResult.Continuation])
    }

    let sequences: Set<SequenceID>
    var openCount: Int
    var usage: Usage
    var reply: Reply
    private let onCompute: (@Sendable (Int64) -> Void)?

    init(
        sequences: [SequenceID], promptTokens: Int, reply: Reply, onCompute: (@Sendable (Int64) -> Void)?
    ) {
        self.onCompute = onCompute
        self.sequences = Set(sequences)
        openCount = sequences.count
        usage = Usage(promptTokens: promptTokens, completionTokens: 0, computeNanoseconds: 0)
        self.reply = reply
    }

    /// Takes in the request's share of a step.
    mutating func spend(_ nanoseconds: Int64) {
        usage.computeNanoseconds? += nanoseconds
        onCompute?(nanoseconds)
    }

    func send(_ events: [GenerationEvent]) {
        guard case .stream(let continuation) = reply else { return }
        for event in events { continuation.yield(event) }
    }

    mutating func set(_ result: ScoringResult.Continuation, at index: Int) {
        guard case .scores(let continuation, var results) = reply else { return }
        results[index] = result
        reply = .scores(continuation, results)
    }

    /// The last word to whoever asked.
    func complete(model: String) {
        switch reply {
        case .stream(let continuation):
            continuation.yield(.completed(model: model, usage: usage, receipt: nil))
            continuation.finish()
        case .scores(let continuation, let results):
            continuation.resume(returning: ScoringResult(continuations: results, usage: usage))
        }
    }

    func fail(_ error: RequestError) {
        switch reply {
        case .stream(let continuation): continuation.finish(throwing: error)
        case .scores(let continuation, _): continuation.resume(throwing: error)
        }
    }
}
