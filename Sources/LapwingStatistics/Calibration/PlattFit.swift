import Foundation

/// 1 / (1 + exp(-(slope · score + intercept))), fitted to right and wrong answers by their likelihood.
package struct PlattFit: Hashable, Sendable, Codable {
    package let slope: Double
    package let intercept: Double

    /// With `smoothsTargets` an answer counts as right or wrong to the degree that Platt's prior allows, (n + 1) / (n + 2)
    /// and 1 / (n + 2) over the n of its kind, which also keeps the fit finite where the scores part the two (Platt, 1999).
    ///
    /// Newton's method with halved steps, as Lin, Lin and Weng, "A note on Platt's probabilistic outputs", 2007.
    package init(scores: [Double], isRight: [Bool], weights: [Double]? = nil, smoothsTargets: Bool = true) {
        precondition(scores.count == isRight.count && !scores.isEmpty, "every score has an outcome")
        precondition(weights.map { $0.count == scores.count } ?? true, "every score has a weight")
        let weights = weights ?? Array(repeating: 1, count: scores.count)
        let right = zip(isRight, weights).reduce(0) { $0 + ($1.0 ? $1.1 : 0) }
        let wrong = weights.reduce(0, +) - right
        let (high, low) = smoothsTargets ? ((right + 1) / (right + 2), 1 / (wrong + 2)) : (1, 0)
        let targets = isRight.map { $0 ? high : low }

        // On standardised scores both steps have the same scale, and far scores do no harm.
        let total = weights.reduce(0, +)
        let mean = zip(scores, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
        let variance = zip(scores, weights).reduce(0) { $0 + $1.1 * ($1.0 - mean) * ($1.0 - mean) } / total
        let scale = variance > 0 ? variance.squareRoot() : 1
        let standard = scores.map { ($0 - mean) / scale }
        let (a, b) = Self.newton(standard, targets, weights, start: log((right + 1) / (wrong + 1)))
        slope = a / scale
        intercept = b - a * mean / scale
    }

    package func callAsFunction(_ score: Double) -> Double { 1 / (1 + exp(-(slope * score + intercept))) }

    private static func newton(
        _ x: [Double], _ targets: [Double], _ weights: [Double], start: Double
    ) -> (Double, Double) {
        var (a, b) = (0.0, start)
        var loss = loss(x, targets, weights, a, b)
        for _ in 0..<100 {
            var (gradientA, gradientB, aa, ab, bb) = (0.0, 0.0, 1e-12, 0.0, 1e-12)
            for index in x.indices {
                let p = 1 / (1 + exp(-(a * x[index] + b)))
                let error = weights[index] * (p - targets[index])
                let curvature = weights[index] * p * (1 - p)
                gradientA += error * x[index]
                gradientB += error
                aa += curvature * x[index] * x[index]
                ab += curvature * x[index]
                bb += curvature
            }
            let determinant = aa * bb - ab * ab
            let stepA = -(bb * gradientA - ab * gradientB) / determinant
            let stepB = -(aa * gradientB - ab * gradientA) / determinant
            let descent = gradientA * stepA + gradientB * stepB
            var size = 1.0
            var next = Self.loss(x, targets, weights, a + stepA, b + stepB)
            // Near the end the loss cannot tell any more, while the step still can.
            while next > loss + 1e-4 * size * descent + 1e-13 * abs(loss), size > 1e-10 {
                size /= 2
                next = Self.loss(x, targets, weights, a + size * stepA, b + size * stepB)
            }
            a += size * stepA
            b += size * stepB
            loss = next
            if max(abs(stepA), abs(stepB)) <= 1e-13 * max(1, abs(a), abs(b)) { break }
        }
        return (a, b)
    }

    private static func loss(
        _ x: [Double], _ targets: [Double], _ weights: [Double], _ a: Double, _ b: Double
    ) -> Double {
        var sum = 0.0
        for index in x.indices {
            let score = a * x[index] + b
            // log(1 + exp(score)) - target · score, without overflow.
            sum += weights[index] * (max(score, 0) + log1p(exp(-abs(score))) - targets[index] * score)
        }
        return sum
    }
}
