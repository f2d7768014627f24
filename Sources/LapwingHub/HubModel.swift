/// One model of a repository: the files that it takes.
package struct HubModel: Hashable, Sendable {
    /// What it is called on the disk: the first file's name, or the repository's for a folder.
    package var name: String
    package var files: [HubFile]
    /// Whether it is a folder with `config.json` and safetensors files.
    package var isFolder: Bool

    package var size: Int64 { files.reduce(0) { $0 + $1.size } }

    /// What a reference may call it behind the colon.
    var label: String { isFolder ? Self.folderLabel : files.first?.path ?? name }

    private static let folderLabel = "safetensors"
}

extension HubReference {
    /// The one model that this reference means among a repository's files. Of a folder in parts it has the index and not yet
    /// the parts, which the index names.
    package func choose(among files: [HubFile]) throws(HubError) -> HubModel {
        let found = HubModel.inGGUF(files) + [folder(files)].compactMap(\.self)
        guard !found.isEmpty else { throw .noWeights(repository: repository) }
        let candidates = try file.map { wanted throws(HubError) in try matches(wanted, found) } ?? found
        // One file goes before the same in parts, and before the folder that it was made from.
        let whole = candidates.filter { !$0.isFolder && $0.files.count == 1 && $0.files[0].part == nil }
        let meant = whole.isEmpty ? candidates : whole
        guard meant.count == 1, let chosen = meant.first else {
            throw .ambiguous(repository: repository, candidates: candidates)
        }
        if let missing = chosen.missingPart { throw .missingPart(repository: repository, file: missing) }
        return chosen
    }

    private func folder(_ files: [HubFile]) -> HubModel? {
        let names = Set(files.map(\.path))
        let weights = [ModelFolder.weightsName, ModelFolder.indexName].first(where: names.contains)
        guard let weights, names.contains(ModelFolder.configurationName) else { return nil }
        let wanted = Set(ModelFolder.fileNames + [weights])
        return HubModel(name: name, files: files.filter { wanted.contains($0.path) }, isFolder: true)
    }

    /// The exact label, else the exact name, else every name that holds `wanted` between separators, whatever its case.
    private func matches(_ wanted: String, _ models: [HubModel]) throws(HubError) -> [HubModel] {
        for rule: (HubModel) -> Bool in [{ $0.label == wanted }, { $0.name == wanted }, { $0.holds(wanted) }] {
            let found = models.filter(rule)
            if !found.isEmpty { return found }
        }
        throw .fileNotFound(repository: repository, file: wanted, available: models)
    }
}

extension HubModel {
    /// Each GGUF file that holds a language model, and each set of parts, by path.
    fileprivate static func inGGUF(_ files: [HubFile]) -> [HubModel] {
        let weights = files.filter { file in
            let name = file.name.lowercased()
            return name.hasSuffix(".gguf") && !name.hasPrefix("mmproj") && !name.hasSuffix("imatrix.gguf")
        }
        return Dictionary(grouping: weights) { $0.part?.set ?? $0.path }.values
            .map { $0.sorted { $0.path < $1.path } }
            .map { HubModel(name: $0[0].name, files: $0, isFolder: false) }
            .sorted { $0.label < $1.label }
    }

    /// The first part that a set lacks.
    fileprivate var missingPart: String? {
        guard let part = files.first?.part else { return nil }
        let there = Set(files.compactMap(\.part?.number))
        let missing = (1...max(1, part.count)).first { !there.contains($0) }
        return missing.map { "\(part.stem)\(GGUFPart.ending($0, of: part.count))" }
    }

    /// Whether a GGUF file's name holds `word` as a part of its own: `Q4_K` is not in `model-Q4_K_M.gguf`.
    fileprivate func holds(_ word: String) -> Bool {
        guard !isFolder else { return false }
        let name = name.lowercased()
        let word = word.lowercased()
        return name.ranges(of: word).contains { range in
            let before = range.lowerBound == name.startIndex ? "." : name[name.index(before: range.lowerBound)]
            let after = range.upperBound == name.endIndex ? "." : name[range.upperBound]
            return ".-".contains(before) && ".-".contains(after)
        }
    }
}

/// What a name such as `NAME-00002-of-00003.gguf` says of a model in parts.
struct GGUFPart: Hashable {
    var stem: String
    /// From 1.
    var number: Int
    var count: Int

    init?(_ path: String) {
        guard let match = path.wholeMatch(of: /(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/.ignoresCase()),
            let number = Int(match.2), let count = Int(match.3), (1...max(1, count)).contains(number)
        else { return nil }
        (stem, self.number, self.count) = (String(match.1), number, count)
    }

    /// The same for all parts of a model.
    var set: String { "\(stem)-of-\(count)" }

    static func ending(_ number: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return "-\(padded(number))-of-\(padded(count)).gguf"
    }
}

extension HubFile {
    /// nil for a file that holds a whole model.
    var part: GGUFPart? { GGUFPart(path) }
}
