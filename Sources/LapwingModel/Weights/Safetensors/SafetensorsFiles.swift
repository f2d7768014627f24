import Foundation

/// A folder's safetensors files, opened: one, or all that an index names.
struct SafetensorsFiles {
    private(set) var files = JoinedFiles()
    /// By name, with offsets among all files' bytes.
    private(set) var tensors: [String: (entry: SafetensorsHeader.Entry, file: String, start: Int)] = [:]

    static let fileName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    private static let indexByteCountLimit = 16 << 20

    init(folder: String) throws(WeightsError) {
        if FileManager.default.fileExists(atPath: "\(folder)/\(Self.fileName)") {
            for entry in try open(Self.fileName, in: folder).values { add(entry, Self.fileName, start: 0) }
        } else if FileManager.default.fileExists(atPath: "\(folder)/\(Self.indexName)") {
            try open(index: Self.index(folder), in: folder)
        } else {
            throw .unreadable(
                path: folder, reason: "found neither \(Self.fileName) nor \(Self.indexName) beside config.json")
        }
    }

    /// Which file has which tensor, files by name.
    private static func index(_ folder: String) throws(WeightsError) -> [(file: String, names: [String])] {
        let members = try JSONNode.read(path: "\(folder)/\(indexName)", limit: indexByteCountLimit)
        guard case .object(let map) = members["weight_map"], !map.isEmpty else {
            throw .inFile(
                name: indexName,
                HuggingFaceConfiguration.unfit("weight_map", members["weight_map"], "an object of file names"))
        }
        var files: [String: [String]] = [:]
        for (name, node) in map {
            // A name with a folder would lead anywhere.
            guard case .string(let file) = node, file.hasSuffix(".safetensors"), !file.contains("/") else {
                throw .inFile(
                    name: indexName,
                    HuggingFaceConfiguration.unfit(
                        "weight_map of \"\(name)\"", node, "a .safetensors file of this folder"))
            }
            files[file, default: []].append(name)
        }
        return files.map { ($0.key, $0.value.sorted()) }.sorted { $0.0 < $1.0 }
    }

    private mutating func open(index: [(file: String, names: [String])], in folder: String) throws(WeightsError) {
        for (file, names) in index {
            let start = files.byteCount
            let entries = try open(file, in: folder)
            for name in names {
                guard let entry = entries[name] else { throw .inFile(name: file, .missingTensor(name: name)) }
                add(entry, file, start: start)
            }
        }
    }

    private mutating func open(
        _ file: String, in folder: String
    ) throws(WeightsError) -> [String: SafetensorsHeader.Entry] {
        let mapping = try FileMapping(path: "\(folder)/\(file)")
        do {
            let header = try SafetensorsHeader(mapping.bytes)
            files.append(mapping)
            // The header has no name twice.
            return Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
        } catch {
            throw .inFile(name: file, error)
        }
    }

    private mutating func add(_ entry: SafetensorsHeader.Entry, _ file: String, start: Int) {
        tensors[entry.name] = (entry, file, start)
    }
}
