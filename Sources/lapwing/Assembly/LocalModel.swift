import Foundation
import LapwingEngine
import LapwingModel

/// A local model of the configuration whose file is open and whose weights are not read yet.
struct LocalModel {
    let name: String
    let demand: MemoryPlan.Demand
    /// Tokens of the longest text to embed; nil where it makes no vectors.
    private let embeddingLength: Int?
    private let local: Configuration.Local
    private let file: GGUFFile

    /// Reads the file's header. Throws `Failure`, which names the model.
    init(_ name: String, _ local: Configuration.Local) throws {
        guard FileManager.default.fileExists(atPath: local.weights) else {
            throw Failure(
                "model '\(name)': there is no file \(local.weights); `make model` fetches the default model, "
                    + "`lapwing pull` any other")
        }
        (self.name, self.local) = (name, local)
        do {
            file = try GGUFFile(path: local.weights)
            let footprint = try ModelFootprint(file)
            var demand = MemoryPlan.Demand(
                name: name, footprint, contextLength: local.context, kvCache: local.kvCache)
            let context = local.context ?? footprint.configuration.contextLength
            embeddingLength = local.pooling.map { _ in min(context, DecoderEmbedding.longestText) }
            if let embeddingLength {
                let own = DecoderEmbedding.byteCount(footprint, maximumLength: embeddingLength)
                demand.bufferByteCount = { [buffers = demand.bufferByteCount] in buffers($0) + own }
            }
            self.demand = demand
        } catch {
            throw Failure("model '\(name)', \(local.weights): \(error)")
        }
    }

    /// An engine with its share of the memory.
    func load(_ share: MemoryPlan.Share, workers: Workers, options: EngineOptions = EngineOptions()) throws -> Engine {
        var options = options
        options.contextLength = local.context
        options.pageCount = share.pageCount
        options.kvCache = local.kvCache
        options.chatTemplate = local.chatTemplate
        do {
            let model = try LanguageModel(
                file: file,
                options: LoadOptions(
                    workers: workers, packedCache: local.packedCache, contextLength: share.contextLength))
            if let result = model.packedCache, result != .used {
                Output.error.line("lapwing: model '\(name)': \(result)")
            }
            return try Engine(name: name, model: model, options: options)
        } catch {
            throw Failure("model '\(name)', \(local.weights): \(error)")
        }
    }

    /// What makes vectors by the weights of `engine`; nil where the configuration asks for none.
    func embedding(by engine: Engine) throws -> EmbeddingEngine? {
        guard let embeddingLength, let pooling = local.pooling else { return nil }
        do {
            return try engine.embedding(
                pooling: pooling, maximumLength: min(embeddingLength, engine.contextLength))
        } catch {
            throw Failure("model '\(name)', \(local.weights): \(error)")
        }
    }
}
