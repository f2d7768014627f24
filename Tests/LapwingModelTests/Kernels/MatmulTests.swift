import CLapwingKernels
import LapwingModel
import Testing

@Suite("Products of packed matrices")
struct MatmulTests {
    @Test("A packed matrix gives back every weight as its block type defines it", arguments: TestMatrix.types)
    func packingIsExact(type: TensorType) {
        for rows in [1, 7, 8, 9, 24] {
            let matrix = TestMatrix(type, rows: rows, columns: TestMatrix.columns(type, near: 96))
            var packed = matrix.packed
            var row = [Float](repeating: .nan, count: matrix.columns)
            for index in 0..<rows {
                lw_matrix_row(&packed, index, &row)
                #expect(row == Array(matrix.weights[index * matrix.columns..<(index + 1) * matrix.columns]))
            }
        }
    }

    @Test("A packed strip takes what eight rows of the file take, but for scales of six bits, which take a byte")
    func packingIsCompact() {
        // Sixteen numbers of six bits for 256 weights are twelve bytes of the file, eight are six.
        // MXFP4 becomes BF16.
        let added: [TensorType: Int] = [.q3_K: 4, .q4_K: 4, .q5_K: 4, .iq4_xs: 2, .mxfp4: 2 * 256 - 8 * 17]
        for type in TestMatrix.types {
            let layout = lw_layout(rawValue: UInt32(lw_layout_for_type(type.rawValue)))
            let file = 256 / type.blockElementCount * type.blockByteCount
            #expect(lw_strip_bytes(layout, 256) == 8 * (file + added[type, default: 0]), "\(type)")
        }
    }

    @Test("The scalar product is the sum over dequantised weights and activations", arguments: TestMatrix.types)
    func scalarIsRight(type: TensorType) {
        let matrix = TestMatrix(type, rows: 13, columns: TestMatrix.columns(type, near: 160))
        let input = TestInput(tokens: 3, columns: matrix.columns, table: .scalar)
        let found = input.times(matrix, by: .scalar, tokens: 0..<3, strips: 0..<matrix.stripCount)
        let isQuantised = matrix.packed.layout.rawValue >= LW_LAYOUT_Q4_0.rawValue
        for token in 0..<3 {
            for row in 0..<matrix.rows {
                var expected = 0.0
                var size = 0.0
                for column in 0..<matrix.columns {
                    let place = token * matrix.columns + column
                    let x = isQuantised ? input.dequantized(place) : Double(input.values[place])
                    let product = Double(matrix.weights[row * matrix.columns + column]) * x
                    expected += product
                    size += abs(product)
                }
                #expect(abs(Double(found[token * matrix.rows + row]) - expected) <= 1e-6 * size)
            }
        }
    }

