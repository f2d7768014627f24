import Foundation

/// Evidence that a mean lies above a bound, which may be looked at after every observation.
///
/// It is the wealth of a bettor who starts with 1 and bets on each observation x that it exceeds `bound`: a bet λ turns
/// wealth w to w (1 + λ (x - bound)). Where the mean is no higher than the bound no bet gains on average, so the wealth
/// ever reaches 1/α with probability α at most (Ville, 1939), however often one looks and whenever one stops. Several
/// bets are held side by side, and the wealth is their mean: one of them suits whatever the true mean is (Waudby-Smith and
/// Ramdas, "Estimating means of bounded random variables by betting", 2024).
package struct EProcess: Hashable, Sendable, Codable {
    /// The mean that is tested: the hypothesis is that the true one is no higher, given all that came before.
    package let bound: Double
    package let range: ClosedRange<Double>
    package private(set) var count = 0
    /// log of each bet's wealth, in the order of `stakes`.
    private var wealth: [Double]
    /// log of the greatest wealth so far.
    private var peak = 0.0

    /// The part of its wealth that a bet would lose on the least observation.
    static let stakes = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

    /// Of observations that all lie in `range`, above whose lower end `bound` lies.
    package init(meanAtMost bound: Double, in range: ClosedRange<Double> = 0...1) {
        precondition(bound > range.lowerBound && bound < range.upperBound, "a bound within the range")
        self.bound = bound
        self.range = range
        wealth = Array(repeating: 0, count: Self.stakes.count)
    }

    /// Evidence that the first of two models that answer the same requests is right more often than the second: among the
    /// requests on which only one was right, it would otherwise be the first at most half of the time.
    package static var firstIsBetter: EProcess { EProcess(meanAtMost: 0.5) }

    /// Evidence that the candidate is less than `margin` worse than the current model on the same requests.
    package static func notWorse(by margin: Double) -> EProcess { EProcess(meanAtMost: -margin, in: -1...1) }

    package mutating func observe(_ x: Double) {
        precondition(range.contains(x), "an observation lies in the range that was given")
        count += 1
        let unit = (x - bound) / (bound - range.lowerBound)
        for (index, stake) in Self.stakes.enumerated() { wealth[index] += log1p(stake * unit) }
        peak = max(peak, logValue)
    }

    /// A request that both models answered. To `firstIsBetter` one on which they agree says nothing.
    package mutating func observe(first: Bool, second: Bool) {
        if range.lowerBound < 0 {
            observe((second ? 1.0 : 0) - (first ? 1.0 : 0))
        } else if first != second {
            observe(first ? 1 : 0)
        }
    }

    /// The wealth now.
    package var value: Double { exp(logValue) }

    /// Whether the wealth ever reached 1 / `alpha`: that the mean is no higher than the bound is then given up.
    package func rejects(at alpha: Double) -> Bool { peak >= -log(alpha) }

    private var logValue: Double { logMean(wealth) }
}

/// log of the mean of exp(values).
func logMean(_ values: [Double]) -> Double {
    guard let greatest = values.max(), greatest > -.infinity else { return -.infinity }
    return greatest + log(values.reduce(0) { $0 + exp($1 - greatest) } / Double(values.count))
}
