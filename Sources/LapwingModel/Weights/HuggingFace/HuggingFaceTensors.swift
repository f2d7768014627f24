/// Puts a folder's tensors under GGUF's names, and notes which must be made.
struct HuggingFaceTensors {
    private let family: HuggingFaceFamily
    private let model: HuggingFaceDescription
    private let form: HuggingFaceForm
    private let names: HuggingFaceNames
    private let isTied: Bool
    private let files: JoinedFiles
    private var tensors: [String: TensorInfo] = [:]
    private var derived: [(tensor: TensorInfo, recipe: DerivedTensors.Recipe)] = []
    /// For a file, the tensors that become one: those of each expert, by the name of what they become.
    private var experts: [String: [Int: TensorInfo]] = [:]

    init(
        _ family: HuggingFaceFamily, _ model: HuggingFaceDescription, _ form: HuggingFaceForm, files: JoinedFiles
    ) {
        (self.family, self.model, self.form, self.files) = (family, model, form, files)
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
        let expert = form == .file ? Self.expert(name) : nil
        guard tensors[name] == nil, expert.map({ experts[$0.joined]?[$0.index] == nil }) ?? true else {
            throw .duplicate(field: "\"\(entry.name)\", as tensor", offset: entry.range.lowerBound, name: name)
        }
        if let expert {
            experts[expert.joined, default: [:]][expert.index] = source
        } else if let recipe = try recipe(for: source, entry) {
            derive(name, source.shape.count == 1 || mustBeFloats(name) ? .f32 : type, source.shape, recipe)
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
        if form == .file, family.interleavesHeads, let heads = rotatedHeads(source.name) {
            let rows = source.shape.last ?? 0
            guard source.shape.count <= 2, heads > 0, rows % (2 * heads) == 0 else {
                throw .invalid(
                    field: "shape of \"\(entry.name)\"", offset: entry.range.lowerBound, found: "\(entry.shape)",
                    expected: "\(heads) heads of an even number of rows")
            }
            return .interleaved(source, heads: heads)
        }
        if mustBeFloats(source.name) { return .floats(of: source, plus: 0) }
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
        try joinExperts()
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

// MARK: What a file has otherwise

extension HuggingFaceTensors {
    /// Small tensors that llama.cpp adds or routes with in floats.
    private func mustBeFloats(_ name: String) -> Bool {
        let small = [
            "position_embd.weight", "token_types.weight", ".ffn_gate_inp.weight", ".ffn_gate_inp_shexp.weight",
        ]
        return form == .file && small.contains(where: name.hasSuffix)
    }

    /// How many heads a query's or key's rows are of; nil for what does not rotate.
    private func rotatedHeads(_ name: String) -> Int? {
        name.contains(".attn_q.") ? model.headCount : name.contains(".attn_k.") ? model.kvHeadCount : nil
    }

    /// `blk.0.ffn_up.3.weight` is the part 3 of `blk.0.ffn_up_exps.weight`.
    private static func expert(_ name: String) -> (joined: String, index: Int)? {
        let parts = name.split(separator: ".")
        guard parts.count == 5, let index = Int(parts[3]) else { return nil }
        return ("\(parts[0]).\(parts[1]).\(parts[2])_exps.\(parts[4])", index)
    }

    /// Makes a tensor of all experts' where each has one, all of one form.
    private mutating func joinExperts() throws(WeightsError) {
        for (name, parts) in experts.sorted(by: { $0.key < $1.key }) {
            var all: [TensorInfo] = []
            for index in 0..<model.expertCount {
                guard let part = parts[index] else {
                    throw .missingTensor(name: name.replacing("_exps.", with: ".\(index)."))
                }
                let first = all.first ?? part
                guard part.shape.count == 2, part.shape == first.shape, part.type == first.type else {
                    throw .invalid(
                        field: "the tensor \"\(part.name)\"", offset: part.offset,
                        found: "\(part.type) of the shape \(part.shape)",
                        expected: "a matrix as expert 0 has one: \(first.type) of the shape \(first.shape)")
                }
                all.append(part)
            }
            if let stray = parts.values.first(where: { !all.contains($0) }) {
                throw .unexpectedTensor(name: stray.name, offset: stray.offset)
            }
            guard let first = all.first else { continue }
            derive(name, first.type, first.shape + [all.count], .joined(all))
        }
    }
}
