import ArgumentParser
import Foundation
import LapwingEngine
import LapwingModel
import LapwingText

/// Which model a command uses without a server.
struct ModelOptions: ParsableArguments {
    static let defaultWeights = "models/SmolLM2-135M-Instruct.Q4_1.gguf"

    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A local model's name in the configuration, a GGUF file, or a folder with config.json and safetensors files. "
                + "The default is the first one there.",
            valueName: "name-or-file"))
    var model: String?

    @Option(help: MemoryLimit.help) var memory: MemoryLimit?
    @Option(
        help: ArgumentHelp(
            "How keys and values are kept: int8, or f16 for twice the memory and a little more precision. The default is "
                + "the configuration's, else int8.", valueName: "format"))
    var kvCache: KVCacheFormat?

    @Flag(help: "Keep the packed weights beside the model's file (FILE.lapwing-packed), for quicker starts.")
    var packedCache = false

    /// An engine for it; `chatTemplate` takes the place of the configuration's and the file's own.
    func load(chatTemplate: NamedTemplate?) throws -> Engine {
        var (name, local) = try find()
        if let chatTemplate { local.chatTemplate = chatTemplate }
        let model = try LocalModel(name, local)
        let share = try plan(model).shares[0]
        guard let engine = try model.load(share, workers: Workers()).engine else {
            throw Failure("'\(name)' is an encoder, which makes vectors and no text; `lapwing embed` runs it")
        }
        return engine
    }

    /// What makes vectors, and the engine whose weights it reads. `pooling` and `precision` take the place of the configuration's.
    func loadEmbedding(pooling: DecoderPooling?, precision: EncoderPrecision?) throws -> (
        embedding: EmbeddingEngine, owner: Engine?
    ) {
        var (name, local) = try find { local in
            local.pooling != nil || (try? GGUFFile(path: local.weights)).map(EncoderModel.runs) == true
        }
        local.pooling = pooling ?? local.pooling
        local.precision = precision ?? local.precision
        let model = try LocalModel(name, local)
        let loaded = try model.load(try plan(model).shares[0], workers: Workers())
        guard let embedding = loaded.embedding else {
            throw Failure(
                "'\(name)' makes no vectors: say which of its states are to be one, with --pooling last or mean here, or "
                    + "`pooling` in the configuration")
        }
        return (embedding, loaded.engine)
    }

    /// What a model gets of the memory that was asked for here or in the configuration, else of what is available.
    func plan(_ model: LocalModel) throws -> MemoryPlan {
        let limit = try memory ?? options.loadIfPresent()?.machine.memory
        return try MemoryBudget(limit).plan([model])
    }

    /// The model's name and what the configuration says of it. A name goes before a file, as it may hold a `/` too.
    /// Of those in the configuration the first that is fit, else the first, is taken where none is named.
    func find(
        fit: (Configuration.Local) -> Bool = { _ in true }
    ) throws -> (name: String, local: Configuration.Local) {
        var found = try findByName(fit)
        if let kvCache { found.local.kvCache = kvCache }
        if packedCache { found.local.packedCache = true }
        return found
    }

    private func findByName(
        _ fit: (Configuration.Local) -> Bool
    ) throws -> (name: String, local: Configuration.Local) {
        let configuration = try options.loadIfPresent()
        let known = configuration?.models.filter { $0.local != nil && $0.unavailable == nil } ?? []
        guard let model else {
            let first = known.first { $0.local.map(fit) == true } ?? known.first
            return try first.flatMap(named) ?? defaultModel()
        }
        if let found = known.first(where: { $0.name == model }).flatMap(named) { return found }
        guard model.lowercased().hasSuffix(".gguf") || FileManager.default.fileExists(atPath: model) else {
            let names = known.map(\.name)
            let hint = suggestion(for: model, among: names)
            throw Failure(
                "'\(model)' is no GGUF file or folder and no local model of the configuration\(hint); it has: "
                    + (names.isEmpty ? "none" : names.joined(separator: ", ")))
        }
        // A folder's name may have points that begin no extension.
        let url = URL(filePath: model).standardized, isFile = model.lowercased().hasSuffix(".gguf")
        return file(model, name: (isFile ? url.deletingPathExtension() : url).lastPathComponent)
    }

    private func named(_ model: Configuration.Model) -> (name: String, local: Configuration.Local)? {
        model.local.map { (model.name, $0) }
    }

    private func defaultModel() throws -> (name: String, local: Configuration.Local) {
        guard FileManager.default.fileExists(atPath: Self.defaultWeights) else {
            throw Failure("no model: name one with --model, or fetch the default one with `make model`")
        }
        return file(Self.defaultWeights, name: "smollm2")
    }

    private func file(_ path: String, name: String) -> (name: String, local: Configuration.Local) {
        (name, Configuration.Local(weights: URL(filePath: path).standardized.path))
    }
}

extension KVCacheFormat: ExpressibleByArgument {}
