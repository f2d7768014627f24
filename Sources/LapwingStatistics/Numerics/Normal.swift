import Foundation

/// The standard normal distribution.
package enum Normal {
    /// P(Z ≤ x).
    package static func cumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

    /// The x with P(Z ≤ x) = p; infinite at 0 and 1.
    ///
    /// Starts from Abramowitz and Stegun 26.2.23, whose error is under 4.5e-4, and takes Halley's steps, each of which
    /// leaves about the cube of the error.
    package static func quantile(_ p: Double) -> Double {
        guard p != 0.5 else { return 0 }
        guard p < 0.5 else { return -quantile(1 - p) }
        guard p > 0 else { return -.infinity }
        let t = (-2 * log(p)).squareRoot()
        let above = 2.515517 + t * (0.802853 + t * 0.010328)
        let below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
        var x = above / below - t
        for _ in 0..<3 {
            let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            guard density > 0 else { return x }
            let u = (cumulative(x) - p) / density
            x -= u / (1 + x * u / 2)
        }
        return x
    }
}
