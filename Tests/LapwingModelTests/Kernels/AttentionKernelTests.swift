import CLapwingKernels
import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Attention over pages")
struct AttentionKernelTests {
    /// A cache of shuffled pages with random keys and values; what no position wrote is no number.
    private final class Fixture {
        let length: Int
        let positions: Int
        let format: KVCacheFormat
        let keys: [Float]
        let values: [Float]
        let bytes: UnsafeMutableRawBufferPointer
        let table: UnsafeMutableBufferPointer<Int32>
        let pages: lw_pages

        init(length: Int, positions: Int, format: KVCacheFormat, table kernels: KernelTable) {
            (self.length, self.positions, self.format) = (length, positions, format)
            keys = randomFloats(positions * length, seed: 1, magnitude: 2)
            values = randomFloats(positions * length, seed: 2, magnitude: 2)
            let pageCount = (positions + 31) / 32
            let pageBytes = lw_page_bytes(format.layout, length)
            bytes = .allocate(byteCount: pageCount * pageBytes, alignment: 64)
            bytes.initializeMemory(as: UInt8.self, repeating: 0x7e)
            table = .allocate(capacity: pageCount)
            for page in 0..<pageCount { table[page] = Int32(pageCount - 1 - page) }
            guard let base = bytes.baseAddress, let first = table.baseAddress else { preconditionFailure("has pages") }
            pages = lw_pages(
                base: base, page_stride: pageBytes, table: first, head_length: length,
                scale: 1 / Float(length).squareRoot(), cap: 0)
            for position in 0..<positions {
                let start = position * length
                store(
                    position, Array(keys[start..<start + length]), Array(values[start..<start + length]), by: kernels)
            }
        }

        deinit {
            bytes.deallocate()
            table.deallocate()
        }

