import ArgumentParser
import Foundation
import LapwingHub

/// `lapwing models`: what requests may name, and what lies on the disk.
struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List models and routes, with size and quantisation.",
        discussion: """
            Reads the configuration and the headers of the weight files it names, and of those in ./models.

              lapwing models
              lapwing models --json
            """)

    @OptionGroup var options: ConfigurationOptions
    @Flag(help: "Print one JSON object.") var json = false

    func run() throws {
        let listing = ModelListing(try options.loadIfPresent(), folder: "models")
        if json { return try Output.standard.json(listing) }
        for line in listing.lines(for: Output.standard.terminal) { Output.standard.line(line) }
    }
}

/// Models by the name that requests use, routes, and weight files that no model uses.
package struct ModelListing: Sendable, Encodable {
    package struct Model: Sendable, Encodable {
        package var name: String
        /// `here`, or the provider's name.
        package var runs: String
        package var upstream: String?
        package var file: WeightFile?
        package var contextLength: Int?
        /// Why it cannot be used.
        package var unavailable: String?
    }

    package struct Damaged: Sendable, Encodable {
        package var path: String
        package var reason: String
    }

    package var models: [Model] = []
    package var routes: [String] = []
    package var unused: [WeightFile] = []
    /// Weight files of the folder that no model uses and that cannot be read.
    package var damaged: [Damaged] = []

    package init(_ configuration: Configuration?, folder: String) {
        models = configuration?.models.map(Model.init) ?? []
        routes = configuration?.routes.map(\.name) ?? []
        let used = Set(configuration?.models.compactMap(\.local?.weights) ?? [])
        for path in WeightFile.paths(in: URL(filePath: folder).standardized.path) where !used.contains(path) {
            do {
                unused.append(try WeightFile(path: path))
            } catch {
                damaged.append(Damaged(path: path, reason: "\(error)"))
            }
        }
    }

    package func lines(for terminal: Terminal = .plain) -> [String] {
        var table = Table([
            ("model", .left), ("runs", .left), ("parameters", .right), ("type", .left), ("size", .right),
            ("context", .right), ("", .left),
        ])
        table.rows = models.map { model in
            row(model.name, model.runs, model.file, model.contextLength, model.unavailable ?? model.upstream ?? "")
        }
        table.rows += unused.map { file in
            let note = file.isSupported ? "not in the configuration" : "not in the configuration; cannot be run"
            return row(URL(filePath: file.path).lastPathComponent, "–", file, file.contextLength, note)
        }
        table.rows += damaged.map { file in
            row(URL(filePath: file.path).lastPathComponent, "–", nil, nil, "cannot be read: \(file.reason)")
        }
        guard !table.rows.isEmpty else { return ["No models: no lapwing.yaml here, and no GGUF file in ./models."] }
        return table.lines(for: terminal) + (routes.isEmpty ? [] : ["", "routes: \(routes.joined(separator: ", "))"])
    }

    private func row(_ name: String, _ runs: String, _ file: WeightFile?, _ context: Int?, _ note: String) -> [String] {
        [
            name, runs, file.map { Self.parameters($0.parameterCount) } ?? "–", file?.quantisation ?? "–",
            file.map { "\(ByteCount($0.byteCount))" } ?? "–", context.map(String.init) ?? "–", note,
        ]
    }

    /// `135M`, `8.0B`.
    private static func parameters(_ count: Int64) -> String {
        count >= 1_000_000_000
            ? "\(Figures.fixed(Double(count) / 1e9, places: 1))B" : "\((count + 500_000) / 1_000_000)M"
    }
}

extension ModelListing.Model {
    fileprivate init(_ model: Configuration.Model) {
        name = model.name
        unavailable = model.unavailable
        switch model.source {
        case .remote(let remote):
            runs = remote.provider.rawValue
            upstream = remote.upstream
        case .local(let local):
            runs = "here"
            contextLength = local.context
            guard unavailable == nil else { return }
            do {
                let file = try WeightFile(path: local.weights)
                self.file = file
                contextLength = local.context ?? file.contextLength
            } catch {
                unavailable = "\(error)"
            }
        }
    }
}
