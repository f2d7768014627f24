import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Encoder")
struct EncoderTests {
    private func model(
        _ fixture: String = "bert_mean", precision: EncoderPrecision = .float32, kernels: String? = nil,
        threads: Int = 2
    ) throws -> EncoderModel {
        try EncoderModel(
            file: GGUFFile(bytes: ArchitectureFixture.read(fixture).ggufBytes()),
            options: EncoderOptions(kernels: kernels, workers: Workers(count: threads), precision: precision))
    }

    private func sequences(_ lengths: [Int], vocabularySize: Int = 256) -> [[Int32]] {
        var random = SplitMix64(seed: 7)
        return lengths.map { count in (0..<count).map { _ in Int32(random.below(vocabularySize)) } }
    }

    // MARK: The reference's results

    @Test("Vectors agree with transformers", arguments: ["bert_mean", "bert_cls"], KernelTable.availableNames)
    func vectors(name: String, kernels: String) throws {
        let fixture = try ArchitectureFixture.read(name)
        let model = try model(name, kernels: kernels)
        let found = try model.embed(fixture.prompts.map(\.tokens))
        #expect(!found.isEmpty && found.count == fixture.prompts.count)
        for (vector, prompt) in zip(found, fixture.prompts) {
            let expected = try #require(prompt.pooled).floats
            #expect(zip(vector, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test("Scores of pairs agree with transformers", arguments: KernelTable.availableNames)
    func scores(kernels: String) throws {
        let fixture = try ArchitectureFixture.read("bert_score")
        let pairs = try fixture.prompts.map { prompt in
            let types = try #require(prompt.types)
            return EncoderPair(tokens: prompt.tokens, secondStart: types.firstIndex(of: 1) ?? types.count)
        }
        // llama.cpp's converter leaves the pooler out; a folder has it.
        var writer = try fixture.ggufWriter()
        let values = fixture.values()
        for (suffix, shape) in [("weight", [64, 64]), ("bias", [64])] {
            let pooler = try #require(values["bert.pooler.dense.\(suffix)"])
            writer.add(tensor: "cls.\(suffix)", .f32, shape: shape, data: Quantize.encode(pooler, as: .f32))
        }
        let model = try EncoderModel(
            file: GGUFFile(bytes: writer.file().bytes), options: EncoderOptions(kernels: kernels))
        let found = try model.score(pairs)
        #expect(!found.isEmpty && found.count == pairs.count)
        for (score, prompt) in zip(found, fixture.prompts) {
            let expected = try #require(prompt.pooled).floats[0]
            #expect(abs(score - expected) < 1e-4)
        }
    }

    @Test("Bytes give nearly the vectors of floats")
    func bytes() throws {
        let texts = sequences([5, 40, 128])
        let floats = try model().embed(texts), bytes = try model(precision: .int8).embed(texts)
        for (a, b) in zip(floats, bytes) { #expect(zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } > 0.99) }
    }

    // MARK: A text by itself

    @Test("A text's vector does not depend on its company or the threads", arguments: EncoderPrecision.allCases)
    func invariance(precision: EncoderPrecision) throws {
        let texts = sequences([3, 17, 1, 128, 64, 9, 33, 15, 16, 31, 100, 2])
        let together = try model(precision: precision, threads: 3).embed(texts)
        let alone = try model(precision: precision, threads: 1)
        for (text, vector) in zip(texts, together) { #expect(try alone.embed([text]) == [vector]) }
        #expect(try alone.embed(texts.reversed()) == together.reversed())
    }

    @Test("All kernels give the same bits", arguments: EncoderPrecision.allCases)
    func kernels(precision: EncoderPrecision) throws {
        let texts = sequences([11, 20])
        let expected = try model(precision: precision, kernels: "scalar").embed(texts)
        for name in KernelTable.availableNames {
            #expect(try model(precision: precision, kernels: name).embed(texts) == expected)
        }
    }

    @Test("Vectors have the length one unless they are asked for as they are, and the caller may choose the pooling")
    func pooling() throws {
        let model = try model()
        let text = sequences([12])
        let raw = try model.embed(text, normalized: false)[0], unit = try model.embed(text)[0]
        let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(length - 1) > 0.01)
        #expect(zip(raw, unit).allSatisfy { abs($0 / length - $1) < 1e-6 })
        #expect(model.configuration.pooling == .mean)
        #expect(try model.embed(text, pooling: .firstToken) != [unit])
    }

    // MARK: Bad input

    @Test("What cannot be encoded is refused with what was found")
    func badInput() throws {
        let model = try model(), scorer = try self.model("bert_score")
        #expect(try model.embed([]) == [])
        #expect(throws: EncoderError.emptySequence(index: 1)) { try model.embed([[1], []]) }
        #expect(throws: EncoderError.tokenOutOfRange(index: 0, token: 256, vocabularySize: 256)) {
            try model.embed([[1, 256]])
        }
        #expect(throws: EncoderError.tokenOutOfRange(index: 0, token: -1, vocabularySize: 256)) {
            try model.embed([[-1]])
        }
        #expect(throws: EncoderError.tooLong(index: 0, count: 129, limit: 128)) { try model.embed(sequences([129])) }
        #expect(throws: EncoderError.secondStartOutOfRange(index: 0, start: 3, count: 2)) {
            try scorer.score([EncoderPair(tokens: [1, 2], secondStart: 3)])
        }
        #expect(throws: EncoderError.wrongKind(found: .mean, expected: "score")) {
            try model.score([EncoderPair(tokens: [1], secondStart: 1)])
        }
        #expect(throws: EncoderError.wrongKind(found: .score, expected: "mean or firstToken")) {
            try scorer.embed([[1]])
        }
        #expect("\(EncoderError.tooLong(index: 0, count: 129, limit: 128))".contains("129 tokens"))
    }

    @Test("A text that is too long keeps what fits and its last token, where that is asked for")
    func truncation() throws {
        let model = try model()
        let long = sequences([200])[0]
        let kept = long.prefix(model.maximumLength - 1) + long.suffix(1)
        #expect(try model.embed([long], excess: .truncate) == model.embed([Array(kept)]))
    }

    // MARK: Bad files

    private func load(_ change: (inout GGUFWriter) throws -> Void) throws -> EncoderModel {
        var writer = try ArchitectureFixture.read("bert_mean").ggufWriter()
        try change(&writer)
        return try EncoderModel(file: GGUFFile(bytes: writer.file().bytes))
    }

    @Test("Metadata that the forward pass cannot run with is refused by its key")
    func badMetadata() throws {
        let cases: [(String, GGUFWriter.Value, String)] = [
            ("bert.attention.head_count", .uint32(5), "bert.attention.head_count"),
            ("bert.attention.head_count", .uint32(0), "bert.attention.head_count"),
            ("bert.attention.causal", .bool(true), "bert.attention.causal"),
            ("bert.pooling_type", .uint32(3), "bert.pooling_type"),
            ("bert.block_count", .uint32(4_000_000), "bert.block_count"),
            ("bert.attention.layer_norm_epsilon", .float32(0), "bert.attention.layer_norm_epsilon"),
            // The file's tensors are of other sizes than it says.
            ("bert.context_length", .uint32(64), "position_embd.weight"),
            ("bert.feed_forward_length", .uint32(1 << 16), "ffn_"),
            ("bert.embedding_length", .uint32(32), "blk.0.attn_k"),
            ("bert.block_count", .uint32(4), "blk.3."),
            ("bert.block_count", .uint32(2), "blk.2."),
            ("general.architecture", .string("llama"), "llama"),
        ]
        for (key, value, named) in cases {
            let error = #expect(throws: WeightsError.self) {
                try load { writer in
                    writer.metadata.removeAll { $0.key == key }
                    writer.add(key, value)
                }
            }
            #expect((error.map { "\($0)" } ?? "").contains(named), "\(key)")
        }
    }

    @Test("Tensors that are missing, superfluous, of another shape or not finite are refused by their names")
    func badTensors() throws {
        func changed(
            _ name: String, _ change: @escaping (inout GGUFWriter, Int) -> Void
        ) -> (String, (inout GGUFWriter) throws -> Void) {
            let body = { (writer: inout GGUFWriter) throws -> Void in
                let place = try #require(writer.tensors.firstIndex { $0.name == name })
                change(&writer, place)
            }
            return (name, body)
        }
        let changes: [(String, (inout GGUFWriter) throws -> Void)] = [
            changed("blk.1.attn_k.bias") { writer, place in writer.tensors.remove(at: place) },
            changed("token_types.weight") { writer, place in writer.tensors[place].shape = [32, 4] },
            changed("blk.0.ffn_up.weight") { writer, place in writer.tensors[place].shape = [128, 64] },
            changed("blk.2.ffn_down.weight") { writer, place in
                writer.tensors[place].data.replaceSubrange(4..<8, with: [0, 0, 0xC0, 0x7F])
            },
            (
                "blk.0.attn_q_norm.weight",
                { $0.add(tensor: "blk.0.attn_q_norm.weight", .f32, shape: [1], data: [0, 0, 0, 0]) }
            ),
        ]
        for (name, change) in changes {
            let error = #expect(throws: WeightsError.self) { try load(change) }
            #expect((error.map { "\($0)" } ?? "").contains(name))
        }
    }

    @Test("Weights of other types are read")
    func types() throws {
        let texts = sequences([20])
        let expected = try model().embed(texts)[0]
        let half = try load { writer in
            for index in writer.tensors.indices where writer.tensors[index].shape.count == 2 {
                let bytes = writer.tensors[index].data
                let values = bytes.withUnsafeBytes { raw in
                    (0..<bytes.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
                }
                writer.tensors[index].type = TensorType.f16.rawValue
                writer.tensors[index].data = Quantize.encode(values, as: .f16)
            }
        }
        #expect(zip(try half.embed(texts)[0], expected).allSatisfy { abs($0 - $1) < 0.01 })
    }
}
