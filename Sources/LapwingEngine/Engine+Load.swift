import Foundation
import LapwingModel

extension Engine {
    /// How far a load has come; each stage is reported when it begins.
    package enum LoadStage: String, Sendable, CaseIterable {
        /// Reading the weight file and packing it for the kernels.
        case weights
        /// Building the tokenizer, the template and the cache.
        case engine
        case ready
    }

    /// Loads a weight file and makes its engine, on a thread of its own: packing takes all cores for a while.
    package static func load(
        name: String, path: String, loading: LoadOptions = LoadOptions(), options: EngineOptions = EngineOptions(),
        onStage: @escaping @Sendable (LoadStage) -> Void = { _ in }
    ) async throws -> Engine {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    with: Result {
                        onStage(.weights)
                        let model = try LanguageModel.load(path: path, options: loading)
                        onStage(.engine)
                        let engine = try Engine(name: name, model: model, options: options)
                        onStage(.ready)
                        return engine
                    })
            }
            thread.name = "lapwing-load-\(name)"
            thread.start()
        }
    }
}
