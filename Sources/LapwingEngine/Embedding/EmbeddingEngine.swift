import LapwingAPI
import LapwingText
import Synchronization

/// Answers embedding and rerank requests with one model: those that come while a pass runs share the next one.
///
/// Requests are tokenized, checked, queued and cancelled on whatever thread they come; passes run on one of the engine's
/// own, so that they never block the cooperative pool.
package final class EmbeddingEngine: Sendable {
    package struct Options: Sendable {
        package var queue = EncodingQueue.Limits()
        /// Tokens of one request, as the OpenAI API has it.
        package var requestTokens = 300_000
        /// Nanoseconds from any fixed moment, never going back.
        package var now: @Sendable () -> UInt64 = EngineOptions.monotonicNanoseconds

        package init() {}
    }

    private struct State {
        var queue: EncodingQueue
        var jobs: [RequestID: EncodingJob] = [:]
        var lastRequest: UInt64 = 0
        /// Whether passes are being run; they are until nothing waits.
        var isRunning = false
        var isShutDown = false
    }

    package let name: String
    package let tokenizer: Tokenizer
    package let model: any EmbeddingModel
    let options: Options
    private let state: Mutex<State>
    private let passes: PassRunner

    package init(name: String, model: any EmbeddingModel, tokenizer: Tokenizer, options: Options = Options()) {
        self.name = name
        self.model = model
        self.tokenizer = tokenizer
        self.options = options
        state = Mutex(State(queue: EncodingQueue(limits: options.queue)))
        passes = PassRunner(threadName: "lapwing-embedding-\(name)")
    }

    /// Sequences that wait for a pass.
    package var queuedSequences: Int { state.withLock { $0.queue.sequenceCount } }

    /// One row a sequence, in order, with the machine time that they took. Throws `RequestError`, and what the model throws.
    func rows(
        of sequences: [EncoderSequence], onCompute: (@Sendable (Int64) -> Void)?
    ) async throws -> EncodingJob.Outcome {
        let id = state.withLock { state in
            state.lastRequest += 1
            return RequestID(state.lastRequest)
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                start(EncodingJob(sequences: sequences, onCompute: onCompute, reply: continuation), id)
                // A cancellation that came before this line found no job to end.
                if Task.isCancelled { end(id, with: .failure(RequestError.cancelled)) }
            }
        } onCancel: {
            end(id, with: .failure(RequestError.cancelled))
        }
    }

    private func start(_ job: EncodingJob, _ id: RequestID) {
        let refusal: RequestError?
        let isIdle: Bool
        (refusal, isIdle) = state.withLock { state in
            if state.isShutDown { return (shuttingDown, false) }
            guard state.queue.admit(id, lengths: job.sequences.map(\.tokens.count)) else {
                return (.overloaded(what: "The queue of '\(name)'", retryAfterSeconds: 1), false)
            }
            state.jobs[id] = job
            defer { state.isRunning = true }
            return (nil, !state.isRunning)
        }
        if let refusal { return job.reply.resume(throwing: refusal) }
        if isIdle { Task { [passes] in await passes.run { self.runPass() } } }
    }

    /// Runs the next pass; false where nothing waits.
    private func runPass() -> Bool {
        let (places, sequences) = state.withLock { state in
            let places = state.queue.nextPass()
            state.isRunning = !places.isEmpty
            return (places, places.compactMap { state.jobs[$0.request]?.sequences[$0.index] })
        }
        guard !places.isEmpty else { return false }
        precondition(sequences.count == places.count, "what waits has a job")
        let start = options.now()
        let result = Result { try model.rows(of: sequences) }
        let shares = StepMeter.shares(of: options.now() - start, tokenCounts: sequences.map(\.tokens.count))
        switch result {
        case .success(let rows):
            for ((place, row), share) in zip(zip(places, rows), shares) { deliver(row, share, to: place) }
        case .failure(let error):
            // Whose sequence it was cannot be told.
            for id in Set(places.map(\.request)) { end(id, with: .failure(error)) }
        }
        return true
    }

    /// Nobody waits any more for a row of a request that has gone away.
    private func deliver(_ row: [Float], _ nanoseconds: Int64, to place: EncodingQueue.Place) {
        let job = state.withLock { state in
            state.jobs[place.request]?.take(row, at: place.index, nanoseconds: nanoseconds)
            return state.jobs[place.request]
        }
        guard let job else { return }
        job.onCompute?(nanoseconds)
        if job.isDone { end(place.request, with: .success(job.outcome)) }
    }

    /// Answers a request, if it has no answer yet.
    private func end(_ id: RequestID, with result: Result<EncodingJob.Outcome, any Error>) {
        let job = state.withLock { state in
            state.queue.withdraw(id)
            return state.jobs.removeValue(forKey: id)
        }
        job?.reply.resume(with: result)
    }

    /// Takes no more requests, and ends those that it has with an error.
    package func shutDown() {
        let ids = state.withLock { state in
            state.isShutDown = true
            return Array(state.jobs.keys)
        }
        for id in ids { end(id, with: .failure(shuttingDown)) }
    }

    private var shuttingDown: RequestError {
        .unavailable(what: name, reason: "it is shutting down", retryAfterSeconds: 5)
    }
}

/// Runs passes on a thread of its own.
private actor PassRunner {
    private nonisolated let thread: EngineThread

    init(threadName: String) { thread = EngineThread(name: threadName) }

    deinit { thread.stop() }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Until there is none.
    func run(_ pass: @Sendable () -> Bool) {
        while pass() {}
    }
}

/// One request's sequences, and their rows as far as there are any.
struct EncodingJob {
    typealias Outcome = (rows: [[Float]], computeNanoseconds: Int64)

    let sequences: [EncoderSequence]
    let onCompute: (@Sendable (Int64) -> Void)?
    let reply: CheckedContinuation<Outcome, any Error>
    private var rows: [[Float]]
    private var openCount: Int
    private var nanoseconds: Int64 = 0

    init(
        sequences: [EncoderSequence], onCompute: (@Sendable (Int64) -> Void)?,
        reply: CheckedContinuation<Outcome, any Error>
    ) {
        self.sequences = sequences
        self.onCompute = onCompute
        self.reply = reply
        rows = Array(repeating: [], count: sequences.count)
        openCount = sequences.count
    }

    var isDone: Bool { openCount == 0 }
    var outcome: Outcome { (rows, nanoseconds) }

    mutating func take(_ row: [Float], at index: Int, nanoseconds: Int64) {
        rows[index] = row
        openCount -= 1
        self.nanoseconds += nanoseconds
    }
}