        func store(_ position: Int, _ key: [Float], _ value: [Float], by kernels: KernelTable) {
            var view = pages
            switch format {
            case .int8: kernels.functions.pointee.store_i8(&view, position, key, value)
            case .f16: kernels.functions.pointee.store_f16(&view, position, key, value)
            case .f32: lw_store_f32(&view, position, key, value)
            }
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
                        query: base + index * length, state: states + index * width, limit: limits[index],
                        first: 0, slope: 0)
                }
                var view = pages
                switch format {
                case .int8: kernels.functions.pointee.attend_i8(&view, lines, lines.count, first, last)
                case .f16: kernels.functions.pointee.attend_f16(&view, lines, lines.count, first, last)
                case .f32: lw_attend_f32(&view, lines, lines.count, first, last)
                }
                return limits.indices.map { Array(UnsafeBufferPointer(start: states + $0 * width, count: width)) }
            }
        }

        func finish(_ state: [Float], by kernels: KernelTable) -> [Float] {
            var out = [Float](repeating: .nan, count: length)
            kernels.functions.pointee.attend_finish(state, &out, length)
            return out
        }
    }

    /// Values as whole numbers of steps of their greatest magnitude / 127, which is a half.
    private static func asBytes(_ values: [Float]) -> [Double] {
        let scale = Double(Float16Bits.value(of: Float16Bits.bits(of: (values.map(abs).max() ?? 0) / 127)))
        return values.map { max(-127, min(127, (Double($0) / scale).rounded(.toNearestOrEven))) * scale }
    }

    @Test("Stored halves are the nearest ones, and out-of-range values the greatest finite half")
    func storesHalves() {
        let values: [Float] = [
            0, 1, -1, 65_504, 70_000, -1e30, 1e-7, 5.9e-8, 2e-8, 0.333333, 1 + 1 / 2_048, 1 + 3 / 2_048,
        ]
        let length = 24
        let row = values + [Float](repeating: 0, count: length - values.count)
        for kernels in KernelTable.available {
            let fixture = Fixture(length: length, positions: 1, format: .f16, table: kernels)
            fixture.store(0, row, row, by: kernels)
            let halves = fixture.bytes.bindMemory(to: UInt16.self)
            for d in 0..<length {
                let expected = Float16Bits.bits(of: max(-65_504, min(65_504, row[d])))
                #expect(halves[d * 32] == expected)
                #expect(halves[length * 32 + d] == expected)
            }
        }
    }

    @Test("Stored bytes keep 127 steps a block, and damaged values stay finite")
    func storesBytes() {
        let length = 40
        for kernels in KernelTable.available {
            let fixture = Fixture(length: length, positions: 1, format: .int8, table: kernels)
            // The second block of columns has its own scale: 2 beside 100 is as fine as 2 alone.
            var row = [Float](repeating: 0, count: length)
            (row[0], row[1], row[32], row[33]) = (100, -40, 2, -0.5)
            fixture.store(0, row, row, by: kernels)
            let bytes = fixture.bytes.bindMemory(to: Int8.self)
            func key(_ d: Int) -> Int8 { bytes[d / 2 * 64 + d % 2] }
            func value(_ d: Int) -> Int8 { bytes[length * 32 + 2 * d] }
            #expect([0, 1, 2, 32, 33].map(key) == [127, -51, 0, 127, -32])
            #expect([0, 1, 2, 32, 33].map(value) == [127, -51, 0, 3, -1])
            row[2] = .nan
            row[3] = .infinity
            fixture.store(0, row, row, by: kernels)
            #expect([2, 3].map(key) == [-127, 127])
        }
    }

    @Test("The result is softmax(q k / sqrt(d)) v over the positions a line sees", arguments: KVCacheFormat.allCases)
    func isRight(format: KVCacheFormat) {
        let limits = [1, 5, 31, 32, 33, 64, 65, 77]
        for (kernels, length) in KernelTable.available.flatMap({ kernels in [8, 12, 64, 80].map { (kernels, $0) } }) {
            let fixture = Fixture(length: length, positions: 77, format: format, table: kernels)
            // Bytes are checked against the numbers that they stand for, so that the bound is as narrow as for halves.
            let keys = (0..<77).flatMap { t in
                stride(from: 0, to: length, by: format == .int8 ? 32 : length).flatMap { block in
                    let part = Array(fixture.keys[t * length + block..<t * length + min(block + 32, length)])
                    return format == .int8
                        ? Self.asBytes(part) : fixture.keys[t * length..<(t + 1) * length].map(Double.init)
                }
            }
            let values = (0..<77).flatMap { t in
                let row = Array(fixture.values[t * length..<(t + 1) * length])
                return format == .int8 ? Self.asBytes(row) : row.map(Double.init)
            }
            let queries = randomFloats(limits.count * length, seed: 3, magnitude: 2)
            let states = fixture.states(queries, limits: limits, by: kernels, last: 77)
            for (line, limit) in limits.enumerated() {
                let query = queries[line * length..<(line + 1) * length].map(Double.init)
                let scores = (0..<limit).map { t in
                    (0..<length).reduce(0.0) { $0 + query[$1] * keys[t * length + $1] }
                        / Double(length).squareRoot()
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }
                let total = weights.reduce(0, +)
                let found = fixture.finish(states[line], by: kernels)
                for d in 0..<length {
                    let expected = (0..<limit).reduce(0.0) {
                        $0 + weights[$1] * values[$1 * length + d]
                    }
                    // Of halves, eleven bits of each product are right.
                    #expect(abs(Double(found[d]) - expected / total) < 4e-3)
                }
            }
        }
    }

    @Test(
        "Every table gives the scalar table's bits, for any number of lines and limits",
        arguments: KVCacheFormat.allCases)
    func tablesAgree(format: KVCacheFormat) {
        for kernels in KernelTable.others {
            for length in [8, 16, 40, 64, 72, 256, 12] {
                let fixture = Fixture(length: length, positions: 70, format: format, table: .scalar)
                for count in [1, 2, 3, 4, 5, 6, 7, 11, 50] {
                    let queries = randomFloats(count * length, seed: UInt64(count), magnitude: 3)
                    let limits = (0..<count).map { ($0 * 29 + 3) % 70 + 1 }
                    let expected = fixture.states(queries, limits: limits, by: .scalar, last: 70)
                    #expect(fixture.states(queries, limits: limits, by: kernels, last: 70) == expected)
                }
            }
        }
    }

    @Test("A line's state is the same bits alone and among others", arguments: KVCacheFormat.allCases)
    func independentOfCompany(format: KVCacheFormat) {
        let limits = [3, 64, 40, 70, 33, 1, 70, 69, 12]
        for kernels in KernelTable.available {
            let fixture = Fixture(length: 64, positions: 70, format: format, table: kernels)
            let queries = randomFloats(limits.count * 64, seed: 5)
            let together = fixture.states(queries, limits: limits, by: kernels, last: 70)
            for line in limits.indices {
                let alone = fixture.states(
                    Array(queries[line * 64..<line * 64 + 64]), limits: [limits[line]], by: kernels, last: 70)
                #expect(alone[0] == together[line])
            }
        }
    }

    @Test("Merging the states of two ranges gives the attention over both", arguments: KVCacheFormat.allCases)
    func merges(format: KVCacheFormat) {
        for kernels in KernelTable.available {
            let fixture = Fixture(length: 64, positions: 96, format: format, table: kernels)
            let query = randomFloats(64, seed: 8)
            let whole = fixture.finish(fixture.states(query, limits: [90], by: kernels, last: 96)[0], by: kernels)
            var first = fixture.states(query, limits: [90], by: kernels, last: 32)[0]
            let second = fixture.states(query, limits: [90], by: kernels, first: 32, last: 96)[0]
            kernels.functions.pointee.attend_merge(&first, second, 64)
            for (a, b) in zip(fixture.finish(first, by: kernels), whole) { #expect(abs(a - b) < 5e-5) }
        }
    }

    @Test(
        "A line that sees nothing of the range keeps its state, and nothing at all gives zero",
        arguments: KVCacheFormat.allCases)
    func seesNothing(format: KVCacheFormat) {
        for kernels in KernelTable.available {
            let fixture = Fixture(length: 16, positions: 64, format: format, table: kernels)
            let state = fixture.states(randomFloats(16, seed: 1), limits: [20], by: kernels, first: 32, last: 64)[0]
            #expect(state == [Float](repeating: 0, count: 16) + [-.infinity, 0])
            #expect(fixture.finish(state, by: kernels) == [Float](repeating: 0, count: 16))
        }
    }
}
