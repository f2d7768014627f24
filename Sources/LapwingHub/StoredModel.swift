import Foundation

/// A model as it lies on the disk: a GGUF file, all parts of one, or a folder with `config.json` and safetensors files.
package struct StoredModel: Hashable, Sendable {
    /// Of the file, its first part, or the folder.
    package let path: String

    package var name: String { URL(filePath: path).lastPathComponent }

    private init(at path: String) { self.path = path }

    /// The model that a path names, itself or by one of its files; nil where there is none.
    package init?(path: String) {
        let url = URL(filePath: path).standardized
        let folder = url.deletingLastPathComponent().path
        if ModelFolder.isModel(url.path) {
            self.init(at: url.path)
        } else if FileManager.default.fileExists(atPath: url.path), url.path.lowercased().hasSuffix(".gguf") {
            let first = Self.parts(of: url.lastPathComponent, in: folder).first
            self.init(at: first.map { "\(folder)/\($0)" } ?? url.path)
        } else if url.pathExtension == "safetensors", ModelFolder.isModel(folder) {
            self.init(at: folder)
        } else {
            return nil
        }
    }

    /// The models that lie in a folder, by name.
    package static func all(in folder: String) -> [StoredModel] {
        let folder = URL(filePath: folder).standardized.path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var seen: Set<String> = []
        return names.sorted().compactMap { name in
            guard let model = StoredModel(path: "\(folder)/\(name)"), seen.insert(model.path).inserted else {
                return nil
            }
            return model
        }
    }

    /// Paths of the files that belong to it and are there, what this program put beside it included.
    package var files: [String] { weightFiles + otherFiles }

    /// Those that a process keeps open while it runs the model.
    var weightFiles: [String] {
        if ModelFolder.isModel(path) {
            return ModelFolder.weightNames(in: path).map { "\(path)/\($0)" }.filter(FileManager.default.fileExists)
        }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let parts = Self.parts(of: name, in: folder)
        return parts.isEmpty ? [path] : parts.map { "\(folder)/\($0)" }
    }

    private var otherFiles: [String] {
        let beside = ["\(path).lapwing-packed", PullRecord.path(of: path)]
        let within = (ModelFolder.fileNames + [ModelFolder.indexName]).map { "\(path)/\($0)" }
        return (beside + (ModelFolder.isModel(path) ? within : [])).filter(FileManager.default.fileExists)
    }

    /// The names of a model's parts that are there; none for a file that is whole.
    private static func parts(of name: String, in folder: String) -> [String] {
        guard let set = GGUFPart(name)?.set else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { GGUFPart($0)?.set == set }.sorted()
    }
}
