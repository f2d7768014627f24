import Foundation
import LapwingAPI
import LapwingEngine
import LapwingModel

/// Measures a model by its forward passes and the engine by its requests. Speeds are medians; loading and memory are read
/// once.
package struct EngineBench {
    let plan: BenchPlan
    let name: String
    let model: LanguageModel
    /// What forward passes may use; the engine stays within what the model was trained for.
    let contextLength: Int
    /// Of the engine's cache; nil takes the engine's own default.
    let pageCount: Int?
    let kvCache: KVCacheFormat
    private let loadSeconds: Double

    /// `contextLength` nil takes what the model was trained for; it may be more than that.
    package init(
        name: String, path: String, contextLength: Int?, pageCount: Int? = nil, threads: Int,
        kvCache: KVCacheFormat = .int8, packedCache: Bool = false, plan: BenchPlan = BenchPlan()
    ) throws {
        let watch = Stopwatch(ContinuousClock())
        model = try LanguageModel.load(
            path: path, options: LoadOptions(workers: Workers(count: threads), packedCache: packedCache))
        loadSeconds = watch.elapsed() / .seconds(1)
        self.contextLength = contextLength ?? model.configuration.contextLength
        self.name = name
        self.pageCount = pageCount
        self.kvCache = kvCache
        self.plan = plan
    }

    /// Requests come first: memory is read while their engine stands, and before the passes make deep caches of their own.
    package func run(progress: @escaping (BenchProgress) -> Void) async throws -> BenchReport {
        let steps = BenchSteps(total: plan.engineStepCount, show: progress)
        let requests = try await requestFigures(steps)
        let passes = try passFigures(steps)
        return BenchReport(
            engine: "lapwing", model: name,
            facts: [
                "\(model.workers.count) \(model.workers.count == 1 ? "thread" : "threads")",
                "\(model.kernels.name) kernels", "\(kvCache.rawValue) cache",
                "context \(Figures.grouped(contextLength))",
            ],
            rounds: plan.rounds, figures: passes + requests)
    }

    func memoryFigures() throws -> [BenchFigure] {
        let footprint = try ModelFootprint(model.file)
        func mebibytes(_ measure: Measure, _ bytes: Int64?) -> BenchFigure {
            BenchFigure(measure, bytes.map { Double($0) / 1_048_576 }, note: bytes == nil ? "cannot be told here" : "")
        }
        return [
            BenchFigure(.load, loadSeconds * 1000),
            mebibytes(.resident, MachineFacts.residentBytes()),
            mebibytes(.mostResident, MachineFacts.peakResidentBytes()),
            mebibytes(.weights, Int64(model.weightByteCount)),
            mebibytes(.buffers, Int64(footprint.scratchByteCount(pageCount: contextPages))),
            BenchFigure(.cache, cacheBytesPerToken(footprint) * 1000 / 1_048_576),
        ]
    }

    private var contextPages: Int { (contextLength + KVCache.pageSize - 1) / KVCache.pageSize }

    func cacheBytesPerToken(_ footprint: ModelFootprint) -> Double {
        Double(footprint.pageByteCount(kvCache)) / Double(KVCache.pageSize)
    }

    /// Why a measurement that needs so many tokens cannot be made; nil where it can.
    func obstacle(needing tokens: Int, of context: Int) -> String? {
        tokens <= context
            ? nil : "needs a context of \(Figures.grouped(tokens)), and this one has \(Figures.grouped(context))"
    }

    /// Ids all over the vocabulary: speed does not hang on what is read. Another `salt`, other tokens from the first on.
    func tokens(_ count: Int, salt: Int = 0) -> [Int32] {
        (0..<count).map { Int32((37 * $0 + 101 + 7919 * salt) % model.configuration.vocabularySize) }
    }
}
