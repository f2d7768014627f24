import LapwingModel
import LapwingStatistics

/// A small llama-architecture model of seeded random weights, as a GGUF file: the same description, the same bytes.
package struct TinyModel: Sendable {
    package var seed: UInt64 = 1
    /// The type of all matrices but the embedding; norms are always F32.
    package var weights: TensorType = .f32
    /// The type of the token embedding, and of the head where it is not tied; nil means that of the weights.
    package var embedding: TensorType?
    package var hasTiedHead = true
    package var vocabularySize = 384
    package var contextLength = 512
    package var layerCount = 2
    /// A multiple of the weights' block length and of the head count.
    package var embeddingLength = 64
    package var headCount = 4
    package var kvHeadCount = 2
    package var feedForwardLength = 128
    /// nil divides the embedding among the heads.
    package var headLength: Int?
    package var ropeBase: Float = 10_000
    /// nil rotates whole heads.
    package var ropeDimensionCount: Int?
    /// Positions are divided by this; nil writes no key.
    package var ropeScale: Float?
    /// One divisor a rotated pair; empty writes no tensor.
    package var ropeFactors: [Float] = []
    /// nil gives every layer one feed-forward network.
    package var experts: Experts?

    package struct Experts: Sendable {
        package var count: Int
        package var usedCount: Int
        /// A tensor for each expert, as files of early 2024 have them, and not one for all.
        package var areSeparate = false

        package init(count: Int, usedCount: Int, areSeparate: Bool = false) {
            (self.count, self.usedCount, self.areSeparate) = (count, usedCount, areSeparate)
        }
    }

    /// For K types the lengths become 256 and 512, which their blocks need.
    package init(seed: UInt64 = 1, weights: TensorType = .f32, embedding: TensorType? = nil, hasTiedHead: Bool = true) {
        (self.seed, self.weights, self.embedding, self.hasTiedHead) = (seed, weights, embedding, hasTiedHead)
        if max(weights.blockElementCount, embedding?.blockElementCount ?? 1) > 32 {
            (embeddingLength, feedForwardLength) = (256, 512)
        }
    }

    package static let chatTemplate =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' "
        + "+ '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

    private var perHead: Int { headLength ?? embeddingLength / headCount }

    package var vocabulary: TinyVocabulary { TinyVocabulary(size: vocabularySize) }

    package func bytes() -> [UInt8] { writer().file().bytes }

    /// The model written as `tiny.gguf` into a folder that is removed with the result.
    package func write() throws -> WrittenModel {
        let folder = try TemporaryFolder()
        return WrittenModel(folder: folder, path: try folder.write(bytes(), to: "tiny.gguf"))
    }

    /// The file before it is put together, for a test that changes a part.
    package func writer() -> GGUFWriter {
        var writer = GGUFWriter()
        addArchitecture(to: &writer)
        addVocabulary(to: &writer)
        addTensors(to: &writer)
        return writer
    }

    private func addArchitecture(to writer: inout GGUFWriter) {
        writer.add("general.architecture", .string("llama"))
        writer.add("general.name", .string("tiny"))
        writer.add("llama.block_count", .uint32(UInt32(layerCount)))
        writer.add("llama.context_length", .uint32(UInt32(contextLength)))
        writer.add("llama.embedding_length", .uint32(UInt32(embeddingLength)))
        writer.add("llama.feed_forward_length", .uint32(UInt32(feedForwardLength)))
        writer.add("llama.attention.head_count", .uint32(UInt32(headCount)))
        writer.add("llama.attention.head_count_kv", .uint32(UInt32(kvHeadCount)))
        writer.add("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        writer.add("llama.rope.freq_base", .float32(ropeBase))
        writer.add("llama.rope.dimension_count", .uint32(UInt32(ropeDimensionCount ?? perHead)))
        if let ropeScale { writer.add("llama.rope.scaling.factor", .float32(ropeScale)) }
        if let headLength {
            writer.add("llama.attention.key_length", .uint32(UInt32(headLength)))
            writer.add("llama.attention.value_length", .uint32(UInt32(headLength)))
        }
        if let experts {
            writer.add("llama.expert_count", .uint32(UInt32(experts.count)))
            writer.add("llama.expert_used_count", .uint32(UInt32(experts.usedCount)))
        }
        writer.add("llama.vocab_size", .uint32(UInt32(vocabularySize)))
    }

    private func addVocabulary(to writer: inout GGUFWriter) {
        let vocabulary = vocabulary
        writer.add("tokenizer.ggml.model", .string("gpt2"))
        writer.add("tokenizer.ggml.pre", .string("smollm"))
        writer.add("tokenizer.ggml.tokens", strings: vocabulary.tokens)
        writer.add("tokenizer.ggml.token_type", .array(vocabulary.types.map(GGUFWriter.Value.int32)))
        writer.add("tokenizer.ggml.merges", strings: vocabulary.merges)
        writer.add("tokenizer.ggml.bos_token_id", .uint32(1))
        writer.add("tokenizer.ggml.eos_token_id", .uint32(2))
        writer.add("tokenizer.ggml.unknown_token_id", .uint32(0))
        writer.add("tokenizer.ggml.padding_token_id", .uint32(2))
        writer.add("tokenizer.ggml.add_bos_token", .bool(false))
        writer.add("tokenizer.ggml.add_space_prefix", .bool(false))
        writer.add("tokenizer.chat_template", .string(Self.chatTemplate))
    }

    private func addTensors(to writer: inout GGUFWriter) {
        var random = SplitMix64(seed: seed)
        let embedding = embedding ?? weights
        let (queryLength, kvLength) = (perHead * headCount, perHead * kvHeadCount)
        func matrix(_ name: String, _ columns: Int, _ rows: Int, _ type: TensorType, _ magnitude: Float) {
            let data = Self.matrix(type, count: columns * rows, magnitude: magnitude, using: &random)
            writer.add(tensor: name, type, shape: [columns, rows], data: data)
        }
        /// Uniform in ±sqrt(3 / inputs): variance 1 / inputs keeps a row's activations at the size of its inputs.
        func projection(_ name: String, _ columns: Int, _ rows: Int) {
            matrix(name, columns, rows, weights, (3 / Float(columns)).squareRoot())
        }
        /// A part of the feed-forward network, of each expert where there are any.
        func feedForward(_ prefix: String, _ part: String, _ columns: Int, _ rows: Int) {
            guard let experts else { return projection("\(prefix).ffn_\(part).weight", columns, rows) }
            if experts.areSeparate {
                for expert in 0..<experts.count { projection("\(prefix).ffn_\(part).\(expert).weight", columns, rows) }
            } else {
                projection("\(prefix).ffn_\(part)_exps.weight", columns, rows * experts.count)
                writer.tensors[writer.tensors.count - 1].shape = [columns, rows, experts.count].map(UInt64.init)
            }
        }
        func norm(_ name: String) {
            let values = (0..<embeddingLength).map { _ in 1 + random.symmetric() / 4 }
            writer.add(tensor: name, .f32, shape: [embeddingLength], data: Quantize.encode(values, as: .f32))
        }
        matrix("token_embd.weight", embeddingLength, vocabularySize, embedding, 1)
        for layer in 0..<layerCount {
            let prefix = "blk.\(layer)"
            norm("\(prefix).attn_norm.weight")
            projection("\(prefix).attn_q.weight", embeddingLength, queryLength)
            projection("\(prefix).attn_k.weight", embeddingLength, kvLength)
            projection("\(prefix).attn_v.weight", embeddingLength, kvLength)
            projection("\(prefix).attn_output.weight", queryLength, embeddingLength)
            norm("\(prefix).ffn_norm.weight")
            if let experts {
                // Several times a projection's, so that a row's experts have unequal weights.
                matrix("\(prefix).ffn_gate_inp.weight", embeddingLength, experts.count, .f32, 0.5)
            }
            feedForward(prefix, "gate", embeddingLength, feedForwardLength)
            feedForward(prefix, "up", embeddingLength, feedForwardLength)
            feedForward(prefix, "down", feedForwardLength, embeddingLength)
        }
        norm("output_norm.weight")
        if !ropeFactors.isEmpty {
            let data = Quantize.encode(ropeFactors, as: .f32)
            writer.add(tensor: "rope_freqs.weight", .f32, shape: [ropeFactors.count], data: data)
        }
        if !hasTiedHead { matrix("output.weight", embeddingLength, vocabularySize, embedding, 1) }
    }

    private static func matrix(
        _ type: TensorType, count: Int, magnitude: Float, using random: inout SplitMix64
    ) -> [UInt8] {
        if type.blockElementCount > 32 {
            return Quantize.randomBlocks(type, elementCount: count, magnitude: magnitude, using: &random)
        }
        return Quantize.encode((0..<count).map { _ in random.symmetric() * magnitude }, as: type)
    }
}

/// A model on disk, gone when the last reference to it goes.
package struct WrittenModel: Sendable {
    private let folder: TemporaryFolder
    package let path: String

    init(folder: TemporaryFolder, path: String) { (self.folder, self.path) = (folder, path) }
}
