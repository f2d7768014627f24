import CLapwingKernels
import Foundation
import LapwingModel
import LapwingTestSupport
import Testing

@Suite("Kernels over vectors")
struct VectorKernelTests {
    @Test("e^x is within two units in the last place, from subnormal results to the greatest")
    func exponential() {
        var worst = 0.0
        var bits = Float(-87.3).bitPattern
        while bits > Float(-0.0).bitPattern {
            worst = max(worst, Self.error(Float(bitPattern: bits)))
            bits -= min(4_001, bits - Float(-0.0).bitPattern)
        }
        for bits in stride(from: Float(0).bitPattern, through: Float(88.3).bitPattern, by: 4_001) {
            worst = max(worst, Self.error(Float(bitPattern: bits)))
        }
        #expect(worst <= 2)
        #expect(lw_exp(-.infinity) == 0)
        #expect(lw_exp(-200) == 0)
        #expect(lw_exp(0) == 1)
        #expect(lw_exp(.infinity) == lw_exp(88.3))
        #expect(lw_exp(.nan) == 0)
    }

    private static func error(_ x: Float) -> Double {
        let exact = exp(Double(x))
        return abs(Double(lw_exp(x)) - exact) / Double(Float(exact).ulp)
    }

    @Test("The norm is x / rms(x) times its weight, in every table the same bits")
    func normalizes() {
        for count in awkwardCounts where count > 0 {
            let x = randomFloats(count, seed: 1), weight = randomFloats(count, seed: 2)
            let rms = (x.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count) + 1e-5).squareRoot()
            let outputs = KernelTable.available.map { table in
                var y = [Float](repeating: .nan, count: count)
                table.functions.pointee.rms_norm(x, weight, 1e-5, &y, count)
                return y
            }
            for index in 0..<count {
                let expected = Double(x[index]) / rms * Double(weight[index])
                #expect(abs(Double(outputs[0][index]) - expected) <= 1e-6 * abs(expected))
            }
            #expect(outputs.allSatisfy { $0 == outputs[0] })
        }
    }

    @Test("A layer norm takes the mean away, with a bias and without, in every table the same bits")
    func normalizesLayers() {
        for count in awkwardCounts where count > 1 {
            let x = randomFloats(count, seed: 1).map { $0 + 3 }
            let weight = randomFloats(count, seed: 2), bias = randomFloats(count, seed: 3)
            let mean = x.reduce(0.0) { $0 + Double($1) } / Double(count)
            let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
            let outputs = KernelTable.available.map { table in
                var plain = [Float](repeating: .nan, count: count), shifted = plain
                table.functions.pointee.layer_norm(x, weight, nil, 1e-5, &plain, count)
                table.functions.pointee.layer_norm(x, weight, bias, 1e-5, &shifted, count)
                return plain + shifted
            }
            for index in 0..<count {
                let expected = (Double(x[index]) - mean) / (variance + 1e-5).squareRoot() * Double(weight[index])
                #expect(abs(Double(outputs[0][index]) - expected) < 1e-5)
                #expect(abs(Double(outputs[0][count + index]) - expected - Double(bias[index])) < 1e-5)
            }
            #expect(outputs.allSatisfy { $0 == outputs[0] })
        }
    }

    @Test("Both forms of GELU are within 2e-7 of x times theirs, gated and not")
    func gelus() {
        let x = stride(from: Float(-12), through: 12, by: 0.01).map { $0 }
        let up = randomFloats(x.count, seed: 5)
        for table in KernelTable.available {
            var tanhForm = x, erfForm = x, gated = x
            table.functions.pointee.gelu(x, nil, &tanhForm, x.count)
            table.functions.pointee.gelu_erf(x, nil, &erfForm, x.count)
            table.functions.pointee.gelu(x, up, &gated, x.count)
            for (index, value) in x.map(Double.init).enumerated() {
                let inner = (2 / Double.pi).squareRoot() * (value + 0.044715 * value * value * value)
                let bound = 3e-7 * max(1, abs(value))
                #expect(abs(Double(tanhForm[index]) - 0.5 * value * (1 + tanh(inner))) < bound)
                #expect(abs(Double(erfForm[index]) - 0.5 * value * erfc(-value / 2.0.squareRoot())) < bound)
                #expect(gated[index] == tanhForm[index] * up[index])
            }
        }
    }

    @Test("Rotation of halves turns element i with element i + n / 2")
    func rotatesHalves() {
        for count in [2, 6, 16, 64, 80] {
            let x = randomFloats(count, seed: 4)
            let angles = (0..<count).map { Double($0 / 2) * 0.7 - 2 }
            let cosines = angles.map { Float(cos($0)) }, sines = angles.map { Float(sin($0)) }
            for table in KernelTable.available {
                var y = x
                table.functions.pointee.rope_halves(&y, cosines, sines, count)
                for pair in 0..<count / 2 {
                    let (first, second) = (Double(x[pair]), Double(x[count / 2 + pair])), angle = angles[2 * pair]
                    #expect(abs(Double(y[pair]) - (first * cos(angle) - second * sin(angle))) < 1e-5)
                    #expect(abs(Double(y[count / 2 + pair]) - (second * cos(angle) + first * sin(angle))) < 1e-5)
                }
            }
        }
    }

    @Test("Rotation turns each adjacent pair by its angle")
    func rotates() {
        for count in [2, 6, 8, 16, 22, 64] {
            let x = randomFloats(count, seed: 4)
            let angles = (0..<count).map { Double($0 / 2) * 0.7 - 2 }
            let cosines = angles.map { Float(cos($0)) }, sines = angles.map { Float(sin($0)) }
            let outputs = KernelTable.available.map { table in
                var y = x
                table.functions.pointee.rope(&y, cosines, sines, count)
                return y
            }
            for pair in stride(from: 0, to: count, by: 2) {
                let even = Double(x[pair]), odd = Double(x[pair + 1]), angle = angles[pair]
                #expect(abs(Double(outputs[0][pair]) - (even * cos(angle) - odd * sin(angle))) < 2e-6)
                #expect(abs(Double(outputs[0][pair + 1]) - (even * sin(angle) + odd * cos(angle))) < 2e-6)
            }
            #expect(outputs.allSatisfy { $0 == outputs[0] })
        }
    }

    @Test("The gated activation is gate * sigmoid(gate) * up, also far from zero")
    func activates() {
        for count in awkwardCounts {
            let gate = randomFloats(count, seed: 6, magnitude: 120), up = randomFloats(count, seed: 8)
            let outputs = KernelTable.available.map { table in
                var y = gate
                // In place: the output may be one of the inputs.
                y.withUnsafeMutableBufferPointer { y in
                    guard let base = y.baseAddress else { return }
                    table.functions.pointee.swiglu(base, up, base, count)
                }
                return y
            }
            for index in 0..<count {
                let g = Double(gate[index]), expected = g / (1 + exp(-g)) * Double(up[index])
                #expect(abs(Double(outputs[0][index]) - expected) <= 1e-6 * abs(expected) + 1e-30)
            }
            #expect(outputs.allSatisfy { $0 == outputs[0] })
        }
    }

    @Test("Scans over logits agree in every table, and with plain arithmetic")
    func scans() {
        for count in awkwardCounts + [1_000] {
            let x = randomFloats(count, seed: 9, magnitude: 20)
            let greatest = x.max() ?? -.infinity
            for table in KernelTable.available {
                let kernels = table.functions.pointee
                #expect(kernels.maximum(x, count) == greatest)
                let sum = kernels.sum_exp(x, count > 0 ? greatest : 0, count)
                let expected = x.reduce(0.0) { $0 + exp(Double($1) - Double(greatest)) }
                #expect(abs(Double(sum) - expected) <= 1e-6 * expected)
                #expect(sum == KernelTable.scalar.functions.pointee.sum_exp(x, count > 0 ? greatest : 0, count))

                var weights = x
                let total = weights.withUnsafeMutableBufferPointer { buffer -> Float in
                    guard let base = buffer.baseAddress else { return 0 }
                    return kernels.exp_scaled(base, 20, 0.5, base, count)
                }
                #expect(weights == x.map { lw_exp(($0 - 20) * 0.5) })
                #expect(abs(Double(total) - weights.reduce(0.0) { $0 + Double($1) }) <= 1e-6 * Double(total))

                var indices = [UInt32](repeating: 0, count: count + 1)
                let found = kernels.collect(x, count, 10, &indices, count)
                #expect(indices[..<found].map(Int.init) == x.indices.filter { x[$0] >= 10 })
                #expect(kernels.collect(x, count, -.infinity, &indices, min(3, count)) == min(3, count))
            }
        }
    }

    @Test("A scan passes over NaN")
    func scansPassOverNaN() {
        var x = randomFloats(70, seed: 2)
        for index in [0, 9, 40, 69] { x[index] = .nan }
        let greatest = x.filter { !$0.isNaN }.max()
        for table in KernelTable.available {
            #expect(table.functions.pointee.maximum(x, 70) == greatest)
        }
    }
}
