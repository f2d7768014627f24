import CLapwingKernels
import Foundation

/// What samplers and scorers need of a row of logits, without sorting the vocabulary.
package enum LogitMath {
    /// All tables give the same bits, so which one is taken here matters to speed alone.
    private static var kernels: lw_kernels { KernelTable.chosen.functions.pointee }

    /// The greatest value; -infinity for no logits. NaN is passed over.
    package static func maximum(_ row: UnsafeBufferPointer<Float>) -> Float {
        row.baseAddress.map { kernels.maximum($0, row.count) } ?? -.infinity
    }

    /// log(sum(exp(x))): a token's log-probability is its logit less this. -infinity for no logits.
    package static func logSumExp(_ row: UnsafeBufferPointer<Float>) -> Double {
        let greatest = maximum(row)
        guard greatest.isFinite, let base = row.baseAddress else { return Double(greatest) }
        return Double(greatest) + log(Double(kernels.sum_exp(base, greatest, row.count)))
    }

    /// The index of the greatest value, the lowest one of several equal; 0 where no value is a number.
    package static func argmax(_ row: UnsafeBufferPointer<Float>) -> Int {
        guard let base = row.baseAddress else { return 0 }
        var index: UInt32 = 0
        _ = kernels.collect(base, row.count, maximum(row), &index, 1)
        return Int(index)
    }

    /// Writes the indices of all values from `threshold` on, ascending, and returns how many there are.
    package static func indices(
        of row: UnsafeBufferPointer<Float>, from threshold: Float, into out: UnsafeMutableBufferPointer<UInt32>
    ) -> Int {
        precondition(out.count >= row.count, "every index may be among them")
        guard let base = row.baseAddress, let target = out.baseAddress else { return 0 }
        return kernels.collect(base, row.count, threshold, target, row.count)
    }

    /// Writes exp((x - maximum) * scale) for every x and returns the sum: softmax before the division.
    package static func weights(
        of row: UnsafeBufferPointer<Float>, maximum: Float, scale: Float, into out: UnsafeMutableBufferPointer<Float>
    ) -> Double {
        precondition(out.count >= row.count, "every logit has a weight")
        guard let base = row.baseAddress, let target = out.baseAddress else { return 0 }
        return Double(kernels.exp_scaled(base, maximum, scale, target, row.count))
    }

    /// The indices of the `count` greatest logits, greatest first, the lower index first among equals.
    ///
    /// One scan with a rising threshold: only values that can still be among the greatest are looked at one by one.
    package static func top(_ count: Int, _ row: UnsafeBufferPointer<Float>) -> [Int] {
        guard count > 0, let base = row.baseAddress else { return [] }
        let kernels = kernels
        let longestScan = 8_192
        var found = [UInt32](repeating: 0, count: longestScan)
        var candidates: [Int] = []
        var threshold = -Float.infinity
        var start = 0
        var length = min(max(2 * count, 64), longestScan)
        while start < row.count {
            let scanned = min(length, row.count - start)
            let hits = kernels.collect(base + start, scanned, threshold, &found, longestScan)
            candidates += found[..<hits].lazy.map { start + Int($0) }
            if candidates.count >= 2 * count {
                keepGreatest(count, of: &candidates, row)
                threshold = row[candidates[count - 1]]
            }
            start += scanned
            length = min(2 * length, longestScan)
        }
        keepGreatest(count, of: &candidates, row)
        return candidates
    }

    private static func keepGreatest(_ count: Int, of candidates: inout [Int], _ row: UnsafeBufferPointer<Float>) {
        candidates.sort { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }
        if candidates.count > count { candidates.removeLast(candidates.count - count) }
    }
}
