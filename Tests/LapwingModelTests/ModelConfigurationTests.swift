import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Hyperparameters and shapes")
struct ModelConfigurationTests {
    /// What loading says after one metadata value was changed, or taken out.
    private func error(_ key: String, _ value: GGUFWriter.Value?) -> WeightsError? { error(changed(key, value)) }

    private func changed(_ key: String, _ value: GGUFWriter.Value?) -> GGUFWriter {
        var writer = TinyModel().writer()
        writer.metadata.removeAll { $0.key == key }
        if let value { writer.add(key, value) }
        return writer
    }

    /// Where the changed value stands in the file; for a text, where its bytes begin.
    private func offset(_ key: String, _ value: GGUFWriter.Value) -> Int {
        let file = changed(key, value).file()
        if case .string = value { return file.range(of: "length of \(key)").upperBound }
        return file.range(of: key).lowerBound
    }

    private func tensorOffset(_ name: String, in writer: GGUFWriter = TinyModel().writer()) throws -> Int {
        try #require(GGUFFile(bytes: writer.file().bytes).tensors[name]).offset
    }

    private func error(_ writer: GGUFWriter) -> WeightsError? {
        do {
            _ = try LanguageModel(file: GGUFFile(bytes: writer.file().bytes), options: LoadOptions())
            return nil
        } catch {
            return error as? WeightsError ?? .missingKey("not a WeightsError: \(error)")
        }
    }

    @Test("A sound file's hyperparameters are read")
    func reads() throws {
        let model = try LanguageModel(file: GGUFFile(bytes: TinyModel().bytes()))
        let found = model.configuration
        #expect(found.architecture == "llama" && found.vocabularySize == 384 && found.contextLength == 512)
        #expect(found.layerCount == 2 && found.embeddingLength == 64 && found.feedForwardLength == 128)
        #expect(found.headCount == 4 && found.kvHeadCount == 2 && found.headLength == 16 && found.groupSize == 2)
        #expect(found.rotations == [Rotation(base: 10_000, originalLength: 512)] && found.ropeDimensionCount == 16)
    }

