/// The sum of products; its order is fixed.
func dot(_ a: [Double], _ b: [Double]) -> Double {
    // Four sums, so that an addition need not wait for the last one.
    var sums = SIMD4<Double>.zero
    var rest = 0.0
    let whole = a.count & ~3
    a.withUnsafeBytes { a in
        b.withUnsafeBytes { b in
            for i in stride(from: 0, to: whole * 8, by: 32) {
                let first = a.loadUnaligned(fromByteOffset: i, as: SIMD4<Double>.self)
                let second = b.loadUnaligned(fromByteOffset: i, as: SIMD4<Double>.self)
                sums += first * second
            }
        }
    }
    for i in whole..<a.count { rest += a[i] * b[i] }
    return sums.sum() + rest
}

/// Adds `factor` times `a` to `sum`.
func add(_ a: [Double], times factor: Double, to sum: inout [Double]) {
    a.withUnsafeBufferPointer { a in
        sum.withUnsafeMutableBufferPointer { sum in
            for i in 0..<sum.count { sum[i] += factor * a[i] }
        }
    }
}