    @Test("Every table gives the scalar table's bits, for all shapes and token counts", arguments: TestMatrix.types)
    func tablesAgree(type: TensorType) {
        for table in KernelTable.others {
            for (rows, near) in [(1, 1), (8, 32), (9, 64), (31, 96), (64, 576), (17, 256)] {
                let matrix = TestMatrix(type, rows: rows, columns: TestMatrix.columns(type, near: near))
                for tokens in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 33] {
                    let input = TestInput(tokens: tokens, columns: matrix.columns, table: .scalar)
                    let all = 0..<matrix.stripCount
                    let expected = input.times(matrix, by: .scalar, tokens: 0..<tokens, strips: all)
                    let found = input.times(matrix, by: table, tokens: 0..<tokens, strips: all)
                    #expect(found == expected, "\(table.name) \(type) \(rows)x\(matrix.columns), \(tokens) tokens")
                }
            }
        }
    }

    @Test(
        "Every table gives the scalar table's bits for one token more than stays in a cache",
        arguments: TestMatrix.types)
    func tablesAgreeOnLongInputs(type: TensorType) {
        let matrix = TestMatrix(type, rows: 16, columns: 8_192)
        for tokens in [16, 17, 33] {
            let input = TestInput(tokens: tokens, columns: matrix.columns, table: .scalar)
            let expected = input.times(matrix, by: .scalar, tokens: 0..<tokens, strips: 0..<2)
            for table in KernelTable.others {
                let found = input.times(matrix, by: table, tokens: 0..<tokens, strips: 0..<2)
                #expect(found == expected, "\(table.name) \(type), \(tokens) tokens")
            }
        }
    }

    @Test("A float product takes any number of columns", arguments: [TensorType.f32, .f16, .bf16])
    func oddColumns(type: TensorType) {
        for table in KernelTable.others {
            for columns in awkwardCounts where columns > 0 {
                let matrix = TestMatrix(type, rows: 11, columns: columns)
                let input = TestInput(tokens: 5, columns: columns, table: .scalar)
                let expected = input.times(matrix, by: .scalar, tokens: 0..<5, strips: 0..<2)
                #expect(input.times(matrix, by: table, tokens: 0..<5, strips: 0..<2) == expected)
            }
        }
    }

    @Test("A token's product is the same bits alone, among others, and with the strips in parts")
    func independentOfCompany() {
        for table in KernelTable.available {
            for type in TestMatrix.types {
                let matrix = TestMatrix(type, rows: 40, columns: TestMatrix.columns(type, near: 256))
                let input = TestInput(tokens: 9, columns: matrix.columns, table: .scalar)
                let together = input.times(matrix, by: table, tokens: 0..<9, strips: 0..<5)
                for token in 0..<9 {
                    let alone = input.times(matrix, by: table, tokens: token..<token + 1, strips: 0..<5)
                    #expect(alone == Array(together[token * 40..<token * 40 + 40]))
                }
                let left = input.times(matrix, by: table, tokens: 0..<9, strips: 0..<2)
                let right = input.times(matrix, by: table, tokens: 0..<9, strips: 2..<5)
                for index in together.indices {
                    #expect(together[index] == (index % 40 < 16 ? left : right)[index])
                }
            }
        }
    }

    @Test("Adding to the output adds the product once and leaves other rows alone")
    func adds() {
        for table in KernelTable.available {
            let matrix = TestMatrix(.q4_1, rows: 19, columns: 64)
            let input = TestInput(tokens: 2, columns: 64, table: .scalar)
            let plain = input.times(matrix, by: table, tokens: 0..<2, strips: 0..<3)
            let added = input.times(matrix, by: table, tokens: 0..<2, strips: 1..<3, add: true, fill: 5)
            for index in added.indices {
                #expect(added[index] == (index % 19 < 8 ? 5 : 5 + plain[index]))
            }
        }
    }

    @Test("The largest nibbles and bytes do not overflow the products' narrow sums")
    func extremes() {
        // Encoders never write the byte -128, and random blocks are never extreme all over: the greatest magnitudes that
        // a file may hold, with halves of 1.
        let one: [UInt8] = [0x00, 0x3C], none: [UInt8] = [0x00, 0x00]
        func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }
        let blocks: [(TensorType, [UInt8])] = [
            (.q8_0, one + bytes(0x80, 32)), (.iq4_nl, one + bytes(0x00, 16)),
            (.q2_K, bytes(0x0F, 16) + bytes(0xFF, 64) + one + none),
            (.q2_K, bytes(0xF0, 16) + bytes(0xFF, 64) + one + one),
            (.q3_K, bytes(0x00, 108) + one),
            (.q4_K, one + none + bytes(0xFF, 12) + bytes(0xFF, 128)),
            (.q5_K, one + none + bytes(0xFF, 12) + bytes(0xFF, 160)),
            (.q6_K, bytes(0x00, 192) + bytes(0x80, 16) + one),
            (.q6_K, bytes(0xFF, 192) + bytes(0x80, 16) + one),
            (.iq4_xs, one + bytes(0x00, 134)),
        ]
        let matrices =
            [(TensorType.q4_1, Float(15)), (.q4_0, -8), (.q5_1, 31), (.q5_0, -16), (.q8_0, -127)].map {
                TestMatrix($0, extreme: $1, rows: 8, columns: 256)
            }
            + blocks.map { type, block in
                let all = (0..<8 * 256 / type.blockElementCount).flatMap { _ in block }
                return TestMatrix(type, rows: 8, columns: 256, bytes: all)
            }
        for matrix in matrices {
            let expected = matrix.weights[..<256].reduce(0) { $0 + 127 * Double($1) }
            // AVX-512 has code of its own from two tokens on.
            for (table, tokens) in KernelTable.available.flatMap({ table in [1, 2, 8].map { (table, $0) } }) {
                let input = TestInput([Float](repeating: 127, count: 256 * tokens), tokens: tokens, table: table)
                let found = input.times(matrix, by: table, tokens: 0..<tokens, strips: 0..<1)
                #expect(found.allSatisfy { abs(Double($0) - expected) <= 1e-6 * abs(expected) }, "\(matrix.type)")
            }
        }
    }
}
