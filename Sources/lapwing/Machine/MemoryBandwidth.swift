import Foundation
import LapwingModel

/// How fast this machine reads memory, which bounds how fast a model can write: each token reads every weight once.
enum MemoryBandwidth {
    /// Bytes a second over all threads: the best of `rounds` passes over `byteCount` bytes, which are to be more than the
    /// caches hold.
    static func measure(workers: Workers, byteCount: Int = 256 << 20, rounds: Int = 5) -> Double {
        let bytes = [UInt8](repeating: 1, count: byteCount)
        var best = 0.0
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            bytes.withUnsafeBytes { bytes in
                workers.forEachRange(byteCount, grain: workers.grain(byteCount)) { range in
                    guard let base = bytes.baseAddress else { return }
                    // The C library looks for a byte about as fast as memory gives them, in debug builds too.
                    let found = memchr(base.advanced(by: range.lowerBound), 0, range.count)
                    precondition(found == nil, "no byte of the array is zero")
                }
            }
            best = max(best, Double(byteCount) / (start.duration(to: .now) / .seconds(1)))
        }
        return best
    }
}