    @Test("An architecture that cannot be run is refused by name, with those that can")
    func architecture() {
        #expect(
            error("general.architecture", .string("mamba"))
                == .unsupportedArchitecture(
                    found: "mamba", offset: offset("general.architecture", .string("mamba")),
                    supported: Architecture.all.map(\.name) + ["bert"]))
        #expect(error("general.architecture", nil) == .missingKey("general.architecture"))
    }

    @Test(
        "Numbers that the forward pass cannot run with are refused by key",
        arguments: [
            ("llama.block_count", 0), ("llama.block_count", 4_000_000_000), ("llama.embedding_length", 0),
            ("llama.attention.head_count", 0),
            ("llama.attention.head_count_kv", 0), ("llama.attention.head_count_kv", 3),
            ("llama.attention.head_count_kv", 8), ("llama.feed_forward_length", 4_000_000_000),
            ("llama.context_length", 0), ("llama.rope.dimension_count", 15), ("llama.rope.dimension_count", 18),
            ("llama.attention.value_length", 8), ("llama.attention.key_length", 512), ("llama.expert_count", 257),
            ("llama.expert_used_count", 2),
        ] as [(String, UInt32)])
    func numbers(key: String, value: UInt32) {
        guard case .unfitHyperparameter(key, offset(key, .uint32(value)), "\(value)", _) = error(key, .uint32(value))
        else {
            Issue.record("\(String(describing: error(key, .uint32(value))))")
            return
        }
    }

    @Test("Heads that do not divide the embedding or the query heads are refused")
    func heads() {
        #expect(
            error("llama.attention.head_count", .uint32(3))
                == .unfitHyperparameter(
                    key: "llama.attention.head_count_kv",
                    offset: changed("llama.attention.head_count", .uint32(3)).file()
                        .range(of: "llama.attention.head_count_kv").lowerBound,
                    found: "2", expected: "a divisor of 3 heads"))
        #expect(
            error("llama.attention.head_count", .uint32(10))
                == .unfitHyperparameter(
                    key: "llama.attention.head_count", offset: offset("llama.attention.head_count", .uint32(10)),
                    found: "10", expected: "heads of 1 to 256 that fill 64"))
    }

    @Test("Kinds of scaling that are not run, and values of the wrong kind, are refused by key")
    func kinds() {
        #expect(
            error("llama.rope.scaling.type", .string("dynamic"))
                == .unfitHyperparameter(
                    key: "llama.rope.scaling.type", offset: offset("llama.rope.scaling.type", .string("dynamic")),
                    found: "dynamic", expected: "none, linear, yarn or longrope"))
        #expect(
            error("llama.rope.freq_base", .float32(-1))
                == .unfitHyperparameter(
                    key: "llama.rope.freq_base", offset: offset("llama.rope.freq_base", .float32(-1)), found: "-1.0",
                    expected: "a positive number"))
        #expect(error("llama.attention.layer_norm_rms_epsilon", nil) != nil)
        guard case .wrongType("llama.block_count", _, _, _) = error("llama.block_count", .string("2")) else {
            Issue.record("a text passed for a number")
            return
        }
    }

    @Test("Positions are scaled as llama.cpp reads the keys: a factor alone is linear, the old key counts, 0 is none")
    func ropeScale() throws {
        func scale(_ values: [(String, GGUFWriter.Value)]) throws -> Float {
            var writer = TinyModel().writer()
            for (key, value) in values { writer.add("llama.rope.\(key)", value) }
            let configuration = try LanguageModel(file: GGUFFile(bytes: writer.file().bytes)).configuration
            guard case .linear(let factor) = configuration.rotations[0].scaling else { return 1 }
            return factor
        }
        #expect(try scale([("scaling.factor", .float32(4))]) == 4)
        #expect(try scale([("scale_linear", .float32(2))]) == 2)
        #expect(try scale([("scaling.type", .string("linear")), ("scaling.factor", .float32(8))]) == 8)
        #expect(try scale([("scaling.type", .string("linear"))]) == 1)
        #expect(try scale([("scaling.factor", .float32(0))]) == 1)
        #expect(try scale([("scaling.type", .string("none")), ("scaling.factor", .float32(4))]) == 1)
    }

    @Test("A block count beyond the file's blocks is a missing tensor, one short of it a stray one")
    func blockCount() throws {
        #expect(error("llama.block_count", .uint32(3)) == .missingTensor(name: "blk.2.attn_k.weight"))
        #expect(
            error("llama.block_count", .uint32(1))
                == .unexpectedTensor(
                    name: "blk.1.attn_k.weight", offset: try tensorOffset("blk.1.attn_k.weight")))
    }

    @Test("A tensor whose shape does not follow from the hyperparameters is refused with both shapes")
    func shapes() throws {
        #expect(
            error("llama.feed_forward_length", .uint32(96))
                == .shapeMismatch(
                    name: "blk.0.ffn_down.weight", offset: try tensorOffset("blk.0.ffn_down.weight"),
                    expected: [96, 64], found: [128, 64]))
        var writer = TinyModel().writer()
        writer.tensors[0].shape = [384, 64]
        #expect(
            error(writer)
                == .shapeMismatch(
                    name: "token_embd.weight", offset: try tensorOffset("token_embd.weight"), expected: [64, 64],
                    found: [384, 64]))
    }

    @Test("A tensor that this architecture would leave out is refused by name")
    func strayTensor() throws {
        var writer = TinyModel().writer()
        writer.add(tensor: "blk.0.attn_r.bias", .f32, shape: [1], data: [0, 0, 0, 0])
        let place = try tensorOffset("blk.0.attn_r.bias", in: writer)
        #expect(error(writer) == .unexpectedTensor(name: "blk.0.attn_r.bias", offset: place))
    }

    @Test("Kernels that this machine does not have are refused by name")
    func kernels() throws {
        let file = try GGUFFile(bytes: TinyModel().bytes())
        #expect(throws: ModelError.kernelsUnavailable(name: "vax", available: KernelTable.availableNames)) {
            try LanguageModel(file: file, options: LoadOptions(kernels: "vax"))
        }
    }
}
