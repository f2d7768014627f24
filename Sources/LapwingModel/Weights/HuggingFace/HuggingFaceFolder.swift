import Foundation

/// A folder with `config.json` and safetensors files, told as a GGUF file would tell it.
struct HuggingFaceFolder {
    let path: String

    init(_ path: String) { self.path = path }

    /// The folder that a path names, itself or by one of its files; nil for a path that is that of a GGUF file.
    static func folder(of path: String) -> String? {
        let url = URL(filePath: path).standardized
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return url.path }
        let isOfFolder = path.hasSuffix(".safetensors") || path.hasSuffix(".json")
        return isOfFolder ? url.deletingLastPathComponent().path : nil
    }

    func contents() throws(WeightsError) -> ModelContents {
        let config = try HuggingFaceConfiguration(folder: path)
        let family: HuggingFaceFamily
        var model: HuggingFaceDescription
        do {
            family = try HuggingFaceFamily(of: config)
            model = HuggingFaceDescription(
                config, architecture: family.architecture, name: URL(filePath: path).lastPathComponent)
            try family.describe(&model)
        } catch {
            throw .inFile(name: HuggingFaceConfiguration.fileName, error)
        }
        if family.modelType == "bert" { try HuggingFacePooling(folder: path).add(to: &model) }
        let weights = try SafetensorsFiles(folder: path)
        var tensors = HuggingFaceTensors(family, model, files: weights.files)
        for (_, (entry, file, start)) in weights.tensors.sorted(by: { $0.key < $1.key }) {
            do { try tensors.add(entry, start: start) } catch { throw .inFile(name: file, error) }
        }
        return try tensors.contents(folder: path)
    }
}

/// Puts a folder's tensors under GGUF's names, and notes which must be made.
private struct HuggingFaceTensors {
    private let family: HuggingFaceFamily
    private let model: HuggingFaceDescription
    private let names: HuggingFaceNames
    private let isTied: Bool
    private let files: JoinedFiles
    private var tensors: [String: TensorInfo] = [:]
    private var derived: [(tensor: TensorInfo, recipe: DerivedTensors.Recipe)] = []

    init(_ family: HuggingFaceFamily, _ model: HuggingFaceDescription, files: JoinedFiles) {
        (self.family, self.model, self.files) = (family, model, files)
        let isClassifier = model.config.className?.hasSuffix("ForSequenceClassification") ?? false
        names = isClassifier && family.modelType == "bert" ? family.names.forClassifier : family.names
        let flag = model.config.node("tie_word_embeddings")
        // Gemma's files have no matrix of the output's own, whatever they say.
        isTied = flag.map { $0 == .bool(true) } ?? family.isTied || family.normOffset != 0
    }

    mutating func add(_ entry: SafetensorsHeader.Entry, start: Int) throws(WeightsError) {
        switch names.meaning(of: entry.name) {
        case .ignored: return
        case .unknown: throw .unexpectedTensor(name: entry.name, offset: entry.range.lowerBound)
        case .tensor(let name):
            guard !isTied || name != "output.weight" else { return }
            try add(name, entry, start: start)
        }
    }

    private mutating func add(_ name: String, _ entry: SafetensorsHeader.Entry, start: Int) throws(WeightsError) {
        guard let type = entry.type.tensorType else {
            throw .unsupportedType(
                tensor: entry.name, type: entry.type.rawValue, supported: SafetensorsType.readable)
        }
        guard (1...GGUFLimits.dimensionCount).contains(entry.shape.count), !entry.shape.contains(0) else {
            throw .invalid(
                field: "shape of \"\(entry.name)\"", offset: entry.range.lowerBound, found: "\(entry.shape)",
                expected: "1 to \(GGUFLimits.dimensionCount) lengths, none of them 0")
        }
        // One row, for the network that all rows go through: a vector, as GGUF's readers have it.
        let isRow = entry.shape.count == 2 && entry.shape[0] == 1 && name.hasSuffix(".ffn_gate_inp_shexp.weight")
        let source = TensorInfo(
            name: name, type: type, shape: isRow ? [entry.shape[1]] : entry.shape.reversed(),
            offset: start + entry.range.lowerBound, byteCount: entry.range.count)
        guard tensors[name] == nil else {
            throw .duplicate(field: "\"\(entry.name)\", as tensor", offset: entry.range.lowerBound, name: name)
        }
        if let recipe = try recipe(for: source, entry) {
            let isVector = source.shape.count == 1
            derive(name, isVector ? .f32 : type, source.shape, recipe)
        } else {
            tensors[name] = source
        }
    }

    /// How the tensor must be made; nil where the file's bytes do.
    private func recipe(
        for source: TensorInfo, _ entry: SafetensorsHeader.Entry
    ) throws(WeightsError) -> DerivedTensors.Recipe? {
        if names.sortsHeads, source.name.contains(".attn_qkv.") {
            let rows = source.shape.last ?? 0
            guard source.shape.count <= 2, rows % (3 * model.headCount) == 0 else {
                throw .invalid(
                    field: "shape of \"\(entry.name)\"", offset: entry.range.lowerBound, found: "\(entry.shape)",
                    expected: "three times \(model.headCount) heads of rows")
            }
            return .sorted(source, heads: model.headCount)
        }
        let isVector = source.shape.count == 1
        let offset = family.normOffset != 0 && entry.name.hasSuffix("norm.weight") ? family.normOffset : 0
        if isVector, offset != 0 || source.type != .f32 { return .floats(of: source, plus: offset) }
        // A header of any length may stand before the data.
        return entry.range.lowerBound % entry.type.byteCount == 0 ? nil : .copy(of: source)
    }

    private mutating func derive(
        _ name: String, _ type: TensorType, _ shape: [Int], _ recipe: DerivedTensors.Recipe
    ) {
        let last = derived.last?.tensor
        let tensor = TensorInfo(
            name: name, type: type, shape: shape,
            offset: last.map { DerivedTensors.next($0.offset + $0.byteCount) } ?? DerivedTensors.start(behind: files),
            byteCount: shape.reduce(type.blockByteCount, *))
        derived.append((tensor, recipe))
        tensors[name] = tensor
    }

    mutating func contents(folder: String) throws(WeightsError) -> ModelContents {
        for (name, values) in model.vectors { derive(name, .f32, [values.count], .values(values)) }
        // Taken for tied, a model that lacks a file's part would run and answer nonsense.
        let needsOutput = !isTied && model.config.className?.hasSuffix("ForCausalLM") ?? true
        guard !needsOutput || tensors["output.weight"] != nil else {
            throw .inFile(
                name: folder,
                .missingTensor(name: family.architecture == "gptneox" ? "embed_out.weight" : "lm_head.weight"))
        }
        var made: DerivedTensors?
        if !derived.isEmpty {
            do { made = try DerivedTensors(derived, files: files) } catch {
                throw .unreadable(path: folder, reason: "\(error)")
            }
        }
        return ModelContents(
            files: files, metadata: Metadata(model.metadata), tensors: tensors, derived: made, folder: folder,
            path: folder)
    }
}
