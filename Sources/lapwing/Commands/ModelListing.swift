import Foundation
import LapwingHub

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
    /// Models of the folder that no model uses and that cannot be read.
    package var damaged: [Damaged] = []

    package init(_ configuration: Configuration?, folder: String) {
        models = configuration?.models.map(Model.init) ?? []
        routes = configuration?.routes.map(\.name) ?? []
        let used = Set(configuration?.models.compactMap(\.local?.weights) ?? [])
        for model in StoredModel.all(in: folder) where used.isDisjoint(with: model.files + [model.path]) {
            do {
                unused.append(try WeightFile(path: model.path))
            } catch {
                damaged.append(Damaged(path: model.path, reason: "\(error)"))
            }
        }
    }

    package func lines(for terminal: Terminal = .plain) -> [String] {
        var table = Table([
            ("model", .left), ("runs", .left), ("family", .left), ("parameters", .right), ("type", .left),
            ("size", .right), ("context", .right), ("licence", .left), ("", .left),
        ])
        table.rows = models.map { model in
            row(model.name, model.runs, model.file, model.contextLength, [model.unavailable ?? model.upstream])
        }
        table.rows += unused.map { file in
            let note = file.isSupported ? "not in the configuration" : "not in the configuration; cannot be run"
            return row(URL(filePath: file.path).lastPathComponent, "–", file, file.contextLength, [note])
        }
        table.rows += damaged.map { file in
            row(URL(filePath: file.path).lastPathComponent, "–", nil, nil, ["cannot be read: \(file.reason)"])
        }
        guard !table.rows.isEmpty else { return ["No models: no lapwing.yaml here, and no model in ./models."] }
        return table.lines(for: terminal) + (routes.isEmpty ? [] : ["", "routes: \(routes.joined(separator: ", "))"])
    }

    /// `notes` come before what the model was made from.
    private func row(
        _ name: String, _ runs: String, _ file: WeightFile?, _ context: Int?, _ notes: [String?]
    ) -> [String] {
        let notes = notes.compactMap(\.self) + (file?.origins ?? []).map(\.description)
        let cells = [
            name, runs, file?.architecture, file.map { Self.parameters($0.parameterCount) }, file?.quantisation,
            file.map { "\(ByteCount($0.byteCount))" }, context.map(String.init), file?.license,
        ]
        // What a file says of itself is anybody's text: no control characters reach the terminal.
        return cells.map { Figures.shortened($0 ?? "–", to: 80) } + [
            Figures.shortened(notes.joined(separator: "; "), to: 200)
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
