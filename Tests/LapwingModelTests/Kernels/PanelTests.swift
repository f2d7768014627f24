import CLapwingKernels
import Foundation
import LapwingModel
import LapwingStatistics
import LapwingTestSupport
import Testing

@Suite("Panels")
struct PanelTests {
    /// A product of random numbers by one table: rows by the matrix's rows.
    private struct Product {
        let rows: Int
        let columns: Int
        let count: Int
        let weights: [Float]
        let inputs: [Float]
        let bias: [Float]

        init(rows: Int, columns: Int, count: Int) {
            (self.rows, self.columns, self.count) = (rows, columns, count)
            var random = SplitMix64(seed: UInt64(rows * 31 + columns * 7 + count))
            func floats(_ count: Int) -> [Float] { (0..<count).map { _ in random.symmetric() } }
            (weights, inputs, bias) = (floats(rows * columns), floats(count * columns), floats(rows))
        }

        func result(bytes: Bool, by kernels: KernelTable) -> [Float] {
            let panelCount = (rows + Int(LW_PANEL_ROWS) - 1) / Int(LW_PANEL_ROWS)
            let stride = (columns + 3) / 4 * 4
            var packed = [UInt64](repeating: 0, count: lw_panel_bytes(bytes, rows, columns) / 8 + 1)
            var scales = [Float](repeating: 0, count: panelCount * Int(LW_PANEL_ROWS))
            var quants = [Int8](repeating: 0, count: count * stride)
            var inputScales = [Float](repeating: 0, count: count), sums = [Int32](repeating: 0, count: count)
            var out = [Float](repeating: 0, count: count * rows)
            packed.withUnsafeMutableBytes { memory in
                if bytes {
                    let target = memory.assumingMemoryBound(to: Int8.self).baseAddress
                    _ = target.map { lw_pack_byte_panels(weights, columns, rows, columns, $0, &scales, 0, panelCount) }
                } else {
                    let target = memory.assumingMemoryBound(to: Float.self).baseAddress
                    _ = target.map { lw_pack_panels(weights, columns, rows, columns, $0, 0, panelCount) }
                }
            }
            for row in 0..<count {
                let values = Array(inputs[row * columns..<(row + 1) * columns])
                var own = [Int8](repeating: 0, count: stride)
                kernels.functions.pointee.encode(values, columns, &own, &inputScales[row], &sums[row])
                quants.replaceSubrange(row * stride..<(row + 1) * stride, with: own)
            }
            packed.withUnsafeBytes { memory in
                scales.withUnsafeBufferPointer { scales in
                    inputs.withUnsafeBufferPointer { inputs in
                        quants.withUnsafeBufferPointer { quants in
                            inputScales.withUnsafeBufferPointer { inputScales in
                                sums.withUnsafeBufferPointer { sums in
                                    out.withUnsafeMutableBufferPointer { out in
                                        guard let memory = memory.baseAddress, let inputs = inputs.baseAddress,
                                            let quants = quants.baseAddress, let sums = sums.baseAddress,
                                            let inputScales = inputScales.baseAddress, let out = out.baseAddress
                                        else { return }
                                        var matrix = lw_panels(
                                            values: memory, scales: bytes ? scales.baseAddress : nil, rows: rows,
                                            columns: columns)
                                        var input = lw_rows(
                                            values: inputs, stride: columns, bytes: quants, byte_stride: stride,
                                            scales: inputScales, sums: sums)
                                        var output = lw_output(values: out, stride: rows, add: false)
                                        kernels.functions.pointee.gemm(
                                            &matrix, &input, count, bias, &output, 0, panelCount)
                                    }
                                }
                            }
                        }
                    }
                }
            }
            return out
        }

        /// In doubles.
        var expected: [Double] {
            (0..<count * rows).map { place in
                let (input, row) = (place / rows, place % rows)
                return (0..<columns).reduce(Double(bias[row])) {
                    $0 + Double(weights[row * columns + $1]) * Double(inputs[input * columns + $1])
                }
            }
        }
    }

    private static let shapes = [(1, 1, 1), (16, 8, 8), (48, 32, 17), (26, 33, 7), (83, 70, 13), (112, 384, 9)]

    @Test("A product is that of its matrix, and all kernels give the same bits", arguments: [false, true])
    func product(bytes: Bool) {
        for (rows, columns, count) in Self.shapes {
            let product = Product(rows: rows, columns: columns, count: count)
            let found = KernelTable.available.map { product.result(bytes: bytes, by: $0) }
            // Both factors of a byte product are off by up to half a step of 1 / 127.
            let bound = bytes ? 0.02 * Double(columns).squareRoot() : 1e-4
            #expect(zip(found[0], product.expected).allSatisfy { abs(Double($0) - $1) < bound })
            for other in found.dropFirst() { #expect(other == found[0], "\(rows) x \(columns), \(count)") }
        }
    }

    @Test("A softmax adds up to one and has the ratios of the exponentials", arguments: [1, 5, 16, 31, 64, 200])
    func softmax(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        let scores = (0..<count).map { _ in random.symmetric() * 20 }
        let exponentials = scores.map { exp(Double($0) * 0.25) }, total = exponentials.reduce(0, +)
        for kernels in KernelTable.available {
            var found = scores + [Float](repeating: .nan, count: 16)
            kernels.functions.pointee.softmax(&found, count, 0.25)
            #expect(zip(found, exponentials).allSatisfy { abs(Double($0) - $1 / total) < 1e-6 })
        }
    }

    @Test("A row that is not finite is encoded as one that poisons its products")
    func notFinite() {
        for kernels in KernelTable.available {
            for value in [Float.infinity, .nan] {
                var bytes = [Int8](repeating: 9, count: 8), scale: Float = 0, sum: Int32 = 9
                kernels.functions.pointee.encode([1, value, 3, 4, 5], 5, &bytes, &scale, &sum)
                #expect(scale.isNaN && sum == 0 && bytes == [0, 0, 0, 0, 0, 0, 0, 0])
            }
        }
    }
}
