import CLapwingKernels

/// Metadata of one architecture with the range checks that every value needs. Names are without the architecture's prefix.
struct HyperparameterReader {
    let file: GGUFFile
    let prefix: String

    func unfit(_ name: String, _ found: some Any, _ expected: String) -> WeightsError {
        let key = "\(prefix).\(name)"
        return .unfitHyperparameter(key: key, offset: file.offset(of: key), found: "\(found)", expected: expected)
    }

    func contains(_ name: String) -> Bool { file.contains("\(prefix).\(name)") }

    /// A whole number in 1 ... `limit`.
    func length(_ name: String, limit: Int, default: Int? = nil) throws(WeightsError) -> Int {
        if let `default`, !contains(name) { return `default` }
        let value = Int(try file.uint32("\(prefix).\(name)"))
        guard (1...limit).contains(value) else { throw unfit(name, value, "1 to \(limit)") }
        return value
    }

    func positive(_ name: String, default: Float?) throws(WeightsError) -> Float {
        if let `default`, !contains(name) { return `default` }
        let value = try file.float("\(prefix).\(name)")
        guard value > 0 else { throw unfit(name, value, "a positive number") }
        return value
    }

    func flag(_ name: String, default: Bool) throws(WeightsError) -> Bool {
        try file.ifPresent("\(prefix).\(name)", file.bool) ?? `default`
    }

    /// One of an enumeration's words, under a key of its own that no architecture prefixes.
    func choice<Choice: RawRepresentable<String>>(_ key: String, default: Choice) throws(WeightsError) -> Choice {
        guard let word = try file.ifPresent(key, file.string) else { return `default` }
        guard let choice = Choice(rawValue: word) else {
            throw .unfitHyperparameter(
                key: key, offset: file.offset(of: key), found: word, expected: "a word for \(Choice.self)")
        }
        return choice
    }

    /// Keys and values have heads of one length, the embedding divided among the heads unless the file says otherwise.
    func headLength(embeddingLength: Int, headCount: Int) throws(WeightsError) -> Int {
        let longest = Int(LW_MAX_HEAD_LENGTH)
        let even = embeddingLength / headCount
        if !contains("attention.key_length") {
            guard embeddingLength % headCount == 0, even <= longest else {
                throw unfit("attention.head_count", headCount, "heads of 1 to \(longest) that fill \(embeddingLength)")
            }
        }
        let length = try length("attention.key_length", limit: longest, default: even)
        let valueLength = try self.length("attention.value_length", limit: longest, default: length)
        guard valueLength == length else {
            throw unfit("attention.value_length", valueLength, "the key length \(length)")
        }
        return length
    }

    /// Positions that a row of a windowed layer sees; nil where there is no key, or 0.
    func window() throws(WeightsError) -> Int? {
        let name = "attention.sliding_window"
        guard try file.ifPresent("\(prefix).\(name)", file.uint32) ?? 0 > 0 else { return nil }
        return try length(name, limit: 1 << 24)
    }

    /// No key, or a count of 0, means none.
    func experts(limit: Int, feedForwardLength: Int, lengthLimit: Int) throws(WeightsError) -> ExpertCounts? {
        guard try file.ifPresent("\(prefix).expert_count", file.uint32) ?? 0 > 0 else {
            let used = try file.ifPresent("\(prefix).expert_used_count", file.uint32) ?? 0
            guard used == 0 else { throw unfit("expert_used_count", used, "0, as there are no experts") }
            return nil
        }
        let count = try length("expert_count", limit: limit)
        return ExpertCounts(
            count: count, usedCount: try length("expert_used_count", limit: count),
            feedForwardLength: try length(
                "expert_feed_forward_length", limit: lengthLimit, default: feedForwardLength),
            normalizesWeights: try flag("expert_weights_norm", default: true))
    }
}

// MARK: Rotation

extension HyperparameterReader {
    /// The rotation that a file tells of, by the keys that llama.cpp reads: a factor without a type is linear, the older key
    /// is `rope.scale_linear`, and 0 means none.
    func rotation(contextLength: Int) throws(WeightsError) -> Rotation {
        var rotation = Rotation(base: try positive("rope.freq_base", default: 10_000))
        let type = try file.ifPresent("\(prefix).rope.scaling.type", file.string) ?? "linear"
        let name = ["rope.scaling.factor", "rope.scale_linear"].first { contains($0) }
        let hasFactor = if let name { try file.float("\(prefix).\(name)") != 0 } else { false }
        rotation.magnitude = try positive("rope.scaling.attn_factor", default: 1)
        rotation.originalLength = try length(
            "rope.scaling.original_context_length", limit: 1 << 24, default: contextLength)
        switch type {
        case "none", "longrope": break
        case "linear":
            if let name, hasFactor { rotation.scaling = .linear(try positive(name, default: nil)) }
        case "yarn":
            guard let name else { throw unfit("rope.scaling.factor", "none", "a factor for yarn") }
            rotation.scaling = .yarn(factor: try positive(name, default: nil))
        default: throw unfit("rope.scaling.type", type, "none, linear, yarn or longrope")
        }
        return rotation
    }
}
