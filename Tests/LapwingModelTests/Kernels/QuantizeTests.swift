import CLapwingKernels
import LapwingModel
import Testing

@Suite("Activations of eight bits")
struct QuantizeTests {
    @Test("Blocks hold their values to half a step, with a remainder to half a 256th, and the sums of their quants")
    func holdsValues() {
        for table in KernelTable.available {
            let input = TestInput(tokens: 1, columns: 1024, table: table)
            for (b, block) in input.blocks.enumerated() {
                let values = input.values[b * 32..<b * 32 + 32]
                let remainder = input.remainders[b]
                #expect(block.scale == (values.map(abs).max() ?? 0) / 127)
                #expect(remainder.scale == (input.isMarked(b) ? block.scale / 256 : 0))
                for index in values.indices {
                    // Half a step of the coarse quants is 128 fine ones, of which a byte holds 127.
                    let error = input.isMarked(b) ? 1.00001 * remainder.scale : 0.50001 * block.scale
                    #expect(abs(input.dequantized(index) - Double(values[index])) <= Double(error))
                }
                for some in input.isMarked(b) ? [block, remainder] : [block] {
                    let halves = [Self.sum(some, 0..<16), Self.sum(some, 16..<32)]
                    #expect([Int(some.sums.0), Int(some.sums.1)] == halves)
                    #expect(Int(some.sum) == halves[0] + halves[1])
                }
                if !input.isMarked(b) { #expect(remainder.sum == 0 && remainder.sums == (0, 0)) }
            }
        }
    }

    private static func sum(_ block: lw_q8_block, _ part: Range<Int>) -> Int {
        withUnsafeBytes(of: block.quants) { $0[part].reduce(0) { $0 + Int(Int8(bitPattern: $1)) } }
    }

    @Test("Blocks over 1.5 times the row's mean magnitude have a remainder, the others none", arguments: [16, 70])
    func choosesBlocks(count: Int) {
        for table in KernelTable.available {
            let input = TestInput(tokens: 3, columns: 32 * count, table: table)
            for token in 0..<3 {
                let blocks = token * count..<(token + 1) * count
                let magnitudes = blocks.map { b in input.values[b * 32..<b * 32 + 32].map(abs).max() ?? 0 }
                let mean = magnitudes.reduce(0, +) / Float(count)
                let marked = blocks.map(input.isMarked)
                #expect(marked == magnitudes.map { $0 > 1.5 * mean })
                #expect(marked.contains(true) && marked.contains(false))
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
                #expect(found.marks == expected.marks)
                let pairs = zip(found.blocks + found.remainders, expected.blocks + expected.remainders)
                for (a, b) in pairs {
                    #expect(a.scale == b.scale || a.scale.isNaN && b.scale.isNaN)
                    #expect(a.sum == b.sum && a.sums == b.sums)
                    #expect(withUnsafeBytes(of: a.quants, Array.init) == withUnsafeBytes(of: b.quants, Array.init))
                }
            }
        }
    }
}
