import CLapwingKernels
import LapwingModel
import Testing

@Suite("Activations of eight bits")
struct QuantizeTests {
    @Test("Quantised blocks hold their values to half a step, and the sum of their quants")
    func holdsValues() {
        for table in KernelTable.available {
            let input = TestInput(tokens: 1, columns: 1024, table: table)
            for (b, block) in input.blocks.enumerated() {
                let values = input.values[b * 32..<b * 32 + 32]
                let greatest = values.map(abs).max() ?? 0
                #expect(block.scale == (block.shift == 0 ? greatest / 127 : greatest / 127 / 256))
                for index in values.indices {
                    // Half a step of the coarse quants is 128 fine ones, of which a byte holds 127.
                    let steps = block.shift == 0 ? 0.50001 : 1.00001
                    #expect(abs(input.dequantized(index) - Double(values[index])) <= steps * Double(block.scale))
                }
                #expect(Int(block.sum) == values.indices.reduce(0) { $0 + input.quant($1) })
            }
        }
    }

    @Test("Blocks over twice the row's mean magnitude have fine quants, the others none")
    func choosesFineBlocks() {
        for table in KernelTable.available {
            let input = TestInput(tokens: 3, columns: 512, table: table)
            for token in 0..<3 {
                let magnitudes = (0..<16).map { b in
                    input.values[(token * 16 + b) * 32..<(token * 16 + b) * 32 + 32].map(abs).max() ?? 0
                }
                let mean = magnitudes.reduce(0, +) / 16
                let shifts = input.blocks[token * 16..<token * 16 + 16].map(\.shift)
                #expect(shifts == magnitudes.map { $0 > 2 * mean ? 8 : 0 })
                #expect(shifts.contains(8) && shifts.contains(0))
            }
        }
    }

    @Test("Zero, tiny and infinite activations quantise alike in every table")
    func extremes() {
        let blocks: [[Float]] = [
            [Float](repeating: 0, count: 32), [Float](repeating: 1e-38, count: 32),
            [.infinity] + randomFloats(31, seed: 3), randomFloats(31, seed: 3) + [.nan],
            (0..<32).map { Float($0) + 0.5 }, (0..<32).map { $0 == 3 ? 127 : Float($0) * 0.5 },
        ]
        let row = blocks.flatMap { $0 }
        for values in blocks + [row, row.map { $0.isFinite ? $0 : 1e30 }] {
            let expected = TestInput(values, tokens: 1, table: .scalar)
            if values.count == 32, !values.allSatisfy(\.isFinite) { #expect(expected.blocks[0].scale.isNaN) }
            for table in KernelTable.others {
                let found = TestInput(values, tokens: 1, table: table)
                #expect(found.fine == expected.fine)
                for (a, b) in zip(found.blocks, expected.blocks) {
                    #expect(a.scale == b.scale || a.scale.isNaN && b.scale.isNaN)
                    #expect(a.sum == b.sum && a.shift == b.shift)
                    #expect(withUnsafeBytes(of: a.quants, Array.init) == withUnsafeBytes(of: b.quants, Array.init))
                }
            }
        }
    }
}
