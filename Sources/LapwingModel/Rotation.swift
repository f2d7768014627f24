import Foundation

/// How a layer turns queries and keys with their positions.
package struct Rotation: Sendable, Equatable {
    package var base: Float
    package var scaling = RopeScaling.none
    /// Queries and keys are multiplied by this as well.
    package var magnitude: Float = 1
    /// Positions that the model was trained for before its context was stretched.
    package var originalLength = 0

    package init(base: Float, scaling: RopeScaling = .none, originalLength: Int = 0) {
        self.base = base
        self.scaling = scaling
        self.originalLength = originalLength
    }
}

package enum RopeScaling: Sendable, Equatable {
    case none
    /// Positions are divided by this.
    case linear(Float)
    /// Slow pairs are divided by the factor, fast ones are not: https://arxiv.org/abs/2309.00071, section 3.
    case yarn(factor: Float)
}

/// Radians a position of each rotated pair, and the factor of their sines and cosines.
struct RotaryTable: Sendable {
    let frequencies: [Double]
    let magnitude: Float

    /// base^(-2i / dimensions), scaled. `divisors` are of each pair's frequency; empty for none.
    init(_ rotation: Rotation, dimensionCount: Int, divisors: [Float]) {
        let base = Double(rotation.base), dimensions = Double(dimensionCount)
        let plain = (0..<dimensionCount / 2).map { pair in
            pow(base, -2 * Double(pair) / dimensions) / (divisors.isEmpty ? 1 : Double(divisors[pair]))
        }
        switch rotation.scaling {
        case .none:
            (frequencies, magnitude) = (plain, rotation.magnitude)
        case .linear(let factor):
            (frequencies, magnitude) = (plain.map { $0 / Double(factor) }, rotation.magnitude)
        case .yarn(let factor):
            // The pair that turns so many times over the original length; the paper's bounds are 32 and 1.
            func pair(turns: Double) -> Double {
                dimensions * log(Double(rotation.originalLength) / (turns * 2 * .pi)) / (2 * log(base))
            }
            let low = max(pair(turns: 32).rounded(.down), 0)
            let high = min(pair(turns: 1).rounded(.up), dimensions - 1)
            frequencies = plain.enumerated().map { pair, frequency in
                let share = min(max((Double(pair) - low) / max(high - low, 0.001), 0), 1)
                return frequency * (1 - share) + frequency / Double(factor) * share
            }
            magnitude = rotation.magnitude * (factor > 1 ? 0.1 * Float(log(Double(factor))) + 1 : 1)
        }
    }
}
