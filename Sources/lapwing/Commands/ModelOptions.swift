import ArgumentParser
import Foundation
import LapwingEngine
import LapwingModel
import LapwingText

/// Which model a command talks to without a server, and how.
struct ModelOptions: ParsableArguments {
    static let defaultWeights = "models/SmolLM2-135M-Instruct.Q4_1.gguf"

    @OptionGroup var options: ConfigurationOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "A GGUF file, or a local model's name in the configuration. The default is the first one there.",
            valueName: "name-or-file"))
    var model: String?

    @Option(help: "In place of the file's own: chatml, llama2, llama3, zephyr or gemma.")
    var chatTemplate: NamedTemplate?

    /// The model's name and what the configuration says of it.
    func resolve() throws -> (name: String, local: Configuration.Local) {
        var (name, local) = try find()
        if let chatTemplate { local.chatTemplate = chatTemplate }
        return (name, local)
    }

    func load(threads: Int? = nil, options: EngineOptions = EngineOptions()) throws -> Engine {
        let (name, local) = try resolve()
        return try Engine.load(name, local, workers: threads.map(Workers.init(count:)) ?? Workers(), options: options)
    }

    private func find() throws -> (name: String, local: Configuration.Local) {
        if let model, model.lowercased().hasSuffix(".gguf") || model.contains("/") {
            let url = URL(filePath: model)
            return (url.deletingPathExtension().lastPathComponent, Configuration.Local(weights: url.standardized.path))
        }
        let configuration = try options.loadIfPresent()
        let known = configuration?.models.filter { $0.local != nil && $0.unavailable == nil } ?? []
        if let model {
            guard let found = known.first(where: { $0.name == model }), let local = found.local else {
                let names = known.map(\.name)
                let hint = nearestWord(to: model, among: names).map { " (did you mean '\($0)'?)" } ?? ""
                throw Failure(
                    "'\(model)' is no GGUF file and no local model of the configuration\(hint); it has: "
                        + (names.isEmpty ? "none" : names.joined(separator: ", ")))
            }
            return (model, local)
        }
        if let first = known.first, let local = first.local { return (first.name, local) }
        guard FileManager.default.fileExists(atPath: Self.defaultWeights) else {
            throw Failure(
                "no model: name one with --model, or fetch the default one with `make model`")
        }
        return ("smollm2", Configuration.Local(weights: URL(filePath: Self.defaultWeights).standardized.path))
    }
}

extension NamedTemplate: ExpressibleByArgument {}
