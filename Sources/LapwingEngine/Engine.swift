import LapwingAPI
import LapwingModel
import LapwingText
import Synchronization

/// Answers requests with one model: many sequences to one forward pass a step.
///
/// All its state belongs to one thread of its own. A step is synchronous; between two steps new requests and
/// cancellations are taken in. Prompts are rendered, tokenized and checked before they get here, on the caller's thread.
/// It serves its one model whatever name a request gives.
package actor Engine {
    package nonisolated let name: String
    package nonisolated let contextLength: Int
    nonisolated let encoder: PromptEncoder
    nonisolated let board = EngineBoard()

    nonisolated let options: EngineOptions
    let model: LanguageModel
    let cache: KVCache
    var scheduler: Scheduler
    var scratch = SamplerScratch()
    var jobs: [RequestID: Job] = [:]
    var answers: [SequenceID: Answer] = [:]
    var scores: [SequenceID: ContinuationScore] = [:]
    private var lastSequence: UInt64 = 0
    /// Runs steps while there is work; nil while the engine is idle.
    private var stepping: Task<Void, Never>?
    private var isDraining = false
    private nonisolated let thread: EngineThread

    package init(name: String, model: LanguageModel, options: EngineOptions = EngineOptions()) throws {
        let trained = model.configuration.contextLength
        let requested = options.contextLength ?? trained
        guard requested > 0 else { throw EngineError.contextEmpty }
        guard requested <= trained else {
            throw EngineError.contextTooLong(model: name, requested: requested, trained: trained)
        }
        cache = try model.makeCache(
            pageCount: options.pageCount ?? MemoryPlan.pageCount(contextLength: requested), format: options.kvCache)
        contextLength = min(requested, cache.pageCount * KVCache.pageSize)
        encoder = try PromptEncoder(
            ModelVocabulary(model.file), override: options.chatTemplate,
            modelVocabularySize: model.configuration.vocabularySize, contextLength: contextLength)
        scheduler = Scheduler(
            limits: Scheduler.Limits(
                running: options.maxRunning, queued: options.queueLimit, promptTokens: options.prefillChunk,
                promptTokensBesideGeneration: options.prefillChunkBesideGeneration,
                draftTokens: options.speculates ? 12 : 0),
            pool: PagePool(pageCount: cache.pageCount, pageSize: KVCache.pageSize))
        self.name = name
        self.model = model
        self.options = options
        thread = EngineThread(name: "lapwing-engine-\(name)")
        model.file.releaseHeaderPages()
    }

    deinit { thread.stop() }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func nextSequence() -> SequenceID {
        lastSequence += 1
        return SequenceID(lastSequence)
    }

    /// Throws where requests are no longer taken.
    func checkOpen() throws(RequestError) {
        if isDraining { throw .unavailable(what: name, reason: "it is shutting down", retryAfterSeconds: 5) }
    }

    /// Starts stepping unless it runs already.
    func wake() {
        guard stepping == nil else { return }
        stepping = Task { await stepUntilIdle() }
    }

    private func stepUntilIdle() async {
        // Each yield lets the calls that have come in meanwhile run before the next step.
        while step() { await Task.yield() }
        stepping = nil
    }

    /// Takes no more requests, and returns when those that it has are answered.
    package func drain() async {
        isDraining = true
        board.update { $0.isDraining = true }
        await stepping?.value
    }

    /// Takes no more requests, and ends those that it has with an error.
    package func shutDown() async {
        isDraining = true
        board.update { $0.isDraining = true }
        for id in jobs.keys {
            end(id, with: .unavailable(what: name, reason: "it is shutting down", retryAfterSeconds: 5))
        }
        await stepping?.value
    }
}

extension Engine {
    package nonisolated var statistics: EngineStatistics { board.statistics }

    /// Time spent in steps since the engine was made.
    package nonisolated var busyNanoseconds: UInt64 { board.statistics.busyNanoseconds }

    /// Whether requests are taken now.
    package nonisolated var readiness: Readiness {
        board.statistics.isDraining ? .notReady(reason: "'\(name)' is shutting down") : .ready
    }
}
