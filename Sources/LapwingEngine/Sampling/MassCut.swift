import Foundation

/// Where a list of logits is cut so that the most probable ones stay: all above `value`, and the first `ties` that equal it.
struct MassCut: Equatable {
    var value: Float
    var ties: Int

    /// Cuts where the weights of the kept ones, largest logits first, reach `target`; the logits' order is left changed.
    ///
    /// Quickselect by weight: expected linear time, nothing is sorted. `weight` must depend on the logit alone.
    static func reaching(_ target: Double, in logits: inout [Float], weight: (Float) -> Double) -> MassCut {
        precondition(!logits.isEmpty, "there is nothing to cut")
        var (low, high) = (0, logits.count)
        var missing = target
        while true {
            let pivot = logits[low + (high - low) / 2]
            let (equal, less) = partition(&logits, low, high, by: pivot)
            let above = logits[low..<equal].reduce(0) { $0 + weight($1) }
            if above >= missing && equal > low {
                high = equal
                continue
            }
            let each = weight(pivot)
            let count = less - equal
            if above + each * Double(count) >= missing || less == high {
                // `each` may be 0 far from the maximum, and rounding may ask for more than there is.
                let wanted = each > 0 ? ((missing - above) / each).rounded(.up) : Double(count)
                return MassCut(value: pivot, ties: Int(min(max(wanted, 1), Double(count))))
            }
            missing -= above + each * Double(count)
            low = less
        }
    }

    /// Puts larger ones first, equal ones next, lesser ones last; gives where the latter two begin.
    private static func partition(
        _ logits: inout [Float], _ low: Int, _ high: Int, by pivot: Float
    ) -> (equal: Int, less: Int) {
        var (equal, index, less) = (low, low, high)
        while index < less {
            if logits[index] > pivot {
                logits.swapAt(equal, index)
                equal += 1
                index += 1
            } else if logits[index] < pivot {
                less -= 1
                logits.swapAt(index, less)
            } else {
                index += 1
            }
        }
        return (equal, less)
    }
}
