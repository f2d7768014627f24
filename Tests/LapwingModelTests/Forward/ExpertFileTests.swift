import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Files with experts")
struct ExpertFileTests {
    private static func tiny(separate: Bool = false) -> TinyModel {
        var tiny = TinyModel(seed: 2)
        tiny.experts = .init(count: 4, usedCount: 2, areSeparate: separate)
        return tiny
    }

    /// What loading says after the file was changed.
    private func error(separate: Bool = false, _ change: (inout GGUFWriter) -> Void) -> WeightsError? {
        var writer = Self.tiny(separate: separate).writer()
        change(&writer)
        do {
            _ = try LanguageModel(file: GGUFFile(bytes: writer.file().bytes))
            return nil
        } catch {
            return error as? WeightsError ?? .missingKey("not a WeightsError: \(error)")
        }
    }

    private func set(_ key: String, to value: UInt32?) -> (inout GGUFWriter) -> Void {
        { writer in
            writer.metadata.removeAll { $0.key == key }
            if let value { writer.add(key, .uint32(value)) }
        }
    }

    @Test("The counts are read, and all experts count as memory")
    func reads() throws {
        let model = try LanguageModel(file: GGUFFile(bytes: Self.tiny().bytes()))
        let found = model.configuration.experts
        #expect(found?.count == 4 && found?.usedCount == 2)
        let dense = try LanguageModel(file: GGUFFile(bytes: TinyModel(seed: 2).bytes()))
        // Two layers, three more experts each of three matrices, in floats.
        #expect(model.weightByteCount - dense.weightByteCount >= 2 * 3 * 3 * 64 * 128 * 4)
    }

    @Test("A row that would go to no expert, or to more than there are, is refused", arguments: [0, 5, 4_000_000_000])
    func usedCount(value: UInt32) {
        guard
            case .unfitHyperparameter("llama.expert_used_count", _, "\(value)", "1 to 4") = error(
                set("llama.expert_used_count", to: value))
        else {
            Issue.record("\(value) passed")
            return
        }
    }

    @Test("Experts without the number that a row uses are refused")
    func missingUsedCount() {
        #expect(error(set("llama.expert_used_count", to: nil)) == .missingKey("llama.expert_used_count"))
    }

    @Test("More experts in all layers than a file may have tensors are refused before any is looked for")
    func tooMany() {
        let found = error(separate: true) { writer in
            set("llama.block_count", to: 1_024)(&writer)
            set("llama.expert_count", to: 256)(&writer)
        }
        guard case .unfitHyperparameter("llama.expert_count", _, "256", "1 to 32") = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test("Of a mixture's experts, one token reads those that it goes through", arguments: [false, true])
    func byteCountPerToken(separate: Bool) throws {
        let file = try GGUFFile(bytes: Self.tiny(separate: separate).bytes())
        let all = file.tensors.values.reduce(0) { $0 + $1.byteCount }
        // Two layers, two experts each that are not read, of three matrices in floats.
        #expect(try ModelFootprint.byteCountPerToken(of: file) == all - 2 * 2 * 3 * 64 * 128 * 4)
    }

    @Test("Of an embedding apart from the head one token reads a row, and of a dense model all else")
    func byteCountPerTokenDense() throws {
        for hasTiedHead in [true, false] {
            let file = try GGUFFile(bytes: TinyModel(seed: 2, hasTiedHead: hasTiedHead).bytes())
            let all = file.tensors.values.reduce(0) { $0 + $1.byteCount }
            #expect(try ModelFootprint.byteCountPerToken(of: file) == all - (hasTiedHead ? 0 : 384 * 64 * 4))
        }
    }

    @Test(
        "A missing tensor is named",
        arguments: [
            "blk.0.ffn_gate_inp.weight", "blk.1.ffn_gate_exps.weight", "blk.0.ffn_up_exps.weight",
            "blk.1.ffn_down_exps.weight",
        ])
    func missing(name: String) {
        #expect(error { $0.tensors.removeAll { $0.name == name } } == .missingTensor(name: name))
    }

    @Test("One missing expert of a file with a tensor for each is named")
    func missingExpert() {
        let name = "blk.1.ffn_down.2.weight"
        #expect(error(separate: true) { $0.tensors.removeAll { $0.name == name } } == .missingTensor(name: name))
    }

    @Test("Another number of experts than the tensors have is refused with both shapes")
    func count() {
        guard
            case .shapeMismatch("blk.0.ffn_down_exps.weight", _, [128, 64, 3], [128, 64, 4]) = error(
                set("llama.expert_count", to: 3))
        else {
            Issue.record("three experts passed for four")
            return
        }
        // An expert too many is a tensor that would be left out.
        guard
            case .unexpectedTensor("blk.0.ffn_down.3.weight", _) = error(
                separate: true, set("llama.expert_count", to: 3))
        else {
            Issue.record("the fourth expert was left out")
            return
        }
    }

    @Test("Tensors of another shape are refused with both")
    func shapes() {
        for (name, shape) in [
            ("blk.0.ffn_gate_inp.weight", [4, 64]), ("blk.1.ffn_up_exps.weight", [64, 4, 128]),
            ("blk.1.ffn_gate_exps.weight", [64, 512]),
        ] {
            let found = error { writer in
                for index in writer.tensors.indices where writer.tensors[index].name == name {
                    writer.tensors[index].shape = shape.map(UInt64.init)
                }
            }
            guard case .shapeMismatch(name, _, _, shape) = found else {
                Issue.record("\(name): \(String(describing: found))")
                continue
            }
        }
    }

    @Test("Experts in a file that says it has none are stray tensors")
    func stray() {
        let found = error { writer in writer.metadata.removeAll { $0.key.hasPrefix("llama.expert_") } }
        guard case .unexpectedTensor("blk.0.ffn_down_exps.weight", _) = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }
}
