import CLapwingKernels
import LapwingModel
import LapwingStatistics
import LapwingTestSupport

/// A random matrix in a file's own block type, packed for the kernels, in memory of exactly the size it needs.
final class TestMatrix {
    let type: TensorType
    let rows: Int
    let columns: Int
    /// What the file's block type says each weight is, [row][column].
    let weights: [Float]
    let packed: lw_matrix
    private let strips: UnsafeMutableRawBufferPointer

    static let types = TensorType.readable

    convenience init(_ type: TensorType, rows: Int, columns: Int, seed: UInt64 = 7) {
        var random = SplitMix64(seed: seed)
        let bytes =
            type.blockElementCount > 32
            ? Quantize.randomBlocks(type, elementCount: rows * columns, magnitude: 1, using: &random)
            : Quantize.encode((0..<rows * columns).map { _ in random.symmetric() }, as: type)
        self.init(type, rows: rows, columns: columns, bytes: bytes)
    }

    /// Every weight has the greatest quant of its sign, with a scale that makes the block span from 0 to `extreme`.
    convenience init(_ type: TensorType, extreme: Float, rows: Int, columns: Int) {
        // One weight of each block is zero, because a block of equal weights would have a scale of zero.
        let values = (0..<rows * columns).map { $0 % 32 == 5 ? 0 : extreme }
        self.init(type, rows: rows, columns: columns, bytes: Quantize.encode(values, as: type))
    }

    init(_ type: TensorType, rows: Int, columns: Int, bytes: [UInt8]) {
        (self.type, self.rows, self.columns) = (type, rows, columns)
        let layout = lw_layout(rawValue: UInt32(lw_layout_for_type(type.rawValue)))
        let stripCount = (rows + 7) / 8
        strips = .allocate(byteCount: stripCount * lw_strip_bytes(layout, columns), alignment: 64)
        // Whatever packing does not write must not reach a result.
        strips.initializeMemory(as: UInt8.self, repeating: 0xff)
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        defer { source.deallocate() }
        source.copyBytes(from: bytes)
        weights = type.dequantize(UnsafeRawBufferPointer(source))
        guard let target = strips.baseAddress, let start = source.baseAddress else {
            preconditionFailure("a test matrix has weights")
        }
        lw_pack(type.rawValue, start, bytes.count / rows, rows, columns, target, 0, stripCount)
        packed = lw_matrix(strips: target, rows: rows, columns: columns, layout: layout)
    }

    deinit { strips.deallocate() }

    var stripCount: Int { (rows + 7) / 8 }

    /// Column counts that a row of the type can have, near `count`.
    static func columns(_ type: TensorType, near count: Int) -> Int {
        let block = type.blockElementCount
        return max(1, (count + block - 1) / block) * block
    }
}

/// Input rows in both forms.
struct TestInput {
    let values: [Float]
    let blocks: [lw_q8_block]
    let remainders: [lw_q8_block]
    let marks: [UInt64]
    let tokens: Int
    let columns: Int

    /// Rows with an outlier here and there, so that some blocks have fine quants and some have not.
    init(tokens: Int, columns: Int, seed: UInt64 = 11, table: KernelTable) {
        var values = randomFloats(tokens * columns, seed: seed, magnitude: 3)
        for index in stride(from: 37, to: values.count, by: 151) { values[index] *= 30 }
        self.init(values, tokens: tokens, table: table)
    }

    init(_ values: [Float], tokens: Int, table: KernelTable) {
        columns = values.count / tokens
        // One block even where there are none, so that there is an address to pass.
        var blocks = [lw_q8_block](repeating: lw_q8_block(), count: max(values.count / 32, 1))
        // What no mark points to is garbage, as it is in memory that other rows used before.
        var remainders = blocks
        for index in remainders.indices { remainders[index].quants.0 = 99 }
        let count = columns / 32, words = (count + 63) / 64
        var marks = [UInt64](repeating: .max, count: max(words * tokens, 1))
        for token in 0..<tokens where columns % 32 == 0 {
            let row = Array(values[token * columns..<(token + 1) * columns])
            var some = Array(blocks[token * count..<(token + 1) * count])
            var rest = Array(remainders[token * count..<(token + 1) * count])
            var marked = Array(marks[token * words..<(token + 1) * words])
            table.functions.pointee.quantize(row, &some, &rest, &marked, count)
            blocks.replaceSubrange(token * count..<(token + 1) * count, with: some)
            remainders.replaceSubrange(token * count..<(token + 1) * count, with: rest)
            marks.replaceSubrange(token * words..<(token + 1) * words, with: marked)
        }
        (self.values, self.blocks, self.tokens) = (values, blocks, tokens)
        (self.remainders, self.marks) = (remainders, marks)
    }

    /// Whether the block has a remainder.
    func isMarked(_ block: Int) -> Bool {
        let count = columns / 32, words = (count + 63) / 64
        return marks[block / count * words + block % count / 64] >> UInt64(block % count % 64) & 1 == 1
    }

    /// The activation at `index` as the quantised form holds it.
    func dequantized(_ index: Int) -> Double {
        func value(_ block: lw_q8_block) -> Double {
            withUnsafeBytes(of: block.quants) {
                Double(block.scale) * Double($0.load(fromByteOffset: index % 32, as: Int8.self))
            }
        }
        return value(blocks[index / 32]) + (isMarked(index / 32) ? value(remainders[index / 32]) : 0)
    }

    /// y [token][row] for a range of tokens; `fill` is what the output holds before.
    func times(
        _ matrix: TestMatrix, by table: KernelTable, tokens: Range<Int>, strips: Range<Int>, add: Bool = false,
        fill: Float = 0
    ) -> [Float] {
        var out = [Float](repeating: fill, count: tokens.count * matrix.rows)
        values.withUnsafeBufferPointer { values in
            blocks.withUnsafeBufferPointer { blocks in
                remainders.withUnsafeBufferPointer { remainders in
                    marks.withUnsafeBufferPointer { marks in
                        out.withUnsafeMutableBufferPointer { out in
                            guard let target = out.baseAddress, let values = values.baseAddress,
                                let blocks = blocks.baseAddress, let remainders = remainders.baseAddress,
                                let marks = marks.baseAddress
                            else { return }
                            let count = columns / 32, words = (count + 63) / 64
                            var packed = matrix.packed
                            var input = lw_input(
                                values: values + tokens.lowerBound * columns, value_stride: columns,
                                blocks: blocks + tokens.lowerBound * count,
                                remainders: remainders + tokens.lowerBound * count, block_stride: count,
                                marks: marks + tokens.lowerBound * words, mark_stride: words)
                            var output = lw_output(values: target, stride: matrix.rows, add: add)
                            table.functions.pointee.matmul(
                                &packed, &input, tokens.count, &output, strips.lowerBound, strips.upperBound)
                        }
                    }
                }
            }
        }
        return out
    }
}

extension KernelTable {
    /// The tables that are compared with the scalar one; a processor on which there is none proves nothing.
    static var others: [KernelTable] {
        precondition(available.count > 1, "this processor runs no table but the scalar one: nothing would be compared")
        return Array(available.dropFirst())
    }
    static var scalar: KernelTable { available[0] }
}

/// Random floats of seeded, mixed size.
func randomFloats(_ count: Int, seed: UInt64, magnitude: Float = 4) -> [Float] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in random.symmetric() * magnitude }
}

/// Sizes at which loops over vectors, blocks and tails change their path.
let awkwardCounts = [0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 255, 256, 257, 576]
