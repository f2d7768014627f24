/// Divides a step's time among its sequences.
enum StepMeter {
    /// Shares of `nanoseconds` in proportion to the tokens computed; they sum up to it exactly.
    static func shares(of nanoseconds: UInt64, tokenCounts: [Int]) -> [Int64] {
        let total = UInt64(tokenCounts.reduce(0, +))
        guard total > 0 else { return tokenCounts.map { _ in 0 } }
        var (counted, given) = (0 as UInt64, 0 as UInt64)
        return tokenCounts.map { count in
            counted += UInt64(count)
            let (high, low) = nanoseconds.multipliedFullWidth(by: counted)
            let due = total.dividingFullWidth((high, low)).quotient
            defer { given = due }
            return Int64(due - given)
        }
    }
}
