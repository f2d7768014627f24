import Foundation
import LapwingEngine
import LapwingModel
import LapwingText

/// A local model of the configuration whose file is open and whose weights are not read yet.
struct LocalModel {
    let name: String
    let demand: MemoryPlan.Demand
    private let local: Configuration.Local
    private let file: GGUFFile
    private let kind: Kind

    private enum Kind {
        /// Tokens of the longest text to embed; nil where it makes no vectors.
        case decoder(embeddingLength: Int?)
        case encoder
    }

    /// What answers for it: for text, for vectors, or for both by the same weights.
    struct Loaded {
        var engine: Engine?
        var embedding: EmbeddingEngine?
    }

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
            if EncoderModel.runs(file) {
                kind = .encoder
                demand = MemoryPlan.Demand(
                    name: name, try EncoderFootprint(file, precision: local.precision ?? .float32))
            } else {
                let footprint = try ModelFootprint(file)
                let context = local.context ?? footprint.configuration.contextLength
                let embeddingLength = local.pooling.map { _ in min(context, DecoderEmbedding.longestText) }
                kind = .decoder(embeddingLength: embeddingLength)
                demand = Self.demand(name, local, footprint, embeddingLength: embeddingLength)
            }
        } catch {
            throw Failure("model '\(name)', \(local.weights): \(error)")
        }
        switch kind {
        case .encoder:
            guard let key = local.decoderKey else { return }
            throw Failure(
                "model '\(name)', \(local.weights): it is an encoder, which has no '\(key)'; its file says all there is"
            )
        case .decoder:
            guard local.precision != nil else { return }
            throw Failure(
                "model '\(name)', \(local.weights): 'precision' is for encoders; a decoder's weights keep the types of "
                    + "its file, and `lapwing quantize` makes them smaller")
        }
    }

    private static func demand(
        _ name: String, _ local: Configuration.Local, _ footprint: ModelFootprint, embeddingLength: Int?
    ) -> MemoryPlan.Demand {
        var demand = MemoryPlan.Demand(name: name, footprint, contextLength: local.context, kvCache: local.kvCache)
        if let embeddingLength {
            let own = DecoderEmbedding.byteCount(footprint, maximumLength: embeddingLength)
            demand.bufferByteCount = { [buffers = demand.bufferByteCount] in buffers($0) + own }
        }
        return demand
    }

    /// What answers for it, with its share of the memory.
    func load(_ share: MemoryPlan.Share, workers: Workers, options: EngineOptions = EngineOptions()) throws -> Loaded {
        do {
            switch kind {
            case .decoder(let embeddingLength):
                let engine = try decoder(share, workers: workers, options: options)
                guard let embeddingLength, let pooling = local.pooling else { return Loaded(engine: engine) }
                let longest = min(embeddingLength, engine.contextLength)
                return Loaded(engine: engine, embedding: try engine.embedding(pooling: pooling, maximumLength: longest))
            case .encoder:
                let model = try EncoderModel(
                    file: file, options: EncoderOptions(workers: workers, precision: local.precision ?? .float32))
                let tokenizer = try Tokenizer(ModelVocabulary(file).vocabulary)
                guard tokenizer.vocabularySize <= model.configuration.vocabularySize else {
                    throw EngineError.vocabularyMismatch(
                        tokenizer: tokenizer.vocabularySize, model: model.configuration.vocabularySize)
                }
                return Loaded(
                    embedding: EmbeddingEngine(name: name, model: EncoderEmbedding(model), tokenizer: tokenizer))
            }
        } catch {
            throw Failure("model '\(name)', \(local.weights): \(error)")
        }
    }

    private func decoder(_ share: MemoryPlan.Share, workers: Workers, options: EngineOptions) throws -> Engine {
        var options = options
        options.contextLength = local.context
        options.pageCount = share.pageCount
        options.kvCache = local.kvCache
        options.chatTemplate = local.chatTemplate
        let model = try LanguageModel(
            file: file,
            options: LoadOptions(workers: workers, packedCache: local.packedCache, contextLength: share.contextLength))
        if let result = model.packedCache, result != .used { Output.error.line("lapwing: model '\(name)': \(result)") }
        return try Engine(name: name, model: model, options: options)
    }
}

extension Configuration.Local {
    /// A key that was given and says nothing of an encoder.
    fileprivate var decoderKey: String? {
        let given = [
            ("context", context != nil), ("pooling", pooling != nil), ("chat_template", chatTemplate != nil),
            ("packed_cache", packedCache),
        ]
        return given.first { $0.1 }?.0
    }
}

extension MemoryPlan.Demand {
    /// An encoder keeps nothing between two passes.
    fileprivate init(name: String, _ footprint: EncoderFootprint) {
        self.init(
            name: name, weightByteCount: footprint.weightByteCount, pageByteCount: 0,
            trainedContextLength: footprint.maximumLength, contextLength: nil
        ) { _ in footprint.scratchByteCount }
    }
}
