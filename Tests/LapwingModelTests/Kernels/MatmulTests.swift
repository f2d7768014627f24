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
            for type in [TensorType.q4_0, .q4_1, .q8_0, .q6_K, .f32, .f16] {
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
        // Encoders never write the byte -128, but a file may hold it: a scale of 1, and 32 of them.
        let lowest = [UInt8](repeating: 0, count: 16).flatMap { _ in [0x00, 0x3C] + [UInt8](repeating: 0x80, count: 32)
        }
        let matrices =
            [(TensorType.q4_1, Float(15)), (.q4_0, -8), (.q5_1, 31), (.q5_0, -16), (.q8_0, -127)].map {
                TestMatrix($0, extreme: $1, rows: 8, columns: 64)
            } + [TestMatrix(.q8_0, rows: 8, columns: 64, bytes: lowest)]
        for matrix in matrices {
            let expected = matrix.weights[..<64].reduce(0) { $0 + 127 * Double($1) }
            // AVX-512 has code of its own from two tokens on.
            for (table, tokens) in KernelTable.available.flatMap({ table in [1, 2, 8].map { (table, $0) } }) {
                let input = TestInput([Float](repeating: 127, count: 64 * tokens), tokens: tokens, table: table)
                let found = input.times(matrix, by: table, tokens: 0..<tokens, strips: 0..<1)
                #expect(found.allSatisfy { abs(Double($0) - expected) <= 1e-6 * abs(expected) }, "\(matrix.type)")
            }
        }
    }
}
