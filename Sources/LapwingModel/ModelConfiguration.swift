import CLapwingKernels

/// The hyperparameters of a decoder, checked against each other; tensor shapes are checked against them at load.
package struct ModelConfiguration: Sendable, Equatable {
    package var architecture: String
    package var vocabularySize: Int
    /// Positions the model was trained for.
    package var contextLength: Int
    package var layerCount: Int
    package var embeddingLength: Int
    package var feedForwardLength: Int
    package var headCount: Int
    /// Key and value heads; each serves headCount / kvHeadCount query heads.
    package var kvHeadCount: Int
    package var headLength: Int
    /// Elements at the start of each head that are rotated, an even number.
    package var ropeDimensionCount: Int
    package var ropeBase: Float
    /// Positions are divided by this before rotation (linear scaling); 1 for none.
    package var ropeScale: Float
    package var normEpsilon: Float
    /// nil where every layer has one feed-forward network.
    package var experts: ExpertCounts?

    package var queryLength: Int { headCount * headLength }
    package var keyLength: Int { kvHeadCount * headLength }
    package var groupSize: Int { headCount / kvHeadCount }
}

/// How many feed-forward networks a layer has, and how many of them a row goes through.
package struct ExpertCounts: Sendable, Equatable {
    package var count: Int
    package var usedCount: Int
}

extension ModelConfiguration {
    package static let supportedArchitectures = ["llama"]

    /// Bounds that no real model of these architectures exceeds; they keep every product of sizes far from overflow.
    private static let lengthLimit = 1 << 20
    private static let vocabularyLimit = 1 << 24

    /// Reads and checks the metadata, and takes the vocabulary's size from the embedding.
    init(file: GGUFFile) throws(WeightsError) {
        let embedding = try file.tensor(DecoderLoader.embeddingName)
        // A shape that is no matrix of the embedding's length fails the loader's check, with both shapes named.
        try self.init(file: file, vocabularySize: embedding.shape.last ?? 0)
    }

    /// Reads and checks the metadata. `vocabularySize` is the row count of the embedding, the only sure source.
    init(file: GGUFFile, vocabularySize: Int) throws(WeightsError) {
        architecture = try file.string("general.architecture")
        guard Self.supportedArchitectures.contains(architecture) else {
            throw .unsupportedArchitecture(
                found: architecture, offset: file.offset(of: "general.architecture") ?? 0,
                supported: Self.supportedArchitectures)
        }
        let keys = HyperparameterReader(file: file, prefix: architecture)
        guard (1...Self.vocabularyLimit).contains(vocabularySize) else {
            throw .unfitHyperparameter(
                key: "the number of the embedding's rows", offset: nil, found: "\(vocabularySize)",
                expected: "1 to \(Self.vocabularyLimit)")
        }
        self.vocabularySize = vocabularySize
        contextLength = try keys.length("context_length", limit: 1 << 24)
        layerCount = try keys.length("block_count", limit: 1 << 10)
        embeddingLength = try keys.length("embedding_length", limit: Self.lengthLimit)
        feedForwardLength = try keys.length("feed_forward_length", limit: Self.lengthLimit)
        headCount = try keys.length("attention.head_count", limit: 1 << 12)
        kvHeadCount = try keys.length("attention.head_count_kv", limit: 1 << 12, default: headCount)
        guard headCount % kvHeadCount == 0 else {
            throw keys.unfit("attention.head_count_kv", kvHeadCount, "a divisor of \(headCount) heads")
        }
        headLength = try keys.headLength(embeddingLength: embeddingLength, headCount: headCount)
        ropeDimensionCount = try keys.length("rope.dimension_count", limit: headLength, default: headLength)
        guard ropeDimensionCount % 2 == 0 else {
            throw keys.unfit("rope.dimension_count", ropeDimensionCount, "an even number")
        }
        ropeBase = try keys.positive("rope.freq_base", default: 10_000)
        ropeScale = try keys.linearRopeScale()
        normEpsilon = try keys.positive("attention.layer_norm_rms_epsilon", default: nil)
        // Also bounded by the tensors that a file may have, each expert's three counted for themselves.
        experts = try keys.experts(limit: min(1 << 8, GGUFLimits.tensorCount / (3 * layerCount)))
    }
}

/// Metadata of one architecture with the range checks that every value needs.
private struct HyperparameterReader {
    let file: GGUFFile
    let prefix: String

    func unfit(_ name: String, _ found: some Any, _ expected: String) -> WeightsError {
        let key = "\(prefix).\(name)"
        return .unfitHyperparameter(key: key, offset: file.offset(of: key), found: "\(found)", expected: expected)
    }

    /// A whole number in 1 ... `limit`.
    func length(_ name: String, limit: Int, default: Int? = nil) throws(WeightsError) -> Int {
        let key = "\(prefix).\(name)"
        if let `default`, !file.contains(key) { return `default` }
        let value = Int(try file.uint32(key))
        guard (1...limit).contains(value) else { throw unfit(name, value, "1 to \(limit)") }
        return value
    }

    func positive(_ name: String, default: Float?) throws(WeightsError) -> Float {
        let key = "\(prefix).\(name)"
        if let `default`, !file.contains(key) { return `default` }
        let value = try file.float(key)
        guard value > 0 else { throw unfit(name, value, "a positive number") }
        return value
    }

    /// Keys and values have heads of one length, the embedding divided among the heads unless the file says otherwise.
    func headLength(embeddingLength: Int, headCount: Int) throws(WeightsError) -> Int {
        let longest = Int(LW_MAX_HEAD_LENGTH)
        let even = embeddingLength / headCount
        if !file.contains("\(prefix).attention.key_length") {
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

    /// Scaling of positions: none, or by a constant; the other kinds would need another rotation.
    ///
    /// As llama.cpp reads it: a factor without a type is linear, the older key is `rope.scale_linear`, and 0 means none.
    func linearRopeScale() throws(WeightsError) -> Float {
        let type = try file.ifPresent("\(prefix).rope.scaling.type", file.string) ?? "linear"
        switch type {
        case "none": return 1
        case "linear":
            let name = ["rope.scaling.factor", "rope.scale_linear"].first { file.contains("\(prefix).\($0)") }
            guard let name, try file.float("\(prefix).\(name)") != 0 else { return 1 }
            return try positive(name, default: nil)
        default: throw unfit("rope.scaling.type", type, "none or linear")
        }
    }

    /// No key, or a count of 0, means none.
    func experts(limit: Int) throws(WeightsError) -> ExpertCounts? {
        guard try file.ifPresent("\(prefix).expert_count", file.uint32) ?? 0 > 0 else {
            let used = try file.ifPresent("\(prefix).expert_used_count", file.uint32) ?? 0
            guard used == 0 else { throw unfit("expert_used_count", used, "0, as there are no experts") }
            return nil
        }
        let count = try length("expert_count", limit: limit)
        return ExpertCounts(count: count, usedCount: try length("expert_used_count", limit: count))
    }
}
