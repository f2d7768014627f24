import LapwingModel
import Testing

@Suite("Which tensor gets which type")
struct QuantizationMixTests {
    /// The type of a matrix that is stored as floats, 4096 columns wide.
    private func type(of name: String, in mix: QuantizationMix, columns: Int = 4096) -> TensorType {
        mix.type(of: name + ".weight", stored: .f32, shape: [columns, 512])
    }

    /// Layers of 32 in which a matrix has a type.
    private func layers(_ name: String, _ type: TensorType, in mix: QuantizationMix) -> [Int] {
        (0..<32).filter { self.type(of: "blk.\($0).\(name)", in: mix) == type }
    }

    private func mix(_ type: QuantizationType, _ change: (inout QuantizationMix) -> Void = { _ in }) -> QuantizationMix
    {
        var mix = QuantizationMix(type: type, layerCount: 32)
        change(&mix)
        return mix
    }

    @Test("Q4_K_M gives values and outputs of the network six bits in the outer eighths and every third layer between")
    func mediumFourBits() {
        let mix = mix(.q4_k_m)
        let better = [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]
        #expect(layers("attn_v", .q6_K, in: mix) == better && layers("ffn_down", .q6_K, in: mix) == better)
        #expect(layers("attn_q", .q4_K, in: mix).count == 32 && layers("attn_output", .q4_K, in: mix).count == 32)
        #expect(layers("attn_qkv", .q5_K, in: mix).count == 32)
    }

    @Test(
        "Norms, biases, routers, positions and what is no weight stay as they are, one-dimensional halves become floats"
    )
    func kept() {
        let mix = mix(.q4_k_m)
        #expect(mix.type(of: "blk.0.attn_norm.weight", stored: .f16, shape: [4096]) == .f32)
        #expect(mix.type(of: "blk.0.attn_q.bias", stored: .bf16, shape: [4096]) == .f32)
        for name in [
            "blk.0.ffn_gate_inp.weight", "position_embd.weight", "token_types.weight", "blk.0.attn_q_norm.weight",
        ] {
            #expect(mix.type(of: name, stored: .f16, shape: [256, 2]) == .f16)
        }
        #expect(mix.type(of: "blk.0.ffn_up.weight", stored: .i32, shape: [256, 2]) == .i32)
        #expect(mix.type(of: "blk.0.scales", stored: .f32, shape: [256, 2]) == .f32)
    }

    @Test("An embedding that is not the output has the type of most matrices, the output six bits")
    func output() {
        let untied = mix(.q4_k_s) { $0.hasOutput = true }
        #expect(type(of: "token_embd", in: untied) == .q4_K && type(of: "output", in: untied) == .q6_K)
        #expect(type(of: "token_embd", in: mix(.q8_0)) == .q8_0 && type(of: "token_embd", in: mix(.q4_0)) == .q6_K)
    }

    @Test("Small types keep more in the layers that need it")
    func smallTypes() {
        let two = mix(.q2_k), three = mix(.q3_k_m), large = mix(.q3_k_l), four = mix(.q4_k_s)
        #expect(layers("ffn_down", .q3_K, in: two).count == 32 && layers("attn_output", .q3_K, in: two).count == 32)
        #expect(layers("attn_v", .q3_K, in: two).count == 32 && layers("attn_k", .q2_K, in: two).count == 32)
        #expect(layers("attn_v", .q5_K, in: three) == [0, 1] && layers("ffn_down", .q5_K, in: three) == [0, 1])
        #expect(layers("ffn_down", .q4_K, in: three).count == 30)
        #expect(layers("ffn_down", .q5_K, in: large).count == 32 && layers("ffn_up", .q3_K, in: large).count == 32)
        #expect(
            layers("attn_v", .q5_K, in: four) == [0, 1, 2, 3] && layers("ffn_down", .q5_K, in: four) == [0, 1, 2, 3])
        // Four heads or more that share their values make better values cheap.
        #expect(layers("attn_v", .q4_K, in: mix(.q2_k) { $0.groupSize = 4 }).count == 32)
        #expect(layers("attn_v", .q5_K, in: mix(.iq4_xs) { $0.groupSize = 4 }).count == 32)
    }

    @Test("Eighty layers with grouped heads have values of five bits at least")
    func seventyBillions() {
        let mix = mix(.q4_k_m) { ($0.layerCount, $0.groupSize) = (80, 8) }
        #expect(type(of: "blk.10.attn_v", in: mix) == .q5_K && type(of: "blk.0.attn_v", in: mix) == .q6_K)
    }

    @Test("Rows that are no whole number of 256 get the nearest type with blocks of 32, others halves")
    func fallbacks() {
        func narrow(_ type: QuantizationType, _ columns: Int = 96) -> TensorType {
            self.type(of: "blk.9.attn_q", in: mix(type), columns: columns)
        }
        #expect(narrow(.q4_k_s) == .q5_0 && narrow(.q5_k_s) == .q5_1 && narrow(.q6_k) == .q8_0)
        #expect(narrow(.q2_k) == .iq4_nl && narrow(.q3_k_s) == .iq4_nl && narrow(.iq4_xs) == .iq4_nl)
        #expect(narrow(.q4_0) == .q4_0 && narrow(.q4_0, 40) == .f16 && narrow(.q6_k, 40) == .f16)
        #expect(type(of: "token_embd", in: mix(.q4_k_s), columns: 96) == .q8_0)
    }

    @Test("Eight experts have attention of eight bits")
    func mixtures() {
        let mix = mix(.q4_k_m) { $0.expertCount = 8 }
        #expect(layers("attn_k", .q8_0, in: mix).count == 32 && layers("attn_v", .q8_0, in: mix).count == 32)
        #expect(layers("attn_output", .q5_K, in: mix).count == 32)
        #expect(layers("ffn_down_exps", .q6_K, in: mix).count == 16)
    }

    @Test("With an importance matrix the plain types of four and five bits gain a minimum in the first layers")
    func withImportance() {
        #expect(layers("ffn_down", .q4_1, in: mix(.q4_0) { $0.hasImportance = true }) == [0, 1, 2, 3])
        #expect(layers("ffn_down", .q4_1, in: mix(.q4_0)).isEmpty)
        #expect(layers("ffn_down", .q5_K, in: mix(.iq4_xs)) == [0, 1, 2, 3])
        #expect(layers("ffn_down", .q5_K, in: mix(.iq4_xs) { $0.hasImportance = true }).isEmpty)
    }
}
