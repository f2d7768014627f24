/// Where candidates are cut so that the most probable ones stay: all with a logit above `logit`, and the first `ties` that have it.
struct MassCut: Equatable {
    var logit: Float
    var ties: Int

    /// Keeps all.
    static let none = MassCut(logit: -.infinity, ties: .max)

    /// Cuts where the measures of the kept ones, largest logits first, reach `target`; the candidates' order is left changed.
    ///
    /// Quickselect by measure: expected linear time, nothing is sorted. Candidates of equal logits must measure the same.
    @inline(__always)
    static func reaching(
        _ target: Double, in candidates: UnsafeMutableBufferPointer<Candidate>, measure: (Candidate) -> Double
    ) -> MassCut {
        precondition(!candidates.isEmpty, "there is nothing to cut")
        var (low, high) = (0, candidates.count)
        var missing = target
        while true {
            let pivot = candidates[low + (high - low) / 2]
            let (equal, less) = partition(candidates, low, high, by: pivot.logit)
            var above = 0.0
            for index in low..<equal { above += measure(candidates[index]) }
            if above >= missing && equal > low {
                high = equal
                continue
            }
            let each = measure(pivot)
            let count = less - equal
            if above + each * Double(count) >= missing || less == high {
                // A measure may be 0 far from the maximum, and rounding may ask for more than there is.
                let wanted = each > 0 ? ((missing - above) / each).rounded(.up) : Double(count)
                return MassCut(logit: pivot.logit, ties: Int(min(max(wanted, 1), Double(count))))
            }
            missing -= above + each * Double(count)
            low = less
        }
    }

    /// Puts larger ones first, equal ones next, lesser ones last; gives where the latter two begin.
    private static func partition(
        _ candidates: UnsafeMutableBufferPointer<Candidate>, _ low: Int, _ high: Int, by pivot: Float
    ) -> (equal: Int, less: Int) {
        var (equal, index, less) = (low, low, high)
        while index < less {
            if candidates[index].logit > pivot {
                candidates.swapAt(equal, index)
                equal += 1
                index += 1
            } else if candidates[index].logit < pivot {
                less -= 1
                candidates.swapAt(index, less)
            } else {
                index += 1
            }
        }
        return (equal, less)
    }
}
