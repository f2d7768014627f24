import CLapwingKernels
import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Attention over pages")
struct AttentionKernelTests {
    /// A cache of shuffled pages with random keys and values; what no position wrote is NaN.
    private final class Fixture {
        let length: Int
        let positions: Int
        let keys: [Float]
        let values: [Float]
        let halves: UnsafeMutableBufferPointer<UInt16>
        let table: UnsafeMutableBufferPointer<Int32>
        let pages: lw_pages

        init(length: Int, positions: Int, table kernels: KernelTable) {
            (self.length, self.positions) = (length, positions)
            keys = randomFloats(positions * length, seed: 1, magnitude: 2)
            values = randomFloats(positions * length, seed: 2, magnitude: 2)
            let pageCount = (positions + 31) / 32
            halves = .allocate(capacity: pageCount * 2 * length * 32)
            halves.initialize(repeating: 0x7e00)
            table = .allocate(capacity: pageCount)
            for page in 0..<pageCount { table[page] = Int32(pageCount - 1 - page) }
            guard let base = halves.baseAddress, let first = table.baseAddress else { preconditionFailure("has pages") }
            pages = lw_pages(
                base: base, page_stride: 2 * length * 32, table: first, head_length: length,
                scale: 1 / Float(length).squareRoot())
            var view = pages
            for position in 0..<positions {
                let start = position * length
                kernels.functions.pointee.store(
                    &view, position, Array(keys[start..<start + length]), Array(values[start..<start + length]))
            }
        }

        deinit {
            halves.deallocate()
            table.deallocate()
        }

        /// States of lines that see `limits` positions each, after positions first..<last.
        func states(_ queries: [Float], limits: [Int], by kernels: KernelTable, first: Int = 0, last: Int) -> [[Float]]
        {
            let width = length + 2
            let states = UnsafeMutablePointer<Float>.allocate(capacity: limits.count * width)
            defer { states.deallocate() }
            states.initialize(repeating: 0, count: limits.count * width)
            return queries.withUnsafeBufferPointer { queries in
                guard let base = queries.baseAddress else { return [] }
                let lines = limits.indices.map { index in
                    states[index * width + length] = -.infinity
                    return lw_attention_line(
                        query: base + index * length, state: states + index * width, limit: limits[index])
                }
                var view = pages
                kernels.functions.pointee.attend(&view, lines, lines.count, first, last)
                return limits.indices.map { Array(UnsafeBufferPointer(start: states + $0 * width, count: width)) }
            }
        }

        func finish(_ state: [Float], by kernels: KernelTable) -> [Float] {
            var out = [Float](repeating: .nan, count: length)
            kernels.functions.pointee.attend_finish(state, &out, length)
            return out
        }
    }

    @Test("Stored halves are the nearest ones, and out-of-range values the greatest finite half")
    func stores() {
        let values: [Float] = [
            0, 1, -1, 65_504, 70_000, -1e30, 1e-7, 5.9e-8, 2e-8, 0.333333, 1 + 1 / 2_048, 1 + 3 / 2_048,
        ]
        let length = 24
        let row = values + [Float](repeating: 0, count: length - values.count)
        for kernels in KernelTable.available {
            let fixture = Fixture(length: length, positions: 1, table: kernels)
            var view = fixture.pages
            kernels.functions.pointee.store(&view, 0, row, row)
            for d in 0..<length {
                let expected = Float16Bits.bits(of: max(-65_504, min(65_504, row[d])))
                #expect(fixture.halves[d * 32] == expected)
                #expect(fixture.halves[length * 32 + d] == expected)
            }
        }
    }

    @Test("The result is softmax(q k / sqrt(d)) v over the positions a line sees")
    func isRight() {
        let limits = [1, 5, 31, 32, 33, 64, 65, 77]
        for (kernels, length) in KernelTable.available.flatMap({ kernels in [8, 12, 64, 80].map { (kernels, $0) } }) {
            let fixture = Fixture(length: length, positions: 77, table: kernels)
            let queries = randomFloats(limits.count * length, seed: 3, magnitude: 2)
            let states = fixture.states(queries, limits: limits, by: kernels, last: 77)
            for (line, limit) in limits.enumerated() {
                let query = queries[line * length..<(line + 1) * length].map(Double.init)
                let scores = (0..<limit).map { t in
                    (0..<length).reduce(0.0) { $0 + query[$1] * Double(fixture.keys[t * length + $1]) }
                        / Double(length).squareRoot()
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }
                let total = weights.reduce(0, +)
                let found = fixture.finish(states[line], by: kernels)
                for d in 0..<length {
                    let expected = (0..<limit).reduce(0.0) {
                        $0 + weights[$1] * Double(fixture.values[$1 * length + d])
                    }
                    // Keys and values are halves: eleven bits of each product are right.
                    #expect(abs(Double(found[d]) - expected / total) < 4e-3)
                }
            }
        }
    }

    @Test("Every table gives the scalar table's bits, for any number of lines and limits")
    func tablesAgree() {
        for kernels in KernelTable.others {
            for length in [8, 16, 40, 64, 72, 256, 12] {
                let fixture = Fixture(length: length, positions: 70, table: .scalar)
                for count in 1...11 {
                    let queries = randomFloats(count * length, seed: UInt64(count), magnitude: 3)
                    let limits = (0..<count).map { ($0 * 29 + 3) % 70 + 1 }
                    let expected = fixture.states(queries, limits: limits, by: .scalar, last: 70)
                    #expect(fixture.states(queries, limits: limits, by: kernels, last: 70) == expected)
                }
            }
        }
    }

    @Test("A line's state is the same bits alone and among others")
    func independentOfCompany() {
        let limits = [3, 64, 40, 70, 33, 1, 70, 69, 12]
        for kernels in KernelTable.available {
            let fixture = Fixture(length: 64, positions: 70, table: kernels)
            let queries = randomFloats(limits.count * 64, seed: 5)
            let together = fixture.states(queries, limits: limits, by: kernels, last: 70)
            for line in limits.indices {
                let alone = fixture.states(
                    Array(queries[line * 64..<line * 64 + 64]), limits: [limits[line]], by: kernels, last: 70)
                #expect(alone[0] == together[line])
            }
        }
    }

    @Test("Merging the states of two ranges gives the attention over both")
    func merges() {
        for kernels in KernelTable.available {
            let fixture = Fixture(length: 64, positions: 96, table: kernels)
            let query = randomFloats(64, seed: 8)
            let whole = fixture.finish(fixture.states(query, limits: [90], by: kernels, last: 96)[0], by: kernels)
            var first = fixture.states(query, limits: [90], by: kernels, last: 32)[0]
            let second = fixture.states(query, limits: [90], by: kernels, first: 32, last: 96)[0]
            kernels.functions.pointee.attend_merge(&first, second, 64)
            for (a, b) in zip(fixture.finish(first, by: kernels), whole) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test("A line that sees nothing of the range keeps its state, and nothing at all gives zero")
    func seesNothing() {
        for kernels in KernelTable.available {
            let fixture = Fixture(length: 16, positions: 64, table: kernels)
            let state = fixture.states(randomFloats(16, seed: 1), limits: [20], by: kernels, first: 32, last: 64)[0]
            #expect(state == [Float](repeating: 0, count: 16) + [-.infinity, 0])
            #expect(fixture.finish(state, by: kernels) == [Float](repeating: 0, count: 16))
        }
    }
}
