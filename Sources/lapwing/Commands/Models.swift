import ArgumentParser
import Foundation
import LapwingHub

/// `lapwing models`: what requests may name, and what lies on the disk.
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List models and routes; verify or remove what lies on the disk.",
        discussion: "  lapwing models",
        subcommands: [List.self, VerifyModels.self, RemoveModel.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List models and routes, with family, size, licence and what they were made from.",
            discussion: """
                Reads the configuration and the headers of the weight files it names, and of the models in ./models.

                  lapwing models
                  lapwing models --json
                """)

        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let listing = ModelListing(try options.loadIfPresent(), folder: Self.folder)
            if json { return try Output.standard.json(listing) }
            for line in listing.lines(for: Output.standard.terminal) { Output.standard.line(line) }
        }

        /// Where `pull` puts models, and where they are looked for.
        static let folder = "models"
    }
}

/// A model on the disk, with the names that the configuration has for it.
struct NamedModel {
    var model: StoredModel
    var names: [String]

    /// Those that the configuration names, then the others in ./models.
    static func all(_ configuration: Configuration?) -> [NamedModel] {
        var found: [NamedModel] = []
        for model in configuration?.models ?? [] {
            guard let stored = model.local.flatMap({ StoredModel(path: $0.weights) }) else { continue }
            if let index = found.firstIndex(where: { $0.model == stored }) {
                found[index].names.append(model.name)
            } else {
                found.append(NamedModel(model: stored, names: [model.name]))
            }
        }
        let others = StoredModel.all(in: Models.List.folder).filter { model in !found.contains { $0.model == model } }
        return found + others.map { NamedModel(model: $0, names: []) }
    }

    /// The one that is called so in the configuration, by its file's or folder's name, without `.gguf` too, or by its path.
    static func find(_ name: String, _ configuration: Configuration?) throws -> NamedModel {
        let models = all(configuration)
        if let found = models.first(where: { $0.names.contains(name) }) { return found }
        let called = models.filter { [name, "\(name).gguf"].contains($0.model.name) }
        guard called.count < 2 else {
            throw Failure(
                "'\(name)' is the name of \(called.map(\.model.path).joined(separator: " and of ")); say which path")
        }
        if let found = called.first { return found }
        if name.contains("/"), let model = StoredModel(path: name) {
            return models.first { $0.model == model } ?? NamedModel(model: model, names: [])
        }
        let names = models.flatMap { $0.names + [$0.model.name] }
        throw Failure(
            "there is no model '\(name)' on the disk\(suggestion(for: name, among: names)); there is: "
                + (names.isEmpty ? "none" : names.joined(separator: ", ")))
    }
}
